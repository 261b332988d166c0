// SimGrid beside the general engine: its own program, compiled only where its headers are installed.
import Glibc

struct SimGridPeer {
  private let peer: Peer

  /// `nil` where SimGrid or a compiler is missing.
  init?() {
    guard let peer = try? Peer("simgrid_segments", library: "simgrid") else {
      return nil
    }
    self.peer = peer
  }

  /// Deletes the compiled program.
  func remove() { peer.remove() }

  /// The crowd of `SegmentCrowd` in SimGrid's fluid model.
  func completionsPerCPUSecond(viewers: Int, links: Int, seconds: Double) -> Double? {
    guard let words = try? peer.run(["\(viewers)", "\(links)", "\(seconds)"]) else { return nil }
    return words.last.flatMap { Double($0) }
  }
}
