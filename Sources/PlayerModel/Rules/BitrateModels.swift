// Where learned rules get their networks: whoever can read and run networks installs a loader, once, before any rule is
// made. This module knows no file format and no arithmetic of networks.

internal import Synchronization
public import TextFormats

/// Networks of learned rules by file and precision.
public enum BitrateModels {
  /// Reads a network and prepares it for a precision such as `w8a8` or `fp32`.
  public typealias Loader = @Sendable (_ path: String, _ precision: String) throws -> any BitrateModel

  private struct State {
    var loader: Loader?
    var loaded: [String: SharedBitrateModel] = [:]
  }

  private static let state = Mutex(State())

  /// Installs the loader.
  public static func install(_ loader: @escaping Loader) { state.withLock { $0.loader = loader } }

  /// Shares a model under a name that rules can give in place of a file, for models that were made in memory.
  public static func share(_ model: any BitrateModel, as path: String, precision: String) -> SharedBitrateModel {
    let shared = SharedBitrateModel(model)
    state.withLock { $0.loaded["\(path),\(precision)"] = shared }
    return shared
  }

  /// The network of a file at a precision, read when it is first asked for.
  /// - Throws: `InputError` at `place` where no loader is installed or the file is unusable; `FileError` where it is missing.
  public static func model(path: String, precision: String, at place: InputPlace) throws -> SharedBitrateModel {
    let key = "\(path),\(precision)"
    let (known, loader) = state.withLock { ($0.loaded[key], $0.loader) }
    if let known { return known }
    guard let loader else { throw InputError(place, "learned rules are not available here") }
    let shared = SharedBitrateModel(try loader(path, precision))
    return state.withLock {
      if let earlier = $0.loaded[key] { return earlier }
      $0.loaded[key] = shared
      return shared
    }
  }
}
