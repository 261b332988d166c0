import BackendModel
import SimEngine

/// The parts of a start-up delay, in the order in which they pass.
enum StartupPart: UInt8, BitwiseCopyable, CaseIterable, Sendable {
  /// The way to the services and back, the gateway, and attempts that failed.
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

/// What a viewer asks of the services before watching: account, search and position in one go.
struct StartRequest: BitwiseCopyable {
  var session: SessionRef
  /// Member number within the simulated part of the platform.
  var member: UInt32
  /// Number of the attempt, from 1.
  var attempt: UInt8
  var searches: Bool
  var pays: Bool
  var resumes: Bool
}

/// What the services answer.
struct StartReply: BitwiseCopyable {
  var session: SessionRef
  var attempt: UInt8
  var outcome: CallOutcome
  /// Where an attempt failed.
  var failedAt: StartupPart
  /// Whether the position is known; otherwise the viewer starts at the beginning.
  var foundPosition: Bool
  var account: SimDuration
  var search: SimDuration
  var resume: SimDuration
}
