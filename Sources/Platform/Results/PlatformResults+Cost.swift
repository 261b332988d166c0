import CDNModel
import SimEngine

extension PlatformResults {
  /// What the simulated part of the delivery cost over the observed time, at the prices of `cdn.prices`.
  var costRows: [MetricRow] {
    var volume = DeliveryVolume()
    let total = observed.total
    let middle = [regional, shield].compactMap { $0?.observed }
    volume.egressBytes = total.carriedBytes
    volume.originBytes = observed.core.sentBytes
    volume.midgressBytes = middle.reduce(total.fetchedBytes) { $0 + $1.fetchedBytes }
    volume.fillBytes = total.fillBytes
    volume.diskWriteBytes = middle.reduce(total.diskWrittenBytes) { $0 + $1.writtenBytes }
    let disks = regionalDiskBytes.reduce(edgeDiskBytes * Int64(sites.count) + shieldDiskBytes, +)
    volume.storedByteSeconds = Double(disks) * observed.seconds
    volume.deliveredHours = Double(total.playNs) / 3.6e12
    let cost = DeliveryCost(volume, prices: prices)
    func row(_ metric: String, _ value: Double, unit: String = "$", entity: String = "all") -> MetricRow {
      MetricRow(component: "cost", entity: entity, metric: metric, unit: unit, value: value)
    }
    return [
      row("cost_egress", cost.egress), row("cost_midgress", cost.midgress), row("cost_fill", cost.fill),
      row("cost_storage", cost.storage),
      row("cost_disk_writes", cost.diskWrites), row("cost_total", cost.total),
      row("cost_per_viewer_hour", volume.deliveredHours > 0 ? cost.perDeliveredHour : .nan),
      row("origin_offload", volume.egressBytes > 0 ? volume.originOffload : .nan, unit: ""),
      row("midgress_bytes", Double(volume.midgressBytes), unit: "bytes"),
      row("disk_written_bytes", Double(volume.diskWriteBytes), unit: "bytes"),
    ]
  }
}
