import TextFormats

/// Segment information of one representation after inheritance (ISO/IEC 23009-1 section 5.3.9.1): the innermost
/// element that has an attribute or child gives it.
struct DASHSegmentInformation {
  /// How segments are named.
  enum Kind: String {
    case template = "SegmentTemplate"
    case list = "SegmentList"
    case base = "SegmentBase"
  }

  let kind: Kind
  /// Elements of that kind, innermost first.
  private let elements: [XMLNode]

  /// - Parameter chain: Period, AdaptationSet and Representation, outermost first.
  init(chain: [XMLNode]) throws(InputError) {
    for node in chain.reversed() {
      for kind in [Kind.template, .list, .base] where node.first(kind.rawValue) != nil {
        self.kind = kind
        elements = chain.reversed().compactMap { $0.first(kind.rawValue) }
        return
      }
    }
    kind = .base
    elements = []
  }

  /// The innermost element, for error places.
  var node: XMLNode? { elements.first }

  func text(_ attribute: String) -> String? { owner(attribute)?[attribute] }

  func unsigned(_ attribute: String) throws(InputError) -> UInt64? { try owner(attribute)?.unsigned(attribute) }

  func ticks(_ attribute: String) throws(InputError) -> Int64? { try owner(attribute)?.ticks(attribute) }

  func timescale() throws(InputError) -> Int64 { try owner("timescale")?.timescale("timescale") ?? 1 }

  /// The innermost child element of a name.
  func child(_ name: String) -> XMLNode? {
    for element in elements {
      if let child = element.first(name) { return child }
    }
    return nil
  }

  /// All children of a name of the innermost element that has any.
  func children(_ name: String) -> [XMLNode] {
    for element in elements {
      let list = element.all(name)
      if !list.isEmpty { return list }
    }
    return []
  }

  private func owner(_ attribute: String) -> XMLNode? { elements.first { $0[attribute] != nil } }
}
