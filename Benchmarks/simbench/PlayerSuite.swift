// Bitrate rules at work: chunks per CPU second of whole sessions, in Sabre's, Pensieve's and the platform's semantics.
//
//   simbench player [rounds] [--reference FOLDER]
//
// FOLDER is a folder with Sabre's `video/bbb.json` and `traces/3G`, and Pensieve's traces; without it a title and a trace
// of the same shape are drawn from a fixed seed.
import Glibc
import PlayerModel
import SimEngine
import TextFormats

/// Measures the players; `arguments` are those after the suite's name.
func runPlayerBenchmarks(arguments: [String]) throws {
  var rest = arguments[...]
  var rounds = 5
  var folder: String?
  while let word = rest.popFirst() {
    if word == "--reference" { folder = rest.popFirst() } else { rounds = Int(word) ?? rounds }
  }
  let inputs = try PlayerInputs(folder: folder)
  print("chunks (decisions) per CPU second, best and median of \(rounds) rounds; input: \(inputs.name)\n")
  print(pad("what", 44), pad("best", 12), pad("median", 12))

  var sabre = SabreOptions()
  sabre.movieSeconds = 30_000
  for name in [AbrName.bola, .bolaE, .throughput, .dynamic, .dynamicDash] {
    try report("sabre \(name.rawValue), abandon checks", rounds) {
      SabreProfile.play(title: inputs.movie, trace: inputs.trace, rule: name, options: sabre).result.qualities.count
    }
  }
  sabre.abandons = false
  for name in [AbrName.bolaE, .throughput] {
    try report("sabre \(name.rawValue), no abandon checks", rounds) {
      SabreProfile.play(title: inputs.movie, trace: inputs.trace, rule: name, options: sabre).result.qualities.count
    }
  }
  for (name, repeats) in [(AbrName.bufferBased, 2000), (.robustMpc, 40)] {
    try report("pensieve \(name.rawValue)", rounds) {
      var chunks = 0
      for _ in 0..<repeats {
        chunks += PensieveProfile.play(title: inputs.chunks, samples: inputs.samples, rule: name).result.qualities.count
      }
      return chunks
    }
  }
  for name in [AbrName.bola, .dynamic] {
    try report("platform session value, \(name.rawValue)", rounds) { platformChunks(name) }
  }
  print("\nstate of a session: \(MemoryLayout<SegmentPlayer>.size) bytes")
}

private func report(_ name: String, _ rounds: Int, _ body: () -> Int) throws {
  var rates: [Double] = []
  for _ in 0..<rounds {
    let start = processCPUNanoseconds()
    let chunks = body()
    rates.append(Double(chunks) * 1e9 / (processCPUNanoseconds() - start))
  }
  print(
    pad(name, 44), column(rates.max() ?? .nan, decimals: 0, width: 12), column(median(rates), decimals: 0, width: 12))
}

/// 200 sessions of 500 segments over links of their own.
private func platformChunks(_ name: AbrName) -> Int {
  let ladder = QualityLadder(bitratesKbps: [300, 750, 1200, 1850, 2850, 4300], segmentDuration: .seconds(4))
  var settings = PlayerSettings()
  settings.abr = name
  var random = RandomStream(StreamKey(seed: 1, replication: 0, entity: "bench", purpose: "links"))
  var chunks = 0
  for _ in 0..<200 {
    let title = TitleView(ladder: ladder.view(), segmentDuration: .seconds(4), duration: .seconds(2000))
    var now = SimTime.zero
    var player = SegmentPlayer(at: now, settings: settings, title: title)
    session: while true {
      switch player.nextRequest(at: now, settings: settings, title: title) {
      case .nothing: break session
      case .wait(let until): now = until
      case .request(let segment, let quality, let sendAt):
        let bytes = title.bytes(segment: segment, quality: quality)
        let first = sendAt + .milliseconds(50)
        now = first + .seconds(Double(bytes) * 8 / random.uniform(from: 1e6, to: 6e6))
        player.completed(
          SegmentTransfer(
            segment: segment, quality: quality, requestedAt: sendAt, firstByteAt: first, receivedBytes: bytes),
          at: now, title: title)
        chunks += 1
      }
    }
  }
  return chunks
}

/// What the players play.
private struct PlayerInputs {
  var name: String
  var movie: PlayTitle
  var trace: NetworkTrace
  var chunks: PlayTitle
  var samples: BandwidthSamples

  init(folder: String?) throws {
    guard let folder else {
      self = Self.drawn()
      return
    }
    name = folder
    func bytes(_ path: String) throws -> [UInt8] { try InputFile.bytes("\(folder)/\(path)") }
    movie = try PlayTitle(sabreMovie: bytes("sabre/video/bbb.json"), source: "bbb.json")
    trace = try RecordedNetwork(bytes: bytes("sabre/traces/3G/report.2010-09-29_1827CEST.json"), source: "3G").trace
    chunks = try PlayTitle(chunkBytes: bytes("pensieve/envivio_chunk_bytes.csv"), source: "envivio", segmentMs: 4000)
    samples = try RecordedNetwork(bytes: bytes("pensieve/traces/norway_bus_1.txt"), source: "norway").samples
  }

  private init(
    name: String, movie: PlayTitle, trace: NetworkTrace, chunks: PlayTitle, samples: BandwidthSamples
  ) {
    self.name = name
    self.movie = movie
    self.trace = trace
    self.chunks = chunks
    self.samples = samples
  }

  private static func drawn() -> PlayerInputs {
    var random = RandomStream(StreamKey(seed: 7, replication: 0, entity: "bench", purpose: "title"))
    func title(_ bitrates: [Double], segmentMs: Double, segments: Int) -> PlayTitle {
      var sizes: [Double] = []
      for _ in 0..<segments {
        let scene = random.uniform(from: 0.6, to: 1.4)
        for kbps in bitrates { sizes.append((kbps * segmentMs * scene / 8).rounded() * 8) }
      }
      return PlayTitle(source: "drawn", segmentMs: segmentMs, bitratesKbps: bitrates, sizesBits: sizes)
    }
    let periods = (0..<600).map { _ in
      NetworkTrace.Period(durationMs: 1000, bandwidthKbps: random.uniform(from: 200, to: 3500), latencyMs: 100)
    }
    let trace = NetworkTrace(source: "drawn", periods: periods)
    return PlayerInputs(
      name: "drawn",
      movie: title([230, 331, 477, 688, 991, 1427, 2056, 2962, 5027, 6000], segmentMs: 3000, segments: 199),
      trace: trace, chunks: title([300, 750, 1200, 1850, 2850, 4300], segmentMs: 4000, segments: 49),
      samples: RecordedNetwork.periods(trace).samples)
  }
}
