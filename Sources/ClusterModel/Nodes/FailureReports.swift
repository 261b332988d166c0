// What masters say about nodes that do not answer: the votes by which a suspect is declared as failed.

/// The words of masters about the suspects of one node, each with its time.
///
/// Few nodes are suspected at once and many masters talk about each, so words are kept in a row for each suspect.
struct FailureReports {
  private struct Row {
    var subject: Int32
    var count = 0
    /// When each node last said so, in milliseconds; 0 where it did not.
    var times: [Int64]
  }

  private var rows: [Row] = []

  /// Takes or renews a master's word; O(suspects).
  mutating func add(_ subject: Int, by reporter: Int, at time: Int64, nodes: Int) {
    let row: Int
    if let found = index(of: subject) {
      row = found
    } else {
      row = rows.count
      rows.append(Row(subject: Int32(subject), times: [Int64](repeating: 0, count: nodes)))
    }
    if rows[row].times[reporter] == 0 { rows[row].count += 1 }
    rows[row].times[reporter] = time
  }

  /// A master takes its word back; tells whether others remain.
  ///
  /// O(suspects).
  mutating func withdraw(_ subject: Int, by reporter: Int) -> Bool {
    guard let row = index(of: subject) else { return false }
    if rows[row].times[reporter] != 0 {
      rows[row].times[reporter] = 0
      rows[row].count -= 1
    }
    return keep(row)
  }

  /// Words about a node that are not older than a time; older ones are dropped.
  ///
  /// O(suspects + nodes).
  mutating func count(_ subject: Int, since oldest: Int64) -> Int {
    guard let row = index(of: subject) else { return 0 }
    for reporter in rows[row].times.indices {
      let time = rows[row].times[reporter]
      guard time != 0, time < oldest else { continue }
      rows[row].times[reporter] = 0
      rows[row].count -= 1
    }
    let count = rows[row].count
    _ = keep(row)
    return count
  }

  /// Drops all words about a node and of it; `body` is called with every subject about which none remain.
  mutating func forget(_ node: Int, _ body: (Int) -> Void) {
    for row in rows.indices.reversed() {
      let subject = Int(rows[row].subject)
      if subject == node {
        rows.remove(at: row)
        body(subject)
      } else if !withdraw(subject, by: node) {
        body(subject)
      }
    }
  }

  private func index(of subject: Int) -> Int? { rows.firstIndex { $0.subject == subject } }

  private mutating func keep(_ row: Int) -> Bool {
    if rows[row].count == 0 {
      rows.remove(at: row)
      return false
    }
    return true
  }
}
