public import TextFormats

/// A fault that makes media unreadable: what, at which byte, and inside which boxes.
public struct MediaError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The class of the fault.
  public enum Fault: String, Sendable {
    /// The input ends inside a structure.
    case truncated
    /// A box size that cannot be: below its header, or beyond its parent.
    case boxSize
    /// A count that the bytes around it cannot hold.
    case count
    /// A field value that the format forbids.
    case value
    /// A mandatory box or table is absent.
    case missing
    /// An offset or a reference that leads nowhere or in a circle.
    case reference
    /// An arithmetic result beyond 64 bits.
    case overflow
    /// The input is not ISO base media at all.
    case notMedia
  }
  /// The class of the fault.
  public var fault: Fault
  /// Offset from the start of the file, in bytes.
  public var offset: Int
  /// Types of the enclosing boxes, outermost first, joined by `/`.
  public var path: String
  /// What is wrong, as a phrase without a final full stop.
  public var message: String

  /// A fault; the path may be filled in by a caller that knows it.
  public init(_ fault: Fault, at offset: Int, path: String = "", _ message: String) {
    self.fault = fault
    self.offset = offset
    self.path = path
    self.message = message
  }

  /// `byte 652 (moov/trak/mdia): mdhd is larger than its parent`.
  public var description: String { "byte \(offset)\(path.isEmpty ? "" : " (\(path))"): \(message)" }

  /// The same fault as an error of the named input.
  public func inputError(source: String) -> InputError {
    InputError(InputPlace(source: source, byteOffset: UInt64(max(0, offset)), path: path), message)
  }
}

/// A finding about media that could still be read.
public struct MediaDiagnostic: Hashable, Sendable {
  /// How much it matters.
  public enum Severity: String, Sendable {
    /// The format is broken; strict reading refuses the input.
    case violation
    /// Legal or harmless, yet worth a look; never refused.
    case remark
  }
  /// How much it matters.
  public var severity: Severity
  /// Offset from the start of the file, in bytes.
  public var offset: Int
  /// Types of the enclosing boxes, outermost first, joined by `/`.
  public var path: String
  /// What was found, as a phrase without a final full stop.
  public var message: String
}

/// Collects findings while a file is read; a flood is cut so that hostile input costs bounded memory.
struct DiagnosticLog: Sendable {
  /// Findings kept; later ones are only counted.
  static let limit = 1000
  private(set) var entries: [MediaDiagnostic] = []
  private var suppressed = 0

  mutating func report(_ severity: MediaDiagnostic.Severity, at offset: Int, path: String, _ message: String) {
    guard entries.count < Self.limit else {
      suppressed += 1
      return
    }
    entries.append(MediaDiagnostic(severity: severity, offset: offset, path: path, message: message))
  }

  mutating func violation(at offset: Int, path: String, _ message: String) {
    report(.violation, at: offset, path: path, message)
  }

  /// All findings, with one more that counts what was cut.
  var all: [MediaDiagnostic] {
    guard suppressed > 0, let last = entries.last else { return entries }
    return entries + [
      MediaDiagnostic(severity: .violation, offset: last.offset, path: "", message: "\(suppressed) more findings")
    ]
  }
}
