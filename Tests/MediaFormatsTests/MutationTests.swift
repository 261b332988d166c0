import Foundation
import MediaFormats
import Testing

/// Changes inputs the way broken writers, cut transfers and attackers do.
struct Mutator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64 (Steele, Lea and Flood 2014).
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }

  mutating func below(_ bound: Int) -> Int { bound > 0 ? Int(next() % UInt64(bound)) : 0 }

  private static let extremes: [UInt32] = [
    0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0xFFFF_FFF0,
  ]

  /// One to four faults in a copy of an input; `other` lends bytes.
  mutating func mutate(_ input: [UInt8], with other: [UInt8]) -> [UInt8] {
    var bytes = input
    for _ in 0...below(4) {
      guard !bytes.isEmpty else { return bytes }
      let position = below(bytes.count)
      switch below(8) {
      case 0: bytes[position] ^= 1 << UInt8(below(8))
      case 1: bytes[position] = UInt8(below(256))
      case 2, 3:
        let value = Self.extremes[below(Self.extremes.count)]
        for byte in 0..<4 where position + byte < bytes.count {
          bytes[position + byte] = UInt8(truncatingIfNeeded: value >> UInt32(24 - byte * 8))
        }
      case 4: bytes.removeSubrange(position..<min(bytes.count, position + 1 + below(40)))
      case 5:
        let block = Array(bytes[position..<min(bytes.count, position + 1 + below(200))])
        bytes.insert(contentsOf: block, at: below(bytes.count))
      case 6: bytes.removeSubrange(max(0, bytes.count - below(bytes.count / 2 + 1))...)
      default:
        guard !other.isEmpty else { continue }
        let start = below(other.count)
        bytes.replaceSubrange(
          position..<min(bytes.count, position + below(60)), with: other[start..<min(other.count, start + below(60))])
      }
    }
    return bytes
  }
}

@Suite("Mutated inputs")
struct MutationTests {
  private static var corpus: [[UInt8]] {
    var paths = FixtureTests.names.map { "Tests/Fixtures/" + $0 } + ["Tests/Fixtures/smooth.ismc"]
    paths += ["manifest.mpd", "master.m3u8", "media_5.m3u8", "init-0.mp4", "init-5.mp4"].map {
      "scenarios/media/" + $0
    }
    return paths.compactMap { try? Array(Data(contentsOf: URL(fileURLWithPath: repositoryFile($0)))) }
      .filter { $0.count < 20_000 }
  }

  #if DEBUG
    private static let inputs = 3000
  #else
    private static let inputs = 40_000
  #endif

  @Test("no mutated input crashes a parser, breaks a promise, or takes a second")
  func mutants() throws {
    let corpus = Self.corpus
    #expect(corpus.count >= 15)
    var mutator = Mutator(seed: 2026)
    for round in 0..<Self.inputs {
      let base = corpus[round % corpus.count]
      let input = mutator.mutate(base, with: corpus[mutator.below(corpus.count)])
      let start = clock()
      do { try MediaExercise.run(input) } catch {
        Issue.record("input \(round): \(error)")
        return
      }
      let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
      // Process time also counts what other tests burn meanwhile.
      #expect(seconds < 5, "input \(round) took \(seconds) s")
    }
  }

  @Test("tables that claim billions of samples in a few bytes cost nothing")
  func bombs() throws {
    guard ReferenceFiles.isPresent else { return }
    let folder = ReferenceFiles.folder + "malformed/"
    let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".mp4") }
    for name in names.sorted() {
      let input = try Array(Data(contentsOf: URL(fileURLWithPath: folder + name)))
      let start = clock()
      try MediaExercise.run(input)
      #expect(Double(clock() - start) / Double(CLOCKS_PER_SEC) < 5, "\(name)")
    }
  }
}
