// The error of work that was told to stop.

/// The work was interrupted by the user or the system.
///
/// Ends the tool with exit status 130; results that were written before are marked as incomplete.
public struct Interrupted: Error, Equatable, Sendable, CustomStringConvertible {
  /// An interruption.
  public init() {}

  /// `interrupted`.
  public var description: String { "interrupted" }
}
