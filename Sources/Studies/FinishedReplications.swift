import Platform
import Reporting
import SimEngine
import TextFormats

/// Replications that an earlier run left in a folder, read back from its tables.
///
/// They are taken over only if they were made by the very same build from the same scenario, media and seed. Whatever
/// does not fit, or cannot be read, is simulated again.
struct FinishedReplications {
  private var kept: [String: [UInt64: Replication]] = [:]

  /// Nothing is taken over.
  init() {}

  /// Reads the results in a folder.
  ///
  /// - Parameters:
  ///   - configurations: name of each configuration and what it is made from.
  ///   - seed: root of the random streams.
  init(in directory: OutputDirectory, configurations: [(name: String, inputSHA256: String)], seed: UInt64) {
    guard directory.contains(ResultFiles.manifestName),
      let json = try? JSONText(readingFile: directory.path(of: ResultFiles.manifestName)).root.value,
      json["seed"] == (Int64(exactly: seed).map { .integer($0) } ?? .text("\(seed)")),
      json["seed_scheme"] == .text(StreamKey.scheme), json["machine"]?["program"] == .text(ProcessMeasure.program()),
      case .array(let entries) = json["runs"], case .array(let names) = json["tables"]
    else { return }
    for entry in entries.compactMap({ RunManifest.Run($0) }) where entry.isComplete {
      guard configurations.contains(where: { $0.name == entry.configuration && $0.inputSHA256 == entry.inputSHA256 })
      else { continue }
      kept[entry.configuration, default: [:]][entry.replication] = Replication(
        number: entry.replication, digest: entry.digest, events: entry.events, isComplete: true,
        reached: .zero + SimDuration(nanoseconds: entry.reachedNs), summary: [], timeseries: [], tables: [])
    }
    guard !kept.isEmpty else { return }
    do {
      for case .text(let name) in names { try read(name, in: directory) }
    } catch {
      kept = [:]
    }
  }

  /// A replication of a configuration, if it need not be simulated again.
  subscript(configuration: String, replication: Int) -> Replication? { kept[configuration]?[UInt64(replication)] }

  /// Gives each row of a table to the replication that it belongs to.
  private mutating func read(_ file: String, in directory: OutputDirectory) throws {
    var reader = try CSVReader(file: directory.path(of: file))
    let identity = ResultFiles.identityColumns
    guard let header = try reader.next(), Array(header.texts.prefix(identity.count)) == identity else {
      throw InputError(InputPlace(source: file, line: 1), "this is no table of results")
    }
    let columns = Array(header.texts.dropFirst(identity.count))
    let name = String(file.prefix { $0 != "." })
    while let row = try reader.next() {
      let configuration = row[1]
      guard let number = UInt64(row[2]), var replication = kept[configuration]?[number] else { continue }
      kept[configuration]?[number] = nil
      switch name {
      case "summary": replication.summary.append(try metric(row, from: 4, at: nil))
      case "timeseries": replication.timeseries.append(try metric(row, from: 4, at: 3))
      default:
        if replication.tables.last?.name != name {
          replication.tables.append(Replication.NamedRows(name: name, rows: CSVRows(columns: columns)))
        }
        let fields = CSVText.row(Array(row.texts.dropFirst(identity.count)))
        replication.tables[replication.tables.count - 1].rows.append(row: fields[...])
      }
      kept[configuration]?[number] = replication
    }
    // A table without rows for a replication is still one of its tables.
    guard name != "summary", name != "timeseries" else { return }
    for configuration in kept.keys.sorted() {
      for number in (kept[configuration] ?? [:]).keys.sorted()
      where kept[configuration]?[number]?.tables.last?.name != name {
        kept[configuration]?[number]?.tables.append(
          Replication.NamedRows(name: name, rows: CSVRows(columns: columns)))
      }
    }
  }

  private func metric(_ row: CSVRow, from first: Int, at time: Int?) throws -> MetricRow {
    MetricRow(
      component: row[first], entity: row[first + 1], metric: row[first + 2], unit: row[first + 3],
      value: row[first + 4].isEmpty ? .nan : try row.double(first + 4), timeS: try time.map { try row.double($0) })
  }
}
