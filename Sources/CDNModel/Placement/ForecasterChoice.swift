internal import Synchronization

/// A forecaster as scenarios name it: `last-window`, `average:weight=0.1`, `learned:model=FILE,precision=w8a8`.
public struct ForecasterChoice: Sendable {
  private enum Kind: Sendable {
    case lastWindow
    case average(weight: Double)
    case learned(LearnedForecasters.Factory)
  }

  private let kind: Kind

  /// Reads a choice; a learned forecaster's network is loaded.
  ///
  /// - Throws: `PolicyFailure` that names what is unknown, out of range or cannot be loaded.
  public init(_ text: String) throws(PolicyFailure) {
    let specification = try Specification(text)
    let pairs = specification.pairs
    func refuse(_ message: String) -> PolicyFailure { PolicyFailure("\(specification.name): \(message)") }
    func only(_ names: String...) throws(PolicyFailure) {
      if let stranger = pairs.first(where: { !names.contains($0.name) }) {
        throw refuse("there is no parameter '\(stranger.name)'")
      }
    }
    func value(_ name: String) -> String? { pairs.last { $0.name == name }?.value }
    switch specification.name {
    case "last-window":
      try only()
      kind = .lastWindow
    case "average":
      try only("weight")
      guard let weight = Double(value("weight") ?? "0.1"), weight > 0, weight <= 1 else {
        throw refuse("weight='\(value("weight") ?? "")' should be a number above 0, at most 1")
      }
      kind = .average(weight: weight)
    case "learned":
      try only("model", "precision")
      guard let path = value("model") else { throw refuse("wants its network: learned:model=FILE") }
      kind = .learned(try LearnedForecasters.factory(path: path, precision: value("precision") ?? "fp32"))
    default:
      throw PolicyFailure(
        "there is no forecaster '\(specification.name)': demand, last-window, average:weight=0.1, learned:model=FILE")
    }
  }

  /// A forecaster that knows nothing yet; `fileBytes` are the sizes of the files by title.
  public func make(fileBytes: [Int64]) -> any PopularityForecaster {
    switch kind {
    case .lastWindow: LastWindowForecaster()
    case .average(let weight): AverageForecaster(weight: weight)
    case .learned(let factory): factory(fileBytes)
    }
  }
}

/// Where learned forecasters get their networks.
///
/// Whoever can read and run networks installs a loader, once, before any choice is read. This module knows no file format
/// and no arithmetic of networks.
public enum LearnedForecasters {
  /// Makes forecasters for titles with files of these sizes.
  public typealias Factory = @Sendable (_ fileBytes: [Int64]) -> any PopularityForecaster
  /// Reads a network and prepares it for a precision such as `w8a8` or `fp32`.
  public typealias Loader = @Sendable (_ path: String, _ precision: String) throws -> Factory

  private struct State {
    var loader: Loader?
    var loaded: [String: Factory] = [:]
  }

  private static let state = Mutex(State())

  /// Installs the loader.
  public static func install(_ loader: @escaping Loader) { state.withLock { $0.loader = loader } }

  /// The forecasters of a file at a precision, read when they are first asked for.
  ///
  /// - Throws: `PolicyFailure` where no loader is installed, or with what the loader found wrong.
  public static func factory(path: String, precision: String) throws(PolicyFailure) -> Factory {
    let key = "\(path),\(precision)"
    let (known, loader) = state.withLock { ($0.loaded[key], $0.loader) }
    if let known { return known }
    guard let loader else { throw PolicyFailure("learned forecasters are not available here") }
    do {
      let factory = try loader(path, precision)
      state.withLock { $0.loaded[key] = factory }
      return factory
    } catch { throw PolicyFailure("\(error)") }
  }
}
