// A peer: a small C++ program in Benchmarks/peers, compiled when it is first needed.
import Glibc

struct Peer {
  private let program: String

  /// Compiles `Benchmarks/peers/<name>.cpp` with `g++ -O3` into a temporary folder.
  init(_ name: String) throws {
    let source = Self.folder + name + ".cpp"
    program = Self.temporaryFolder + "/simbench-\(getpid())-" + name
    guard system("g++ -O3 -std=c++17 -o '\(program)' '\(source)'") == 0 else {
      throw BenchmarkFailure("cannot compile \(source) with g++")
    }
  }

  /// Runs the program and returns the words of its output.
  func run(_ arguments: [String]) throws -> [String] {
    let command = ([program] + arguments).map { "'\($0)'" }.joined(separator: " ")
    guard let pipe = popen(command, "r") else { throw BenchmarkFailure("cannot run \(command)") }
    var output = ""
    var buffer = [CChar](repeating: 0, count: 4096)
    while fgets(&buffer, Int32(buffer.count), pipe) != nil {
      output += String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    guard pclose(pipe) == 0 else { throw BenchmarkFailure("\(command) failed") }
    return output.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  /// Deletes the compiled program.
  func remove() { unlink(program) }

  private static var temporaryFolder: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

  /// `Benchmarks/peers/` of this source tree.
  private static var folder: String {
    var components = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    components.removeLast(2)
    return components.joined(separator: "/") + "/peers/"
  }
}
