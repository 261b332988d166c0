import SimEngine

/// What the tasks of a title take, before chance has its say.
struct TaskCosts: Sendable {
  /// Renditions times codecs: every chunk is made in so many variants.
  let variants: Int
  /// Worker seconds for a second of media, by variant, at complexity 1.
  private let encodePerMedia: [Double]
  /// Bits written for a second of media, by variant, at complexity 1.
  private let bitsPerMedia: [Double]
  private let assemblePerMedia: Double
  private let packagePerMedia: Double
  private let storeLatencyS: Double
  private let storeBitsPerSecond: Double

  init(_ encoding: EncodingSettings, cores: Int) {
    var times: [Double] = []
    var rates: [Double] = []
    for rendition in encoding.renditions {
      for codec in encoding.codecs {
        times.append(rendition.cpu * codec.cost / Double(cores))
        rates.append(Double(rendition.bitsPerSecond) * codec.rate)
      }
    }
    variants = times.count
    encodePerMedia = times
    bitsPerMedia = rates
    // Joining and packaging are not worth parallel programs: they use one core of the machine.
    assemblePerMedia = encoding.assembleCPU
    packagePerMedia = encoding.packageCPU
    storeLatencyS = encoding.storeLatency.seconds
    storeBitsPerSecond = Double(encoding.storeBitsPerSecond)
  }

  /// Bytes that an encoding task writes.
  func bytes(media: SimDuration, variant: Int, complexity: Double) -> Int64 {
    Int64((media.seconds * bitsPerMedia[variant] * complexity / 8).rounded())
  }

  /// Time of a worker to encode a stretch of media in one variant and to write it to the object store.
  func encode(media: SimDuration, variant: Int, complexity: Double) -> SimDuration {
    let seconds = media.seconds * complexity
    return span(
      seconds * encodePerMedia[variant] + storeLatencyS + seconds * bitsPerMedia[variant] / storeBitsPerSecond)
  }

  /// Time of a worker to join the chunks of one variant.
  func assemble(media: SimDuration) -> SimDuration { span(media.seconds * assemblePerMedia + storeLatencyS) }

  /// Time of a worker to package a title.
  func package(media: SimDuration) -> SimDuration { span(media.seconds * packagePerMedia + storeLatencyS) }

  /// A task takes a millisecond at least, so that time passes, and at most longer than any run.
  private func span(_ seconds: Double) -> SimDuration { .seconds(max(0.001, min(1e7, seconds))) }

  /// Worker seconds of a second of media in all variants, at complexity 1 and without the store: the load that a
  /// second of uploaded media brings.
  var workPerMedia: Double { encodePerMedia.reduce(0, +) }
}

/// What chance makes of one attempt at a task.
struct AttemptFate: Equatable {
  /// Time until it ends, in success or failure.
  var duration: SimDuration
  /// Whether it fails at its end.
  var fails: Bool

  /// Draws the fate of an attempt: a spread around the expectation, sometimes a straggler, sometimes a failure on the
  /// way.
  ///
  /// Always four draws, so that settings move no draw.
  init(expected: SimDuration, settings: SchedulerSettings, spread: LognormalShape, stream: inout RandomStream) {
    var factor = stream.lognormal(mu: spread.mu, sigma: spread.sigma)
    if stream.chance(settings.stragglers) { factor *= settings.slowdown }
    fails = stream.chance(settings.failure)
    let reached = stream.uniformOpen()
    if fails { factor *= reached }
    duration = .seconds(max(1e-6, min(1e9, expected.seconds * factor)))
  }
}
