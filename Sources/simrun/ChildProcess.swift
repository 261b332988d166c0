import Glibc
import Reporting
import Studies
import TextFormats

/// This executable run again as a fresh process.
enum ChildProcess {
  /// A child that failed or said something unexpected.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Runs `simrun fingerprint ...` and reads what it prints.
  static func fingerprint(arguments: [String], environment: [String]) throws -> Fingerprint {
    let (output, status) = try run(arguments: arguments, environment: environment)
    guard status == 0, let fingerprint = Fingerprint(json: output) else {
      try Interruption.check()
      throw Failure(description: "'simrun \(arguments.joined(separator: " "))' ended with status \(status)")
    }
    return fingerprint
  }

  /// Runs this executable with further environment variables; its standard error goes to ours.
  ///
  /// The status is that of the exit, or 128 and the number of the signal that ended it.
  static func run(arguments: [String], environment: [String]) throws -> (output: String, status: Int32) {
    var pipeEnds: [Int32] = [0, 0]
    guard pipe(&pipeEnds) == 0 else { throw Failure(description: "no pipe: \(String(cString: strerror(errno)))") }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, pipeEnds[1], STDOUT_FILENO)
    posix_spawn_file_actions_addclose(&actions, pipeEnds[0])
    posix_spawn_file_actions_addclose(&actions, pipeEnds[1])

    let names = environment.compactMap { $0.split(separator: "=").first.map { $0 + "=" } }
    var variables = environment
    var entry = environ
    while let variable = entry.pointee {
      let text = String(cString: variable)
      if !names.contains(where: { text.hasPrefix($0) }) { variables.append(text) }
      entry += 1
    }
    var child = pid_t()
    let status = withCStrings(["simrun"] + arguments) { argv in
      withCStrings(variables) { envp in posix_spawn(&child, "/proc/self/exe", &actions, nil, argv, envp) }
    }
    close(pipeEnds[1])
    defer { close(pipeEnds[0]) }
    guard status == 0 else { throw Failure(description: "no process: \(String(cString: strerror(status)))") }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(pipeEnds[0], &buffer, buffer.count)
      if count > 0 {
        output += buffer[..<count]
      } else if count == 0 || errno != EINTR {
        break
      }
    }
    var wait: Int32 = 0
    while waitpid(child, &wait, 0) < 0 && errno == EINTR {}
    // The exit status lies in the second byte; a signal's number in the low seven bits.
    let exitStatus = wait & 0x7f == 0 ? (wait >> 8) & 0xff : 128 + (wait & 0x7f)
    return (String(decoding: output, as: UTF8.self), exitStatus)
  }

  private static func withCStrings<Result>(
    _ texts: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
  ) -> Result {
    let pointers = texts.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return body(pointers)
  }
}

/// A folder under the system's temporary one that is removed with everything in it.
struct TemporaryFolder {
  let path: String

  init() throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/simrun-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw FileError(.write, path: base, reason: String(cString: strerror(errno)))
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func remove() {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != "." && name != ".." { unlink("\(path)/\(name)") }
    }
    closedir(folder)
    rmdir(path)
  }
}
