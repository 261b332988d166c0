// A sweep as a text file: one complete argument list a line, which any job array can run in any order, on any machine,
// as often as it likes.

import Reporting
import TextFormats

/// The runs of a sweep.
///
/// Lines go through the configurations in order and, within each, through the replications, which is the order of the
/// tables of `simrun compare`: collected tables are the same bytes.
public struct SweepDesign: Sendable {
  /// Name of the design in a sweep's folder.
  public static let fileName = "design.txt"

  /// The folder of the sweep.
  public let folder: String
  /// One line a run, each the arguments after `simrun run`.
  public let lines: [[String]]

  /// Plans a sweep.
  ///
  /// - Parameters:
  ///   - scenario: arguments that lead to the scenario: its path, `--set`, `--seed`, `--until`.
  ///   - variations: for each key its values.
  ///   - replications: replications of each configuration.
  ///   - jobs: threads of each run; never changes a result.
  public init(
    folder: String, scenario: [String], varying variations: [(path: String, values: [String])], replications: Int,
    jobs: Int
  ) {
    var combinations: [[(path: String, value: String)]] = [[]]
    for variation in variations {
      combinations = combinations.flatMap { combination in
        variation.values.map { combination + [(variation.path, $0)] }
      }
    }
    let total = combinations.count * replications
    let width = "\(total)".count
    var trimmed = folder[...]
    while trimmed.count > 1, trimmed.last == "/" { trimmed = trimmed.dropLast() }
    self.folder = String(trimmed)
    var lines: [[String]] = []
    for combination in combinations {
      let name = combination.map { "\($0.path)=\($0.value)" }.joined(separator: " ")
      for replication in 0..<replications {
        let digits = "\(lines.count + 1)"
        let number = String(repeating: "0", count: width - digits.count) + digits
        lines.append(
          scenario + combination.flatMap { ["--set", "\($0.path)=\($0.value)"] } + [
            "--replication", "\(replication)", "--configuration", name.isEmpty ? ResultFiles.baseName : name, "--out",
            "\(self.folder)/runs/\(number)", "--jobs", "\(jobs)", "--no-html", "--quiet",
          ])
      }
    }
    self.lines = lines
  }

  /// Reads a design.
  ///
  /// - Throws: `FileError` when it is missing, `InputError` for a line that is no argument list.
  public init(readingFile path: String) throws {
    let text = String(decoding: try InputFile.bytes(path), as: UTF8.self)
    folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    lines = try text.split(separator: "\n").enumerated().map { index, line in
      guard let arguments = ArgumentLine.arguments(line), !arguments.isEmpty else {
        throw InputError(InputPlace(source: path, line: index + 1), "this is no argument list: a quote is not closed")
      }
      return arguments
    }
    guard !lines.isEmpty else { throw InputError(InputPlace(source: path, line: 1), "the design has no lines") }
  }

  /// The design as text.
  public var text: String { lines.map { ArgumentLine.text($0) + "\n" }.joined() }

  /// Writes the design into its folder.
  public func write() throws {
    let directory = try OutputDirectory(folder)
    try directory.write(text, to: Self.fileName)
  }

  /// The value of an option in a line.
  static func value(of option: String, in line: [String]) -> String? {
    guard let place = line.lastIndex(of: "--\(option)"), place + 1 < line.count else { return nil }
    return line[place + 1]
  }

  /// Whether the whole result of a line stands in its folder, made by this very build.
  ///
  /// - Parameter line: the arguments of the line, as run.json has them after `run`.
  public static func stands(_ line: [String]) -> Bool {
    guard let folder = value(of: "out", in: line), let manifest = manifest(folder) else { return false }
    return isResult(manifest, of: line) && manifest["machine"]?["program"]?.plainText == ProcessMeasure.program()
  }

  /// run.json of a folder; `nil` if there is none that can be read.
  static func manifest(_ folder: String) -> JSONValue? {
    try? JSONText(readingFile: "\(folder)/\(ResultFiles.manifestName)").root.value
  }

  /// Whether run.json tells of a complete run of a line.
  static func isResult(_ manifest: JSONValue, of line: [String]) -> Bool {
    manifest["status"]?.plainText == RunManifest.Status.complete.rawValue
      && manifest["argv"] == .array((["run"] + line).map { .text($0) })
  }
}
