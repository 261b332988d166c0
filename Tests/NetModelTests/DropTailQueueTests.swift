import Foundation
import NetModel
import SimEngine
import Testing

@Suite("Bursts into a drop-tail queue") struct DropTailQueueTests {
  private let roundTrip = SimDuration.milliseconds(100)
  private let rate = BitRate(mbps: 10)
  private let profile = TCPProfile()

  private func connection(segments: Int64, threshold: Int64 = .max) -> TCPConnection {
    var connection = TCPConnection()
    connection.setWindow(segments * profile.wireSegmentBytes, threshold: threshold)
    return connection
  }

  private func fate(_ segments: Int64, on connection: TCPConnection, queue: Int64) -> DropTailQueue.Fate {
    DropTailQueue(segments: queue).fate(
      payload: segments * profile.segmentBytes, on: connection, rate: rate, roundTrip: roundTrip, profile: profile)
  }

  @Test("a burst loses nothing up to the queue and the segment on the link, and its end beyond")
  func room() {
    #expect(fate(101, on: connection(segments: 300), queue: 100).lostPayload == 0)
    let fate = fate(150, on: connection(segments: 300), queue: 100)
    #expect(fate.lostPayload == 49 * profile.segmentBytes)
    #expect(fate.window == profile.wireSegmentBytes)
    // The room's worth of acknowledgements had widened the window to 401 segments.
    let kept: Int64 = 421_611
    #expect((fate.threshold - kept).magnitude < 10)
    #expect(fate.after?.window == 75_100)
    #expect(fate.after?.threshold == fate.threshold)
    // The last acknowledgement, and a timer of the last round trip and 25 steps of two segments.
    let segment: Double = 1502 * 8 / 10e6
    let lastRoundTrip: Double = 0.1 + 101 * segment
    let silence: Double = 2 * lastRoundTrip + 50 * segment + 0.04
    #expect((fate.silence.seconds - silence).magnitude < 1e-8)
  }

  @Test("a loss before the end of an object costs window, not time")
  func recovery() {
    let fate = fate(500, on: connection(segments: 300), queue: 100)
    #expect(fate.lostPayload == 0 && fate.silence == .zero)
    let kept: Int64 = 421_611
    #expect(fate.window == fate.threshold)
    #expect((fate.window - kept).magnitude < 10)
    let avoiding = DropTailQueue(segments: 100).fate(
      payload: 500 * 1448, on: connection(segments: 300, threshold: 1502), rate: rate, roundTrip: roundTrip,
      profile: profile)
    let avoided: Int64 = 315_420
    #expect((avoiding.window - avoided).magnitude < 10)
  }

  @Test("slow start goes on from object to object until path and queue are full before the data ends")
  func slowStart() throws {
    // The path holds 83.2 segments, with the queue 183.2: it overflows when 366.5 could be in flight.
    #expect(fate(200, on: connection(segments: 100), queue: 100).after?.window == 450_600)
    let full = try #require(fate(300, on: connection(segments: 100), queue: 100).after)
    #expect(full.window == full.threshold)
    let left: Int64 = 385_280
    #expect((full.window - left).magnitude < 20)
  }

  @Test("an object whose end is lost arrives after the silence and a slow start from one segment")
  func timeout() throws {
    var experiment = DownloadExperiment(
      capacity: rate, roundTrip: roundTrip, starts: [.zero], objectBytes: 250 * profile.segmentBytes)
    experiment.objects = 2
    let quiet = experiment.run()
    experiment.bottleneckQueue = DropTailQueue(segments: 122)
    let rows = experiment.run()
    #expect(rows[0].completion == quiet[0].completion)
    // The window is 260 segments: 123 are sent, 127 lost, which take 1 + 2 + 4 + ... + 64 in seven round trips.
    let expected = fate(250, on: connection(segments: 260), queue: 122)
    #expect(expected.lostPayload == 127 * profile.segmentBytes)
    let request = profile.requestSerialisation(isNew: false, over: rate).seconds
    let duration = (try #require(rows[1].completion) - rows[1].start).seconds
    let last: Double = 64 * 1502 * 8 / 10e6
    let sum: Double = request + 0.1 + expected.silence.seconds + 0.6 + last
    #expect((duration - sum).magnitude < 1e-6)
  }

  @Test("a queue as long as the path holds at least 20 segments")
  func length() {
    #expect(DropTailQueue(bandwidthDelayProduct: BitRate(mbps: 1), roundTrip: .milliseconds(10)).segments == 20)
    #expect(DropTailQueue(bandwidthDelayProduct: rate, roundTrip: .milliseconds(200)).segments == 166)
  }

  @Test("a NewReno window grows by half in a round trip and halves at a loss")
  func newReno() throws {
    var experiment = DownloadExperiment(
      capacity: BitRate(mbps: 1000), roundTrip: roundTrip, starts: [.zero], objectBytes: 100 * profile.segmentBytes)
    experiment.profile.congestionControl = .newReno
    // NewReno needs a fifth window after 10 + 15 + 22.5 + 33.75 segments, Cubic four: 10 + 20 + 40 + 80.
    let newReno = (try #require(experiment.run().first?.completion)).seconds
    experiment.profile.congestionControl = .cubic
    let cubic = (try #require(experiment.run().first?.completion)).seconds
    let difference: Double = newReno - cubic
    #expect(difference > 0.099)
    #expect(difference < 0.101)
    #expect(CongestionControl.newReno.windowAfterLoss(30_040) == 15_020)
  }

  /// Errors of single clients against packet-level runs, by congestion control.
  private func errors(_ file: String, fromObject first: Int) throws -> [String: [Double]] {
    let text = try String(contentsOfFile: Reference.folder + "/net/" + file, encoding: .utf8)
    let lines = text.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false) }
    func column(_ name: Substring) throws -> Int { try #require(lines[0].firstIndex(of: name)) }
    let (control, queue, rate, flows) = (
      try column("cc"), try column("queue"), try column("rate_mbps"), try column("n_flows")
    )
    let (trip, bytes, completion) = (try column("rtt_ms"), try column("object_bytes"), try column("completion_s"))
    let (gap, object) = (lines[0].firstIndex(of: "gap_s"), lines[0].firstIndex(of: "object_index"))
    func number(_ line: [Substring], _ column: Int?) -> Double { column.flatMap { Double(line[$0]) } ?? 0 }
    var result: [String: [Double]] = [:]
    for line in lines.dropFirst() where line[flows] == "1" && number(line, object) >= Double(first) {
      var experiment = DownloadExperiment(
        capacity: BitRate(mbps: number(line, rate)), roundTrip: .seconds(number(line, trip) / 1000), starts: [.zero],
        objectBytes: Int64(number(line, bytes)))
      experiment.objects = Int(number(line, object)) + 1
      experiment.gap = .seconds(number(line, gap))
      experiment.profile.congestionControl = line[control] == "TcpNewReno" ? .newReno : .cubic
      if line[queue] == "bdp" {
        experiment.bottleneckQueue = DropTailQueue(
          bandwidthDelayProduct: experiment.capacity, roundTrip: experiment.roundTrip)
      }
      let row = try #require(experiment.run().last)
      let duration = (try #require(row.completion) - row.start).seconds
      let relative: Double = duration / number(line, completion) - 1
      result[String(line[control]), default: []].append(relative.magnitude)
    }
    return result.mapValues { $0.sorted() }
  }

  @Test(
    "a client alone on its link takes as long as in packet-level runs, cold and warm",
    .enabled(if: Reference.isPresent, Comment(rawValue: Reference.absence)))
  func packets() throws {
    func quantile(_ errors: [Double]?, _ share: Double) throws -> Double {
      let errors = try #require(errors)
      return errors[Int(Double(errors.count - 1) * share)]
    }
    let warm = try errors("ns3_tcp_sequence.csv", fromObject: 1)
    #expect(try quantile(warm["TcpCubic"], 0.5) < 0.005)
    #expect(try quantile(warm["TcpCubic"], 0.9) < 0.07)
    #expect(try quantile(warm["TcpNewReno"], 0.5) < 0.15)
    let cold = try errors("ns3_tcp_download.csv", fromObject: 0)
    #expect(try quantile(cold["TcpCubic"], 0.5) < 0.01)
    #expect(try quantile(cold["TcpNewReno"], 0.5) < 0.006)
    #expect(try quantile(cold["TcpNewReno"], 0.9) < 0.04)
  }
}
