/// The model behind LHD: hits and evictions by age in 16 classes, and the hit densities that follow from them.
///
/// Density of an age = hits that still come / lifetime that still comes, both summed over all later ages
/// (Beckmann, Chen, Cidon, NSDI 2018, section 4). Ages are counted in uses, coarsened by a power of two that is set
/// from the number of residents shortly after the start and once more later.
struct HitDensityModel: Sendable {
  static let ages = 20_000
  static let classes = 16
  static let decay: Float = 0.9
  private static let coarseningTolerance: Float = 0.01
  private static let coarseningUpdates = [5, 25]

  private var hits = [Float](repeating: 0, count: classes * ages)
  private var evictions = [Float](repeating: 0, count: classes * ages)
  private var densities: [Float]
  private var ageShift = 10
  private var residentsSum: Float = 0
  private var residentsWeight: Float = 0
  /// Number of times the densities were computed.
  private(set) var updates = 0

  /// Starts near GDSF: density falls with age and rises a little with the class.
  init() {
    densities = (0..<(HitDensityModel.classes * HitDensityModel.ages)).map { index in
      let ageClass = index / HitDensityModel.ages
      let age = index % HitDensityModel.ages
      return Float(HitDensityModel.classes + ageClass + 1) / Float(age + 1)
    }
  }

  /// The class of a reuse age: about log2 of how far it lies below the largest age.
  static func ageClass(_ age: Int) -> UInt8 {
    if age == 0 { return UInt8(classes - 1) }
    var scaled = age
    var ageClass: UInt8 = 0
    while scaled < ages && ageClass < classes - 1 {
      scaled <<= 1
      ageClass += 1
    }
    return ageClass
  }

  /// The coarse age after a number of uses.
  @inline(__always)
  func age(_ uses: Int64) -> Int { min(Int(uses) >> ageShift, HitDensityModel.ages - 1) }

  @inline(__always)
  func density(ageClass: Int, age: Int) -> Float { densities[ageClass * HitDensityModel.ages + age] }

  mutating func noteHit(ageClass: Int, age: Int) { hits[ageClass * HitDensityModel.ages + age] += 1 }

  mutating func noteEviction(ageClass: Int, age: Int) { evictions[ageClass * HitDensityModel.ages + age] += 1 }

  /// Lets old counts fade and computes the densities anew.
  mutating func update(residents: Int) {
    for index in hits.indices {
      hits[index] *= HitDensityModel.decay
      evictions[index] *= HitDensityModel.decay
    }
    coarsen(residents: residents)
    for ageClass in 0..<HitDensityModel.classes { computeDensities(ageClass) }
    updates += 1
  }

  private mutating func computeDensities(_ ageClass: Int) {
    let base = ageClass * HitDensityModel.ages
    let last = base + HitDensityModel.ages - 1
    var laterHits = hits[last]
    var laterEvents = hits[last] + evictions[last]
    var laterLifetime = laterEvents
    for index in stride(from: last - 1, through: base, by: -1) {
      laterHits += hits[index]
      laterEvents += hits[index] + evictions[index]
      laterLifetime += laterEvents
      densities[index] = laterEvents > 1e-5 ? laterHits / laterLifetime : 0
    }
  }

  /// Chooses the unit of age so that the residents' lifetimes use about a hundredth of the scale's error budget.
  private mutating func coarsen(residents: Int) {
    residentsSum = residentsSum * HitDensityModel.decay + Float(residents)
    residentsWeight = residentsWeight * HitDensityModel.decay + 1
    if !HitDensityModel.coarseningUpdates.contains(updates) { return }
    let optimum = residentsSum / residentsWeight / (HitDensityModel.coarseningTolerance * Float(HitDensityModel.ages))
    var shift = 1
    while Float(1 << shift) < optimum { shift += 1 }
    let change = shift - ageShift
    ageShift = shift
    residentsSum *= 8
    residentsWeight *= 8
    for ageClass in 0..<HitDensityModel.classes {
      HitDensityModel.rescale(&hits, ageClass, change)
      HitDensityModel.rescale(&evictions, ageClass, change)
    }
  }

  /// Merges (`change` > 0) or spreads (`change` < 0) the counts of a class over a new unit of age.
  private static func rescale(_ counts: inout [Float], _ ageClass: Int, _ change: Int) {
    let base = ageClass * ages
    var rescaled = [Float](repeating: 0, count: ages)
    let overflow = ages - 1
    rescaled[overflow] = counts[base + overflow]
    for age in 0..<overflow {
      let count = counts[base + age]
      if change >= 0 {
        rescaled[age >> change] += count
      } else {
        let width = 1 << -change
        for part in 0..<width { rescaled[min(age * width + part, overflow)] += count / Float(width) }
      }
    }
    for age in 0..<ages { counts[base + age] = rescaled[age] }
  }
}
