// simbench: what the simulator costs, beside its peers. One suite a file; run with
// `swift run -c release simbench SUITE`.
import Glibc

let arguments = CommandLine.arguments.dropFirst()
guard let name = arguments.first, let suite = Suite.all.first(where: { $0.name == name }) else {
  writeError(Suite.usage)
  exit(2)
}
do {
  try suite.run(Array(arguments.dropFirst()))
} catch {
  writeError("simbench \(name): \(error)\n")
  exit(1)
}
