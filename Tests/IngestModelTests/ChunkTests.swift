import MediaFormats
import SimEngine
import Testing

@testable import IngestModel

@Suite("Chunks")
struct ChunkTests {
  private let cutter = ChunkCutter(shortest: .seconds(4), longest: .seconds(7))

  /// Cuts at keyframes whose distances in seconds repeat.
  private func cut(_ length: Double, distances: [Double]) -> ChunkPlan {
    var position = 0
    return cutter.cut(length: .seconds(length)) {
      defer { position += 1 }
      return .seconds(distances[position % distances.count])
    }
  }

  @Test("a keyframe every 2 s gives chunks of 4 s")
  func regular() {
    #expect(cut(20, distances: [2]).ends == [4, 8, 12, 16, 20].map { SimDuration.seconds($0) })
  }

  @Test("a rest too short for a chunk joins the one before it")
  func rest() {
    #expect(cut(21, distances: [2]).ends == [4, 8, 12, 16, 21].map { SimDuration.seconds($0) })
    #expect(cut(3, distances: [2]).ends == [.seconds(3)])
  }

  @Test("a keyframe beyond the longest chunk sends the cut back to the keyframe before")
  func backToKeyframe() {
    #expect(cut(20, distances: [3, 6, 4, 7]).ends == [3, 9, 13, 20].map { SimDuration.seconds($0) })
  }

  @Test("keyframes 9 s apart make chunks longer than wished; keyframes 25 s apart are cut between")
  func farApart() {
    let overlong = cut(27, distances: [9])
    #expect(overlong.ends == [9, 18, 27].map { SimDuration.seconds($0) })
    #expect(overlong.overlong == 3 && overlong.forced == 0)
    let forced = cut(50, distances: [25])
    #expect(forced.ends == [7, 14, 21, 25, 32, 39, 46, 50].map { SimDuration.seconds($0) })
    #expect(forced.forced == 6)
  }

  @Test("whatever the keyframes, chunks cover the title, none is longer than 10 s, and only the last may be short")
  func property() {
    for seed in 0..<300 {
      var stream = RandomStream(StreamKey(seed: UInt64(seed), replication: 0, entity: "test", purpose: "chunks"))
      let shortest = stream.uniform(from: 0.5, to: 6)
      let longest = stream.uniform(from: shortest, to: 10)
      let cutter = ChunkCutter(shortest: .seconds(shortest), longest: .seconds(longest))
      let mean = stream.uniform(from: 0.1, to: 12)
      let length = SimDuration.seconds(stream.uniform(from: 0.2, to: 900))
      var keyframes: [SimDuration] = []
      let plan = cutter.cut(length: length) {
        let distance = SimDuration.seconds(max(0.01, stream.exponential(mean: mean)))
        keyframes.append((keyframes.last ?? .zero) + distance)
        return distance
      }
      #expect(plan.ends.last == length)
      var start = SimDuration.zero
      var between = 0
      var over = 0
      for (index, end) in plan.ends.enumerated() {
        #expect(end > start, "seed \(seed)")
        #expect(end - start <= ChunkSettings.limit, "seed \(seed)")
        if end != length {
          if !keyframes.contains(end) { between += 1 }
          #expect(end - start >= .seconds(shortest) / 2, "seed \(seed) chunk \(index)")
        }
        if end - start > .seconds(longest) { over += 1 }
        start = end
      }
      #expect(between == plan.forced, "seed \(seed): every cut without a keyframe is counted")
      // The last chunk may be over the wish because it took in the rest.
      #expect(over == plan.overlong || over == plan.overlong + 1 || over + 1 == plan.overlong, "seed \(seed)")
    }
  }

  @Test("the keyframes of a real ladder are those of its 4 s fragments, and its titles are cut at them")
  func realKeyframes() throws {
    let manifest = TestMedia.repository + "/scenarios/media/manifest.mpd"
    let keyframes = try KeyframeTimes(path: manifest)
    #expect(keyframes.times.first?.ticks == 0)
    #expect(keyframes.times.count >= 5, "each fragment begins with a keyframe")
    let source = try #require(KeyframeSource(keyframes))
    guard case .recorded(let distances) = source else {
      Issue.record("a recording is not drawn")
      return
    }
    let total = distances.reduce(SimDuration.zero, +)
    #expect(abs(total.nanoseconds - (keyframes.duration.nanoseconds ?? 0)) < 10)
    var walk = KeyframeWalk(
      source, stream: RandomStream(StreamKey(seed: 1, replication: 0, entity: "test", purpose: "walk")))
    let plan = cutter.cut(length: .seconds(600)) { walk.next() }
    #expect(plan.forced == 0)
    var start = SimDuration.zero
    for end in plan.ends {
      #expect(end - start <= ChunkSettings.limit)
      start = end
    }
  }

  @Test("a folder, a text and a file without video are refused with their name")
  func badMedia() {
    #expect(throws: (any Error).self) { try KeyframeTimes(path: TestMedia.repository + "/scenarios/none.mp4") }
    #expect(throws: (any Error).self) { try KeyframeTimes(path: TestMedia.repository + "/Package.swift") }
    #expect(throws: (any Error).self) { try KeyframeTimes(path: TestMedia.repository + "/scenarios/media/init-0.mp4") }
  }
}

enum TestMedia {
  /// Root of the repository.
  static let repository: String = {
    let file = #filePath
    return file.components(before: "/Tests/IngestModelTests/")
  }()
}

extension String {
  fileprivate func components(before marker: String) -> String {
    guard let range = firstRange(of: marker) else { return "." }
    return String(self[..<range.lowerBound])
  }
}
