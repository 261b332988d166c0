// Pensieve's network: 95 % of the bandwidth is payload, and every request costs one round trip at the end.

/// A client on bandwidth samples in Pensieve's arithmetic (Mao, Netravali, Alizadeh, SIGCOMM 2017; its simulator).
///
/// Times of the trace are in seconds. A trace starts at its first sample; when it is over it starts again at time 0, so that
/// the first stretch of a later round uses the second sample's bandwidth from 0 on.
struct PensieveNetwork {
  private let seconds: [Double]
  private let megabits: [Double]
  private var pointer = 1
  private var last: Double

  static let payloadShare = 0.95
  static let roundTripMs = 80.0

  init(_ samples: BandwidthSamples) {
    seconds = samples.seconds
    megabits = samples.megabits
    last = samples.seconds[0]
  }

  private mutating func nextSample() {
    last = seconds[pointer]
    pointer += 1
    if pointer >= seconds.count {
      pointer = 1
      last = 0
    }
  }

  /// Downloads a chunk.
  ///
  /// Answers the delay in milliseconds.
  mutating func download(bytes: Double) -> Double {
    var sent = 0.0
    var delay = 0.0
    while true {
      let throughput = megabits[pointer] * 1e6 / 8
      let duration = seconds[pointer] - last
      let payload = throughput * duration * Self.payloadShare
      if sent + payload > bytes {
        let part = (bytes - sent) / throughput / Self.payloadShare
        delay += part
        last += part
        return delay * 1000 + Self.roundTripMs
      }
      sent += payload
      delay += duration
      nextSample()
    }
  }

  /// Sleeps.
  ///
  /// Answers what is left of `ms` after the walk over whole samples, which is what Pensieve adds to its clock.
  mutating func sleep(ms: Double) -> Double {
    var rest = ms
    while true {
      let duration = seconds[pointer] - last
      if duration > rest / 1000 {
        last += rest / 1000
        return rest
      }
      rest -= duration * 1000
      nextSample()
    }
  }
}
