import BackendModel
import SimEngine

/// The parts of a start-up delay, in the order in which they pass.
enum StartupPart: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  /// The way to the services and back, the gateway, and attempts that failed there.
  case gateway
  /// The account, and a payment where there is one.
  case account
  /// The search for the title.
  case search
  /// The position at which to resume.
  case resume
  /// Connection, TLS and manifest; waiting for a title that is not there yet counts here.
  case manifest
  /// The segments that must be there before the first frame.
  case firstSegments

  /// The name in results: `first_segments`.
  var name: String { self == .firstSegments ? "first_segments" : "\(self)" }
}

/// How long a start request has been with each of the parts behind the gateway.
struct ServiceTimes: BitwiseCopyable {
  var account = SimDuration.zero
  var search = SimDuration.zero
  var resume = SimDuration.zero

  /// All of it.
  var total: SimDuration { account + search + resume }

  /// Adds a wait for a part; what is none of the three is the gateway's, which gets the remainder anyway.
  mutating func add(_ wait: SimDuration, in part: StartupPart) {
    switch part {
    case .account: account += wait
    case .search: search += wait
    case .resume: resume += wait
    case .gateway, .manifest, .firstSegments: break
    }
  }

  mutating func add(_ other: ServiceTimes) {
    account += other.account
    search += other.search
    resume += other.resume
  }
}

/// What a viewer asks of the services before watching: account, search and position in one go.
struct StartRequest: BitwiseCopyable {
  var session: SessionRef
  /// Member number within the simulated part of the platform.
  var member: UInt32
  /// Number of the attempt, from 1.
  var attempt: UInt8
  /// When the player or the viewer gives this attempt up.
  var deadline: SimTime
  var searches: Bool
  var pays: Bool
  var resumes: Bool
}

/// What the services answer.
struct StartReply: BitwiseCopyable {
  var session: SessionRef
  var attempt: UInt8
  var outcome: CallOutcome
  /// Where an attempt failed, or stands when it can no longer be answered in time.
  var failedAt: StartupPart
  /// Whether the position is known; otherwise the viewer starts at the beginning.
  var foundPosition: Bool
  var times: ServiceTimes
}
