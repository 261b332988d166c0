/// Places that titles hold, and a line before each urgency's turn: first come first served within an urgency.
///
/// Titles that leave the line early stay in it as entries that `isCurrent` refuses later, so leaving costs nothing.
struct WaitingLine: Sendable {
  /// Places in all.
  let places: Int
  /// Places that are held.
  private(set) var held = 0
  /// Titles that wait.
  private(set) var waiting = 0
  private var lines: [FirstInFirstOut<TitleVisit>]

  /// Free places, and empty lines.
  init(places: Int, urgencies: Int = TitlePriority.allCases.count) {
    self.places = places
    lines = Array(repeating: FirstInFirstOut(), count: urgencies)
  }

  /// Takes a place if one is free.
  mutating func takePlace() -> Bool {
    guard held < places else { return false }
    held += 1
    return true
  }

  /// Lets a title wait.
  mutating func wait(_ visit: TitleVisit, urgency: Int) {
    lines[urgency].append(visit)
    waiting += 1
  }

  /// A title that waited has left.
  mutating func leave() { waiting -= 1 }

  /// Gives a place back; the most urgent title that still waits takes it over.
  mutating func release(isCurrent: (TitleVisit) -> Bool) -> TitleVisit? {
    for urgency in lines.indices {
      while let visit = lines[urgency].popFirst() {
        if isCurrent(visit) {
          waiting -= 1
          return visit
        }
      }
    }
    held -= 1
    return nil
  }
}

/// A title and which of its visits is meant: what was arranged for an earlier visit no longer counts.
struct TitleVisit: BitwiseCopyable, Hashable, Sendable {
  var title: UInt32
  var visit: UInt32
}

/// A queue in an array that forgets its front now and then.
struct FirstInFirstOut<Element: BitwiseCopyable & Sendable>: Sendable {
  private var elements: [Element] = []
  private var head = 0

  var isEmpty: Bool { head == elements.count }

  /// Amortised O(1).
  mutating func append(_ element: Element) { elements.append(element) }

  /// Amortised O(1).
  mutating func popFirst() -> Element? {
    guard head < elements.count else { return nil }
    let element = elements[head]
    head += 1
    if head > 64 && head * 2 > elements.count {
      elements.removeFirst(head)
      head = 0
    }
    return element
  }
}
