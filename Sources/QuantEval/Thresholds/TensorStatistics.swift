/// What one pass over the values of a tensor tells, batch by batch.
public struct TensorStatistics: Sendable {
  /// Number of values seen.
  public private(set) var count = 0
  /// Smallest value.
  public private(set) var minimum: Float = .infinity
  /// Largest value.
  public private(set) var maximum: Float = -.infinity
  /// Smallest magnitude.
  public private(set) var leastMagnitude: Float = .infinity
  /// Number of values that are exactly zero.
  public private(set) var zeroCount = 0
  /// Distinct values met, up to ``distinctLimit`` + 1.
  public private(set) var distinct: Set<Float> = []
  /// The range that follows the batches slowly.
  public private(set) var moving: MovingRange
  /// The range that follows the rows slowly, each row a batch of its own.
  public private(set) var movingRows: MovingRange
  private var rowSums = (minimum: 0.0, maximum: 0.0)
  private var rowCount = 0
  private var sum = 0.0
  private var sumOfSquares = 0.0

  /// A tensor with no more distinct values than this is called few-valued; rules that look for the shape of a
  /// distribution have nothing to look at in it.
  public static let distinctLimit = 255

  /// No values yet.
  public init(averagingConstant: Double = 0.01) {
    moving = MovingRange(constant: averagingConstant)
    movingRows = moving
  }

  /// Takes in a batch.
  public mutating func add(_ batch: Tensor) {
    guard batch.count > 0 else { return }
    let extremes = addRows(batch)
    minimum = min(minimum, extremes.minimum)
    maximum = max(maximum, extremes.maximum)
    moving.update(minimum: Double(extremes.minimum), maximum: Double(extremes.maximum))
    count += batch.count
    for value in batch.values {
      let real = Double(value)
      sum += real
      sumOfSquares += real * real
      if value == 0 { zeroCount += 1 }
      leastMagnitude = min(leastMagnitude, value.magnitude)
    }
    var index = 0
    while distinct.count <= Self.distinctLimit, index < batch.count {
      distinct.insert(batch.values[index])
      index += 1
    }
  }

  /// Takes in the range of each row, and tells that of all.
  private mutating func addRows(_ batch: Tensor) -> (minimum: Float, maximum: Float) {
    guard let rows = batch.shape.first, rows > 0 else { return batch.extremes }
    let width = batch.count / rows
    var all: (minimum: Float, maximum: Float) = (.infinity, -.infinity)
    for row in 0..<rows {
      let own = Tensor.extremes(batch.values, row * width..<(row + 1) * width)
      all = (min(all.minimum, own.minimum), max(all.maximum, own.maximum))
      let (low, high) = (Double(own.minimum), Double(own.maximum))
      movingRows.update(minimum: low, maximum: high)
      rowSums = (rowSums.minimum + low, rowSums.maximum + high)
    }
    rowCount += rows
    return all
  }

  /// The means of the rows' smallest and largest values.
  public var meanRowRange: (minimum: Double, maximum: Double) {
    let count = Double(max(1, rowCount))
    return (rowSums.minimum / count, rowSums.maximum / count)
  }

  /// Whether every value seen is a number, and none is so large that arithmetic with ranges would overflow.
  public var isQuantizable: Bool { count == 0 || sum.isFinite && absoluteMaximum <= 0x1p100 }
  /// The largest magnitude; 0 before the first batch.
  public var absoluteMaximum: Float { count == 0 ? 0 : max(minimum.magnitude, maximum.magnitude) }
  /// The mean.
  public var mean: Double { count == 0 ? 0 : sum / Double(count) }
  /// The standard deviation of the population.
  public var standardDeviation: Double {
    count == 0 ? 0 : max(0, sumOfSquares / Double(count) - mean * mean).squareRoot()
  }
  /// Whether so few distinct values occur that the histogram has no shape.
  public var isFewValued: Bool { distinct.count <= Self.distinctLimit }
}

/// A range as an exponential moving average over batches: the first batch sets it, then v = v + c (batch - v).
///
/// The form of Krishnamoorthi, "Quantizing deep convolutional networks for efficient inference", 2018, section 3.1.2, with
/// c = 1 - beta.
public struct MovingRange: Sendable, Equatable {
  /// The weight of a new batch.
  public let constant: Double
  /// The lower end, if a batch was seen.
  public private(set) var minimum: Double?
  /// The upper end, if a batch was seen.
  public private(set) var maximum: Double?

  /// A range that has seen nothing.
  public init(constant: Double) { self.constant = constant }

  /// A range that starts somewhere.
  public init(constant: Double, minimum: Double, maximum: Double) {
    self.constant = constant
    self.minimum = minimum
    self.maximum = maximum
  }

  /// Takes in the range of a batch.
  public mutating func update(minimum low: Double, maximum high: Double) {
    minimum = minimum.map { $0 + constant * (low - $0) } ?? low
    maximum = maximum.map { $0 + constant * (high - $0) } ?? high
  }
}
