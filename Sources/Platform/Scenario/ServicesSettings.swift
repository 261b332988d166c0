public import BackendModel
public import TextFormats

/// The services behind a play button.
public struct ServicesSettings: SettingsGroup, Equatable {
  /// The API gateway.
  public var gateway = GatewaySettings()
  /// The relational store of accounts and billing.
  public var relational = RelationalSettings()
  /// The wide-column store of what was watched.
  public var history = HistorySettings()
  /// The search cluster.
  public var search = SearchSettings()
  /// The object store behind the origin; left out, `cdn.origin` says how long it takes.
  public var objectStore: ObjectStoreSettings?

  /// A small back end.
  public init() {}

  /// The table of `services`.
  public static var settings: SettingsTable<ServicesSettings> {
    SettingsTable<ServicesSettings>("The services behind a play button.")
      .group("gateway", \.gateway, "The API gateway.")
      .group("relational", \.relational, "The relational store of accounts and billing.")
      .group("history", \.history, "The wide-column store of what was watched.")
      .group("search", \.search, "The search cluster.")
      .optionalGroup(
        "object_store", \.objectStore,
        "The object store behind the origin; left out, 'cdn.origin' says how long it takes.")
  }

  /// Why a failure cannot happen to these services, or `nil`.
  func contradiction(_ failure: FailureSettings) -> String? {
    let count: Int
    switch failure.component {
    case .storeNode: count = history.nodes
    case .searchShard: count = search.shards
    case .gateway, .relationalPrimary: count = 1
    case .edgeLink, .edgeCache, .edgeServer, .edgeSite, .regionalCache, .origin, .originLink, .workers: return nil
    }
    return failure.which.first { $0 >= count }.map {
      "there is no \(failure.component.rawValue) \($0), there are \(count)"
    }
  }

  /// The part of the services that serves `share` of the platform.
  func scaled(by share: Double) -> ServicesSettings {
    var scaled = self
    scaled.gateway = gateway.scaled(by: share)
    scaled.relational = relational.scaled(by: share)
    scaled.history = history.scaled(by: share)
    scaled.search = search.scaled(by: share)
    scaled.objectStore = objectStore?.scaled(by: share)
    return scaled
  }
}
