try runMediaBenchmarks(arguments: Array(CommandLine.arguments.dropFirst(2)))
