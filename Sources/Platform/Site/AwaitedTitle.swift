/// A title that ingest has yet to publish, and the viewers who came too early and wait at the page for it.
///
/// They have the patience of any start-up: whoever has left by the release is gone.
struct AwaitedTitle {
  /// Number in the catalog.
  let title: UInt32
  /// Whether it can be watched.
  private(set) var isReleased = false
  private var waiting: [SessionRef] = []

  init(title: UInt32) { self.title = title }

  /// Lets a viewer wait if it is this title and not there yet; answers whether it does.
  mutating func holds(_ session: SessionRef, for wanted: Int) -> Bool {
    guard !isReleased, wanted == title else { return false }
    waiting.append(session)
    return true
  }

  /// The title is there; those who waited come out in the order in which they came.
  mutating func release() -> [SessionRef] {
    isReleased = true
    defer { waiting = [] }
    return waiting
  }
}
