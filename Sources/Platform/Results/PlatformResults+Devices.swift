// What the viewers with each class of devices got, and what each codec cost.

extension PlatformResults {
  /// Rows of summary.csv by device class and by codec, over the observed time; none where there is one of each.
  var deviceRows: [MetricRow] {
    var rows: [MetricRow] = []
    func add(_ component: String, _ entity: String, _ metric: String, _ unit: String, _ value: Double) {
      rows.append(MetricRow(component: component, entity: entity, metric: metric, unit: unit, value: value))
    }
    let total = observed.total
    if deviceNames.count > 1 {
      for (device, counters) in zip(deviceNames, total.devices) {
        let entity = "device-\(device)"
        add("viewers", entity, "sessions", "", Double(counters.arrivals))
        add("player", entity, "hours_played", "h", Double(counters.playNs) / 3.6e12)
        add("player", entity, "mean_bitrate_kbps", "kbit/s", counters.playedKbit / (Double(counters.playNs) / 1e9))
        add(
          "player", entity, "rebuffer_ratio", "",
          Double(counters.stallNs) / Double(counters.stallNs + counters.playNs))
      }
    }
    if codecNames.count > 1 {
      for (codec, bytes) in zip(codecNames, total.codecBytes) {
        add("cdn", "codec-\(codec)", "requested_bytes", "bytes", Double(bytes))
      }
    }
    return rows
  }
}
