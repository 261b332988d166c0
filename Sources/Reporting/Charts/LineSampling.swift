// Long series drawn with few points: what falls on one pixel column is drawn as its extremes, so no peak is lost.

/// A point of a series.
public struct ChartPoint: Sendable, Equatable {
  /// Value on the horizontal axis.
  public var x: Double
  /// Value on the vertical axis; not finite where the series has a gap.
  public var y: Double

  /// A point.
  public init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }
}

/// Thinning of series.
enum LineSampling {
  /// At most four points a column: the first, the lowest, the highest and the last, in their order (the M4 aggregation
  /// of Jugel et al., VLDB 2014, which leaves a line drawn at this resolution as it was).
  /// - Parameters:
  ///   - points: Points in rising order of `x`; gaps have a `y` that is not finite.
  ///   - column: The pixel column of an `x`.
  /// - Complexity: O(points).
  static func thinned(_ points: [ChartPoint], column: (Double) -> Int) -> [ChartPoint] {
    var thinned: [ChartPoint] = []
    var start = 0
    while start < points.count {
      guard points[start].y.isFinite else {
        thinned.append(points[start])
        start += 1
        continue
      }
      let here = column(points[start].x)
      var end = start
      var lowest = start
      var highest = start
      while end < points.count, points[end].y.isFinite, column(points[end].x) == here {
        if points[end].y < points[lowest].y { lowest = end }
        if points[end].y > points[highest].y { highest = end }
        end += 1
      }
      var last = -1
      for index in [start, min(lowest, highest), max(lowest, highest), end - 1] where index > last {
        thinned.append(points[index])
        last = index
      }
      start = end
    }
    return thinned
  }
}
