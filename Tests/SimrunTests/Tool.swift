import Foundation
import Testing

/// The built `simrun`, as a user would call it.
enum Tool {
  /// What a call left behind.
  struct Result {
    var status: Int32
    var output: String
    var errors: String
  }

  /// The repository's root.
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// The executable beside the test bundle.
  static let executable: URL = {
    let bundle = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    return bundle.deletingLastPathComponent().appendingPathComponent("simrun")
  }()

  /// A path inside the repository.
  static func path(_ name: String) -> String { root.appendingPathComponent(name).path }

  /// Calls `simrun` and waits for it.
  static func call(_ arguments: String..., in folder: String? = nil) throws -> Result {
    try call(arguments, in: folder)
  }

  /// Calls `simrun` and waits for it; `meanwhile` is done after it was started.
  static func call(
    _ arguments: [String], in folder: String? = nil, meanwhile: (Process) throws -> Void = { _ in }
  ) throws -> Result {
    try start(executable, arguments, in: folder, meanwhile: meanwhile)
  }

  /// Runs a script of the POSIX shell.
  static func shell(_ script: String, in folder: String) throws -> Result {
    try start(URL(fileURLWithPath: "/bin/sh"), ["-c", script], in: folder) { _ in }
  }

  private static func start(
    _ program: URL, _ arguments: [String], in folder: String?, meanwhile: (Process) throws -> Void
  ) throws -> Result {
    let scratch = try Scratch()
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder ?? scratch.path)
    let output = scratch.path + "/stdout"
    let errors = scratch.path + "/stderr"
    for file in [output, errors] { try Data().write(to: URL(fileURLWithPath: file)) }
    let outputHandle = try #require(FileHandle(forWritingAtPath: output))
    let errorHandle = try #require(FileHandle(forWritingAtPath: errors))
    process.standardOutput = outputHandle
    process.standardError = errorHandle
    try process.run()
    try meanwhile(process)
    process.waitUntilExit()
    return Result(
      status: process.terminationStatus, output: try String(contentsOfFile: output, encoding: .utf8),
      errors: try String(contentsOfFile: errors, encoding: .utf8))
  }
}

/// A folder that goes away with its last user.
final class Scratch {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("simrun-test-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The bytes of every file in a folder below, by name; run.json without its machine part.
  func files(_ folder: String) throws -> [String: String] {
    var files: [String: String] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(folder)")
    where !["charts", "results.sqlite"].contains(name) {
      var text = try String(contentsOfFile: "\(path)/\(folder)/\(name)", encoding: .utf8)
      if name == "run.json", let machine = text.range(of: "\"machine\"") { text = String(text[..<machine.lowerBound]) }
      files[name] = text
    }
    return files
  }

  /// The bytes of every table in a folder below, by name.
  func tables(_ folder: String) throws -> [String: String] { try files(folder).filter { $0.key.hasSuffix(".csv") } }

  /// Writes a file.
  func write(_ text: String, to name: String) throws -> String {
    try text.write(toFile: "\(path)/\(name)", atomically: true, encoding: .utf8)
    return "\(path)/\(name)"
  }
}
