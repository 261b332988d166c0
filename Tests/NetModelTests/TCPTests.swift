import NetModel
import SimEngine
import Testing

@Suite("Fluid TCP") struct TCPTests {

  private func durations(_ experiment: DownloadExperiment) -> [Double] {
    experiment.run().map { (($0.completion ?? .distantFuture) - $0.start).seconds }
  }

  @Test("a cold object inside the initial window takes two round trips and its serialisation")
  func insideInitialWindow() throws {
    var experiment = DownloadExperiment(
      capacity: BitRate(mbps: 1), roundTrip: .milliseconds(100), starts: [.zero], objectBytes: 10 * 1448)
    var profile = TCPProfile()
    profile.handshakeSegmentBytes = 0
    experiment.profile = profile
    let request = Double(300 + 3 * 54) * 8 / 1e6
    #expect(abs(try #require(durations(experiment).first) - (0.2 + 15020 * 8 / 1e6 + request)) < 2e-9)
  }

  @Test("a cold object alone on a link meets the closed form of slow start", arguments: [1, 5, 20, 50, 200])
  func closedForm(mbps: Int) throws {
    let (roundTrip, bytes) = (0.1, 3_000_000.0)
    let experiment = DownloadExperiment(
      capacity: BitRate(mbps: Double(mbps)), roundTrip: .seconds(roundTrip), starts: [.zero],
      objectBytes: Int64(bytes))
    // T = 2 RTT + S/R + the stalls after each window that is sent in less than a round trip.
    let bytesPerSecond = Double(mbps) * 125_000
    let size = Double(experiment.profile.wireBytes(payload: Int64(bytes)))
    var expected = 2 * roundTrip + size / bytesPerSecond
    expected += experiment.profile.requestSerialisation(isNew: true, over: experiment.capacity).seconds
    var (window, released) = (15020.0, 15020.0)
    while released < size, window / bytesPerSecond < roundTrip {
      expected += roundTrip - window / bytesPerSecond
      window *= 2
      released += window
    }
    let duration = try #require(durations(experiment).first)
    #expect(abs(duration - expected) < 1e-7, "\(duration) \(expected)")
  }

  @Test("the next object on a connection takes one round trip and its serialisation")
  func warm() throws {
    var experiment = DownloadExperiment(
      capacity: BitRate(mbps: 5), roundTrip: .milliseconds(50), starts: [.zero], objectBytes: 1_500_000)
    experiment.objects = 3
    experiment.gap = .seconds(2)
    let all = durations(experiment)
    let profile = experiment.profile
    let wire = Double(profile.wireBytes(payload: 1_500_000)) * 8 / 5e6
    let request = profile.requestSerialisation(isNew: false, over: experiment.capacity).seconds
    #expect(all.count == 3)
    for duration in all.dropFirst() { #expect(abs(duration - (0.05 + wire + request)) < 1e-8) }
    #expect(all[0] > all[1] + 0.05)
  }

  @Test("a connection that restarts after idle is slower than one that keeps its window, faster than a cold one")
  func restart() {
    var experiment = DownloadExperiment(
      capacity: BitRate(mbps: 50), roundTrip: .milliseconds(50), starts: [.zero], objectBytes: 1_500_000)
    experiment.objects = 2
    experiment.gap = .seconds(2)
    let kept = durations(experiment)
    experiment.profile.restartAfterIdle = .seconds(1)
    let restarted = durations(experiment)
    #expect(restarted[0] == kept[0])
    #expect(restarted[1] > kept[1] + 0.1)
    #expect(restarted[1] < restarted[0] - 0.04)
    experiment.profile.restartAfterIdle = .seconds(5)
    #expect(durations(experiment) == kept)
  }

  @Test("a warm transfer is released at once and costs no event more than a plain flow")
  func noExtraEvents() {
    let profile = TCPProfile()
    var connection = TCPConnection()
    var link = EdgeLink(capacity: BitRate(mbps: 100), classCaps: [BitRate(mbps: 10)])
    let roundTrip = SimDuration.milliseconds(40)
    var now = connection.request(at: .zero, roundTrip: roundTrip, profile: profile)
    #expect(now == .seconds(0.06))
    var cold = TCPTransfer(payload: 500_000, on: connection, roundTrip: roundTrip, profile: profile, route: 0, owner: 9)
    var releases = 0
    while let next = cold.release(on: &link, at: now) {
      releases += 1
      while let due = link.nextCompletion, due <= next { while link.popCompleted(at: due) != nil {} }
      now = next
    }
    #expect(releases == 2)  // 15 kB and 30 kB are less than the pipe of 50 kB, 60 kB is more
    let sent = link.nextCompletion ?? .zero
    #expect(link.popCompleted(at: sent)?.owner == 9)
    connection.finish(cold, at: sent)
    #expect(connection.window >= 50_000)
    var warm = TCPTransfer(payload: 500_000, on: connection, roundTrip: roundTrip, profile: profile, route: 0, owner: 9)
    #expect(warm.release(on: &link, at: sent) == nil)
    #expect(warm.isReleased == true)
    #expect(link.activeFlows == 1)
  }

  @Test("the same transfer runs on either engine to the nanosecond")
  func eitherEngine() {
    func sent<Network: FlowNetwork & ~Copyable>(on network: inout Network) -> SimTime? {
      var connection = TCPConnection()
      let profile = TCPProfile()
      var time = connection.request(at: .zero, roundTrip: .milliseconds(80), profile: profile)
      var transfer = TCPTransfer(
        payload: 900_000, on: connection, roundTrip: .milliseconds(80), profile: profile, route: 0, owner: 1)
      while let next = transfer.release(on: &network, at: time) {
        while let due = network.nextCompletion, due <= next { while network.popCompleted(at: due) != nil {} }
        time = next
      }
      return network.nextCompletion
    }
    var edge = EdgeLink(capacity: BitRate(mbps: 20), classCaps: [.unlimited])
    var general = SharedNetwork()
    _ = general.addRoute(path: [general.addLink(capacity: BitRate(mbps: 20))])
    let (first, second) = (sent(on: &edge), sent(on: &general))
    #expect(first != nil && first == second)
  }

  @Test("loss caps follow the square-root law, and timeouts lower them")
  func lossCaps() {
    let path = LossyPath(lossRate: 0.01, roundTrip: .milliseconds(100), segmentsPerAcknowledgement: 1)
    // 1502 B / 0.1 s x sqrt(1.5) / 0.1
    #expect(abs(path.mathisCap.kbps - 1502 * 8 / 0.1 * 1.5.squareRoot() / 0.1 / 1000) < 1e-6)
    #expect(path.pftkCap < path.mathisCap)
    let few = LossyPath(lossRate: 1e-6, roundTrip: .milliseconds(100), segmentsPerAcknowledgement: 1)
    #expect(abs(few.pftkCap.kbps / few.mathisCap.kbps - 1) < 0.01)
    #expect(LossyPath(lossRate: 0, roundTrip: .milliseconds(50)).pftkCap == .unlimited)
    let bounded = LossyPath(lossRate: 0, roundTrip: .milliseconds(50), largestWindow: 10)
    #expect(abs(bounded.mathisCap.kbps - 10 * 1502 * 8 / 0.05 / 1000) < 1e-9)
  }

  @Test("objects too large for the network and rates that are none are mistakes with the option's name")
  func checks() {
    var experiment = DownloadExperiment(
      capacity: BitRate(mbps: 5), roundTrip: .milliseconds(50), starts: [.zero], objectBytes: 1 << 50)
    #expect(throws: (any Error).self) { try experiment.check() }
    experiment.objectBytes = 1000
    #expect(throws: Never.self) { try experiment.check() }
  }
}
