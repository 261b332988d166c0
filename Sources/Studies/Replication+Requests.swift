import CDNModel
import Platform
import PlayerModel
import Reporting
import SimEngine

// cmcd.csv: what players told with their requests, beside what the edge saw of these.

extension Replication {
  /// The keys that have a column of their own, beside their names in the table.
  ///
  /// What never changes within a session (`cid`, `sid`, `sf`, `st`) or at all (`ot`, `pr`) is left to the column `cmcd`,
  /// as is `rtp`, which follows from `br`.
  private static let keyColumns = [
    ("bl", "bl_ms"), ("br", "br_kbps"), ("bs", "bs"), ("d", "d_ms"), ("dl", "dl_ms"), ("mtp", "mtp_kbps"),
    ("nor", "nor"), ("su", "su"), ("tb", "tb_kbps"),
  ]

  /// The rows of cmcd.csv: times are the edge's, keys the player's.
  static func rows(_ requests: [RequestRecord]) -> CSVRows {
    var csv = CSVRows(
      columns: [
        "t_s", "site", "server", "home", "process", "session", "title", "representation", "segment", "bytes", "outcome",
        "source", "first_byte_ms", "transfer_ms", "sent_bytes", "ending", "rtt_ms",
      ] + keyColumns.map(\.1) + ["cmcd"])
    for request in requests {
      csv.append(known: request.at.seconds)
      csv.append("edge-\(request.site)")
      csv.append(request.server.map { "\($0)" } ?? "")
      csv.append("edge-\(request.session.home)")
      csv.append(request.session.process == 0 ? "regular" : "premiere")
      csv.append(request.session.number)
      csv.append(request.key.title)
      csv.append(request.key.representation)
      csv.append(request.key.segment)
      csv.append(request.bytes)
      csv.append(request.outcome.name)
      csv.append(request.source.name)
      csv.append(known: request.firstByteAt.map { ($0 - request.at).milliseconds })
      csv.append(
        known: request.firstByteAt.flatMap { first in request.endedAt.map { ($0 - first).milliseconds } })
      csv.append(request.sentBytes)
      csv.append(request.ending.name)
      csv.append(known: request.roundTrip.milliseconds)
      let keys = request.cmcd
      let pairs = keys.pairs
      for (key, _) in keyColumns {
        switch pairs.first(where: { $0.key == key }) {
        case .some(let pair): csv.append(pair.value.map(unquoted) ?? "1")
        // A flag that is not told is false; any other key is not known.
        case nil: csv.append(key == "bs" || key == "su" ? "0" : "")
        }
      }
      csv.append(keys.text)
      csv.endRow()
    }
    return csv
  }

  private static func unquoted(_ value: String) -> String {
    value.hasPrefix("\"") ? String(value.dropFirst().dropLast()) : value
  }
}
