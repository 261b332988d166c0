import SimEngine

// What the services cost the viewers: how long each part of a start-up takes, and which part is to blame.

extension PlatformResults {
  /// Rows of summary.csv about the viewers' dealings with the services, over the observed time.
  ///
  /// `delayed_share` is the share of the sessions that started late because this part took longest, `lost_share` the
  /// share of those that arrived and gave up while they waited for it.
  var serviceUse: [MetricRow] {
    let total = observed.total
    var rows: [MetricRow] = []
    func add(_ entity: String, _ metric: String, _ unit: String, _ value: Double) {
      rows.append(MetricRow(component: "viewers", entity: entity, metric: metric, unit: unit, value: value))
    }
    add("all", "service_retries", "", Double(total.serviceRetries))
    add("all", "lost_to_services", "", Double(total.lostToServices))
    add("all", "late_service_answers", "", Double(total.lateServiceAnswers))
    add("all", "positions_sent_per_s", "1/s", Double(total.positionsSent) / observed.seconds)
    for part in StartupPart.allCases {
      let index = Int(part.rawValue)
      add(part.name, "startup_part_mean_s", "s", Double(total.startupPartNs[index]) / 1e9 / Double(total.starts))
      add(part.name, "delayed_share", "", Double(total.delayedBy[index]) / Double(total.starts))
      add(part.name, "lost_share", "", Double(total.lostIn[index]) / Double(total.arrivals))
    }
    return rows
  }

  /// Rows of timeseries.csv about the same, for one window.
  func serviceUse(in window: ObservedWindow) -> [MetricRow] {
    let total = window.total
    var rows: [MetricRow] = []
    func add(_ entity: String, _ metric: String, _ unit: String, _ value: Double) {
      rows.append(
        MetricRow(
          component: "viewers", entity: entity, metric: metric, unit: unit, value: value, timeS: window.to.seconds))
    }
    add("all", "service_retries_per_s", "1/s", Double(total.serviceRetries) / window.seconds)
    add("all", "lost_to_services", "", Double(total.lostToServices))
    for part in StartupPart.allCases {
      let index = Int(part.rawValue)
      add(part.name, "startup_part_mean_s", "s", Double(total.startupPartNs[index]) / 1e9 / Double(total.starts))
      add(part.name, "delayed_share", "", Double(total.delayedBy[index]) / Double(total.starts))
    }
    return rows
  }
}
