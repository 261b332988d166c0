// The keys of one node, with a journal of what its replicas do not have yet.

/// Keys and values of a node.
struct Keyspace {
  private(set) var values: [String: String] = [:]
  /// Keys of each slot; empty until there are any.
  private var slotCounts: [Int32] = []
  /// Latest changes in order: the number of the write, the key, and its value or `nil` if it was deleted.
  private var journal: [(write: Int64, key: String, value: String?)] = []

  var count: Int { values.count }

  func value(_ key: String) -> String? { values[key] }

  func hasKeys(in slot: Int) -> Bool { !slotCounts.isEmpty && slotCounts[slot] > 0 }

  func keyCount(in slot: Int) -> Int { slotCounts.isEmpty ? 0 : Int(slotCounts[slot]) }

  /// The keys of a slot in order, at most `limit`.
  func keys(in slot: Int, limit: Int = .max) -> [String] {
    guard hasKeys(in: slot) else { return [] }
    return Array(values.keys.filter { HashSlot(key: $0).index == slot }.sorted().prefix(limit))
  }

  /// Sets or deletes a key outside the stream.
  mutating func set(_ key: String, _ value: String?) {
    if slotCounts.isEmpty { slotCounts = [Int32](repeating: 0, count: HashSlot.count) }
    let slot = HashSlot(key: key).index
    let old = values[key]
    values[key] = value
    slotCounts[slot] += (value == nil ? 0 : 1) - (old == nil ? 0 : 1)
  }

  /// Sets or deletes a key as a numbered write of the stream.
  mutating func write(_ key: String, _ value: String?, number: Int64) {
    set(key, value)
    journal.append((number, key, value))
  }

  mutating func removeAll(in slot: Int) { for key in keys(in: slot) { set(key, nil) } }

  /// Applies the writes after `from` up to `through`; a node that lags behind the journal takes everything.
  mutating func catchUp(with master: Keyspace, from: Int64, through: Int64) {
    if let first = master.journal.first, first.write <= from + 1 {
      for entry in master.journal where entry.write > from && entry.write <= through { set(entry.key, entry.value) }
    } else if !master.values.isEmpty {
      replace(with: master)
    }
  }

  mutating func replace(with master: Keyspace) {
    values = master.values
    slotCounts = master.slotCounts
    journal = []
  }

  mutating func trimJournal(through write: Int64) { journal.removeAll { $0.write <= write } }
}
