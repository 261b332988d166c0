// A file that says which master serves which slots: the input of the planners.

public import TextFormats

/// Masters and their slots: `{"nodes": [{"id": "a", "slots": [[0, 5460]]}, ...]}` in configuration order.
public struct ClusterLayout: Sendable, Equatable {
  /// The masters in the order of the file.
  public var owners: [SlotOwner]

  /// A layout of some masters.
  public init(owners: [SlotOwner]) { self.owners = owners }

  /// The layout of a new cluster, masters named 0, 1, ...
  /// - Throws: `PlanRefusal` below 3 masters.
  public init(masters: Int) throws(PlanRefusal) {
    owners = try SlotAllocation.ranges(masters: masters).enumerated().map { index, range in
      SlotOwner(name: "\(index)", slots: SlotSet([range]))
    }
  }

  /// Reads a layout; every slot must be served by exactly one master.
  /// - Throws: `InputError` with everything that is wrong: unknown keys, names given twice, ranges that overlap, run
  ///   backwards or leave 0 to 16383, slots that nobody serves.
  public init(_ text: JSONText) throws(InputError) {
    var reader = LayoutReader()
    reader.read(text.root)
    guard reader.findings.isEmpty else { throw InputError(reader.findings) }
    owners = reader.owners
  }

  /// The position of a master by its name.
  public func index(of name: String) -> Int? { owners.firstIndex { $0.name == name } }

  /// Adds an empty master, as `redis-cli --cluster add-node` does.
  /// - Throws: `PlanRefusal` if the name is taken.
  public mutating func add(_ name: String) throws(PlanRefusal) {
    guard index(of: name) == nil else { throw PlanRefusal("there is a node \(name) already") }
    owners.append(SlotOwner(name: name))
  }

  /// Removes an empty master, as `redis-cli --cluster del-node` does.
  /// - Throws: `PlanRefusal` if it is unknown, still serves slots, or is one of the last three.
  public mutating func remove(_ name: String) throws(PlanRefusal) {
    guard let index = index(of: name) else { throw PlanRefusal("there is no node \(name)") }
    guard owners[index].slots.isEmpty else {
      throw PlanRefusal("node \(name) is not empty: it serves \(owners[index].slots.count) slots; reshard them first")
    }
    guard owners.count > SlotAllocation.fewestMasters else {
      throw PlanRefusal("a cluster needs at least \(SlotAllocation.fewestMasters) masters")
    }
    owners.remove(at: index)
  }
}

/// Walks a layout and collects what is wrong with it.
private struct LayoutReader {
  var owners: [SlotOwner] = []
  var findings: [InputDiagnostic] = []
  /// The position of each slot's owner.
  private var ownerOfSlot = [Int?](repeating: nil, count: HashSlot.count)

  mutating func read(_ root: JSONNode) {
    guard members(of: root, known: ["nodes"]) else { return }
    guard let nodes = root["nodes"] else { return find(root.place, "the key 'nodes' is missing") }
    guard case .array(let items) = nodes.content else {
      return find(nodes.place, "'nodes' is \(nodes.kindPhrase), not an array of nodes")
    }
    for item in items { readNode(item) }
    guard findings.isEmpty else { return }
    var unserved = SlotSet()
    for slot in 0..<HashSlot.count where ownerOfSlot[slot] == nil { unserved.insert(slot) }
    guard let first = unserved.ranges.first else { return }
    find(
      nodes.place, "nobody serves \(unserved.count) slots, the first of them \(first.lowerBound)-\(first.upperBound)",
      "all of 0 to \(HashSlot.count - 1) must be served")
  }

  private mutating func readNode(_ node: JSONNode) {
    guard members(of: node, known: ["id", "slots"]) else { return }
    guard case .text(let name)? = node["id"]?.content, !name.isEmpty else {
      return find(node["id"]?.place ?? node.place, "a node needs an 'id' that is a text")
    }
    if owners.contains(where: { $0.name == name }) { find(node.place, "there is a node '\(name)' already") }
    guard let slots = node["slots"], case .array(let ranges) = slots.content else {
      return find(node["slots"]?.place ?? node.place, "a node needs 'slots': an array of pairs [first, last]")
    }
    var owner = SlotOwner(name: name)
    for range in ranges {
      guard case .array(let ends) = range.content, ends.count == 2, let first = slot(ends[0]), let last = slot(ends[1])
      else {
        find(range.place, "\(range.kindPhrase) is no range", "write [first, last] with slots from 0 to 16383")
        continue
      }
      guard first <= last else {
        find(range.place, "the range runs backwards, from \(first) to \(last)")
        continue
      }
      take(first...last, for: &owner, at: range.place)
    }
    owners.append(owner)
  }

  private mutating func take(_ range: ClosedRange<Int>, for owner: inout SlotOwner, at place: InputPlace) {
    if let taken = range.first(where: { ownerOfSlot[$0] != nil }), let other = ownerOfSlot[taken] {
      let name = other < owners.count ? owners[other].name : owner.name
      return find(place, "slot \(taken) is served twice: '\(name)' has it already")
    }
    for slot in range {
      ownerOfSlot[slot] = owners.count
      owner.slots.insert(slot)
    }
  }

  private func slot(_ node: JSONNode) -> Int? {
    guard case .number(let number) = node.content, let integer = number.integer,
      (0..<Int64(HashSlot.count)).contains(integer)
    else { return nil }
    return Int(integer)
  }

  private mutating func members(of node: JSONNode, known: [String]) -> Bool {
    guard case .object(let members) = node.content else {
      find(node.place, "\(node.kindPhrase) stands where an object should")
      return false
    }
    for member in members where !known.contains(member.key) {
      find(
        member.keyPlace, "there is no key '\(member.key)' here", NameSuggestion.phrase(for: member.key, in: known))
    }
    return true
  }

  private mutating func find(_ place: InputPlace, _ message: String, _ suggestion: String? = nil) {
    findings.append(InputDiagnostic(place: place, message: message, suggestion: suggestion))
  }
}
