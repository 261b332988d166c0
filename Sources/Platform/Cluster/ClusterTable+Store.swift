import ClusterModel
import SimEngine

extension ClusterTable {
  /// The store that a scenario describes.
  ///
  /// - Parameters:
  ///   - start: local time of day at which the run starts.
  ///   - memberships: keys, where the scenario names no number of them.
  ///   - loadShare: share of the whole load that comes.
  func storeSettings(start: SimDuration, memberships: Int, loadShare: Double) -> StoreSettings {
    var settings = StoreSettings()
    settings.cluster.masters = masters
    settings.cluster.replicasPerMaster = replicas
    settings.cluster.nodeTimeoutMs = nodeTimeout.nanoseconds / 1_000_000
    settings.cluster.rules = rules == .fixed ? .fixed : .version7_0
    settings.cluster.requiresFullCoverage = requiresFullCoverage
    settings.cluster.allowsReadsWhenDown = allowsReadsWhenDown
    settings.cluster.timing.latency = latency
    settings.cluster.timing.jitterMean = jitter
    settings.cluster.timing.loss = loss
    settings.instances = instances
    settings.clientLatency = clientLatency
    settings.service = service
    settings.loadShare = loadShare
    settings.keys = Int64(keys > 0 ? keys : memberships)
    settings.replicasAwaited = waitReplicas
    settings.migration.pipeline = pipeline
    settings.migration.keyBytes = Double(keyBytes)
    switch aggregation {
    case .automatic: settings.leapsOverRest = masters * (1 + replicas) > 60
    case .always: settings.leapsOverRest = true
    case .never: settings.leapsOverRest = false
    }
    settings.operations = events.map { StoreOperation(at: $0.moment(after: start), $0.storeAction) }
    return settings
  }
}

extension ClusterHappening {
  /// When it happens, for a run that starts at a local time of day; earlier times are the next day's.
  func moment(after start: SimDuration) -> SimTime {
    let day = SimDuration.seconds(86_400)
    return .zero + (at < start ? at + day - start : at - start)
  }

  fileprivate var storeAction: StoreOperation.Action {
    let targets: StoreOperation.Targets = nodes.isEmpty ? .masters(masters) : .nodes(nodes)
    return switch action {
    case .kill: .kill(targets, downFor: lasting == .zero ? nil : lasting)
    case .freeze: .freeze(targets, frozenFor: lasting)
    case .partition: .partition(targets, clients: clients, isOneWay: isOneWay, cutFor: lasting)
    case .slowDown: .slowDown(targets, by: delay, slowFor: lasting)
    case .scaleOut: .scaleOut(masters: masters)
    case .scaleIn: .scaleIn(masters: masters)
    case .rollingRestart: .rollingRestart(downFor: lasting, every: every, handsOver: handsOver)
    case .failover: .handOver(targets, mode: .handshake)
    }
  }
}
