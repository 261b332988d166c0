// Failure and degradation of a link: what they leave of the capacity that it would have.

/// A link between its nominal capacity and what faults leave of it.
///
/// Faults may overlap: each has a factor, 0 for a failure, and the factors multiply until their faults are repaired.
///
///     condition.begin(fault: 1, factor: 0)                      // cut
///     link.setCapacity(condition.capacity, at: now)
///     condition.end(fault: 1)                                   // repaired
public struct LinkCondition: Hashable, Sendable {
  /// Capacity without faults; changes with a trace.
  public var nominal: BitRate
  private var faults: [Fault] = []

  private struct Fault: Hashable, Sendable {
    var id: Int
    var factor: Double
  }

  /// A sound link.
  public init(nominal: BitRate) { self.nominal = nominal }

  /// Begins a fault that leaves `factor` (0...1) of the capacity; a fault of the same id is replaced.
  public mutating func begin(fault id: Int, factor: Double) {
    precondition(factor >= 0 && factor <= 1, "a fault leaves 0...1 of the capacity")
    end(fault: id)
    faults.append(Fault(id: id, factor: factor))
  }

  /// Repairs a fault.
  public mutating func end(fault id: Int) { faults.removeAll { $0.id == id } }

  /// Whether some fault leaves nothing.
  public var isDown: Bool { faults.contains { $0.factor == 0 } }

  /// The capacity at present.
  public var capacity: BitRate {
    BitRate(bitsPerSecond: faults.reduce(nominal.bitsPerSecond) { $0 * $1.factor })
  }
}
