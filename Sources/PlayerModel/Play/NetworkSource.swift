// The one face of a network that a single player sees, whether a Sabre trace, a Pensieve trace, or something else.

/// A network with one client: time passes only through its methods.
///
/// Times in milliseconds, sizes in bits.
public protocol NetworkSource {
  /// Time since the start.
  var clockMs: Double { get }
  /// Sends a request and waits for its first byte. Answers how long that took.
  mutating func firstByte() -> Double
  /// Receives up to `bits`, stopping early once both `leastBits` have arrived and `leastMs` have passed. Answers what
  /// arrived and how long it took.
  mutating func receive(bits: Double, leastBits: Double, leastMs: Double) -> (bits: Double, ms: Double)
  /// Receives all of `bits`. Answers how long it took.
  mutating func transfer(bits: Double) -> Double
  /// Lets time pass without a request.
  mutating func wait(ms: Double)
}
