import CDNModel
import SimEngine

/// What a viewer will want, drawn once on arrival from streams that belong to this session alone.
///
/// The streams are named by site, arrival process and arrival number, so a session has the same wishes under every
/// policy, bit-rate rule and link capacity: paired comparisons compare the same viewers.
struct SessionPlan {
  /// Title to watch.
  var title: Int
  /// Index of the access class.
  var accessClass: Int
  /// Index of the device class.
  var device: Int
  /// Round-trip time between viewer and edge site.
  var roundTrip: SimDuration
  /// Segment at which the stream starts: 0, or where the viewer left off.
  var firstSegment: Int
  /// Media time that the viewer wants to watch.
  var watch: SimDuration
  /// Start-up delay at which the viewer gives up.
  var startupPatience: SimDuration
  /// Length of one stall at which the viewer gives up.
  var stallPatience: SimDuration
  /// Draws that the plan took, for the run digest.
  var draws: UInt64
  /// Whether sessions.csv lists the session.
  var isSampled: Bool
  /// Whether the session is played again frame by frame.
  var isReplayed: Bool
  /// Whether cmcd.csv lists the session's requests.
  var isTold: Bool
}

/// Draws the plans of one arrival process at one site.
struct SessionPlanner {
  let catalog: Catalog
  let viewers: ViewerSettings
  /// Fraction of the sessions that sessions.csv lists.
  let sessionSample: Double
  /// Fraction of the sessions that are played again frame by frame.
  let frameSample: Double
  /// Fraction of the sessions whose requests cmcd.csv lists.
  let cmcdSample: Double
  /// Title of every session of this process, or `nil` to draw titles by popularity.
  let fixedTitle: Int?
  /// Key of this process's sessions; a session's own stream is a child of it.
  let key: StreamKey
  /// Key of the draws about cmcd.csv, which are no part of the digest: who is listed changes nothing.
  let cmcdKey: StreamKey
  private let accessSampler: AliasTable
  /// Draws device classes, where there is a choice.
  private let deviceSampler: AliasTable?

  init(
    catalog: Catalog, viewers: ViewerSettings, sessionSample: Double, frameSample: Double, cmcdSample: Double,
    fixedTitle: Int?, key: StreamKey, cmcdKey: StreamKey
  ) {
    self.catalog = catalog
    self.viewers = viewers
    self.sessionSample = sessionSample
    self.frameSample = frameSample
    self.cmcdSample = cmcdSample
    self.fixedTitle = fixedTitle
    self.key = key
    self.cmcdKey = cmcdKey
    accessSampler = AliasTable(weights: viewers.access.map(\.share))
    deviceSampler = viewers.devices.isEmpty ? nil : AliasTable(weights: viewers.devices.map(\.share))
  }

  /// The plan of the session with the given arrival number.
  func plan(arrival: UInt64) -> SessionPlan {
    var stream = RandomStream(key.child(arrival))
    // Every session takes the same draws in the same order, whichever of them it ends up using.
    let drawnTitle = catalog.titleSampler.sample(&stream)
    let title = fixedTitle ?? drawnTitle
    let accessClass = accessSampler.sample(&stream)
    let roundTripNs = stream.lognormal(mean: Double(viewers.roundTrip.mean.nanoseconds), cv: viewers.roundTrip.cv)
    let resumes = stream.uniform() < viewers.resumeShare
    let resumePoint = stream.uniform()
    let completes = stream.uniform() < viewers.completeShare
    let startupDraw = stream.uniform()
    let stallPatienceS = stream.exponential(mean: viewers.patience.stallMean.seconds)
    let isSampled = stream.uniform() < sessionSample
    let partial = stream.beta(viewers.partial.alpha, viewers.partial.beta)
    // Last, so that a platform of one device has the same viewers.
    let device = deviceSampler?.sample(&stream) ?? 0
    let isReplayed = frameSample > 0 && stream.uniform() < frameSample

    let segments = Int(catalog.segmentCounts[title])
    let firstSegment = resumes && fixedTitle == nil ? min(segments - 1, Int(resumePoint * Double(segments))) : 0
    let remainingNs = Double(catalog.segmentDuration.nanoseconds * Int64(segments - firstSegment))
    let watchNs = completes ? remainingNs : max(1e9, remainingNs * partial)
    return SessionPlan(
      title: title, accessClass: accessClass, device: device,
      roundTrip: SimDuration(nanoseconds: Int64(min(5e9, max(1e5, roundTripNs)).rounded())),
      firstSegment: firstSegment,
      watch: SimDuration(nanoseconds: Int64(min(remainingNs, watchNs).rounded())),
      startupPatience: startupPatience(startupDraw),
      stallPatience: .seconds(max(0.1, stallPatienceS)),
      draws: stream.draws, isSampled: isSampled, isReplayed: isReplayed, isTold: isTold(arrival: arrival))
  }

  private func isTold(arrival: UInt64) -> Bool {
    guard cmcdSample > 0 else { return false }
    var stream = RandomStream(cmcdKey.child(arrival))
    return stream.uniform() < cmcdSample
  }

  /// Nobody leaves during the grace period; after it each second loses the same share of all viewers.
  private func startupPatience(_ draw: Double) -> SimDuration {
    let lost = viewers.patience.lostPerSecond
    guard lost > 0 else { return .seconds(3_600) }
    return viewers.patience.startupGrace + .seconds(min(3_600, draw / lost))
  }
}
