public import SimEngine

/// What happens in ingest: timers that the pipeline asks its owner for.
///
/// Timers are never cancelled. Each names the visit or the attempt that it belongs to, and does nothing once that is
/// over.
public enum IngestEvent: BitwiseCopyable, Hashable, Sendable {
  /// The next title that nobody planned begins to be uploaded.
  case uploadArrives
  /// A planned title begins to be uploaded.
  case plannedUploadArrives(planned: UInt32)
  /// A refused uploader comes back.
  case uploaderReturns(title: UInt32, visit: UInt32)
  /// An uploader has waited long enough for a connection.
  case patienceEnds(title: UInt32, visit: UInt32)
  /// The last part arrives, or the upload is given up.
  case transferEnds(title: UInt32, visit: UInt32)
  /// A synchronous uploader has waited long enough for the answer.
  case answerIsLate(title: UInt32, visit: UInt32)
  /// A title has been looked at.
  case inspectionEnds(title: UInt32, visit: UInt32)
  /// A title has been cut into chunks.
  case cutEnds(title: UInt32, visit: UInt32)
  /// A title enters the catalog.
  case publicationEnds(title: UInt32, visit: UInt32)
  /// A worker ends its attempt.
  case attemptEnds(worker: UInt32, generation: UInt32)
  /// An attempt takes longer than it should.
  case attemptIsLate(worker: UInt32, generation: UInt32)
  /// The scheduler notices that the worker of a task is silent.
  case lossIsNoticed(loss: UInt32)
  /// A preemptible worker is taken away.
  case workerIsPreempted(worker: UInt32)
  /// A preempted worker is there again.
  case preemptionEnds(worker: UInt32)
  /// A worker fails.
  case workerFails(worker: UInt32)
  /// A failed worker is there again.
  case repairEnds(worker: UInt32)
  /// An outage begins.
  case outageBegins(outage: UInt32)
  /// An outage takes a worker.
  case outageTakes(worker: UInt32)
  /// A worker is there again after an outage.
  case outageReturns(worker: UInt32)

  /// Number of the kind, for digests and profiles, from 1.
  public var kind: UInt8 {
    switch self {
    case .uploadArrives, .plannedUploadArrives: 1
    case .uploaderReturns: 2
    case .patienceEnds: 3
    case .transferEnds: 4
    case .answerIsLate: 5
    case .inspectionEnds, .cutEnds: 6
    case .publicationEnds: 7
    case .attemptEnds: 8
    case .attemptIsLate: 9
    case .lossIsNoticed: 10
    case .workerIsPreempted, .preemptionEnds: 11
    case .workerFails, .repairEnds: 12
    case .outageBegins, .outageTakes, .outageReturns: 13
    }
  }

  /// Names of the kinds, in order.
  public static let kindNames = [
    "uploadArrives", "uploaderReturns", "patienceEnds", "transferEnds", "answerIsLate", "inspection",
    "publicationEnds", "attemptEnds", "attemptIsLate", "lossIsNoticed", "preemption", "workerFailure", "outage",
  ]

  /// The title or worker that it is about.
  public var target: UInt32 {
    switch self {
    case .uploadArrives: 0
    case .plannedUploadArrives(let planned): planned
    case .uploaderReturns(let title, _), .patienceEnds(let title, _), .transferEnds(let title, _),
      .answerIsLate(let title, _), .inspectionEnds(let title, _), .cutEnds(let title, _),
      .publicationEnds(let title, _):
      title
    case .attemptEnds(let worker, _), .attemptIsLate(let worker, _): worker
    case .lossIsNoticed(let loss): loss
    case .workerIsPreempted(let worker), .preemptionEnds(let worker), .workerFails(let worker),
      .repairEnds(let worker), .outageTakes(let worker), .outageReturns(let worker):
      worker
    case .outageBegins(let outage): outage
    }
  }
}

/// A share of the workers that is lost for a while.
public struct WorkerOutage: Sendable, Equatable {
  /// When the first one goes.
  public var at: SimTime
  /// Share of the workers.
  public var share: Double
  /// How long each of them is away.
  public var duration: SimDuration
  /// Time from the first one that goes to the last.
  public var ramp: SimDuration

  /// An outage.
  public init(at: SimTime, share: Double, duration: SimDuration, ramp: SimDuration = .zero) {
    self.at = at
    self.share = share
    self.duration = duration
    self.ramp = ramp
  }
}

/// A title that viewers can watch from now on.
public struct Publication: Sendable, Equatable {
  /// Number of the title.
  public var title: Int
  /// Position in `ingest.planned`, or `nil`.
  public var planned: Int?
  /// Since when.
  public var at: SimTime
}
