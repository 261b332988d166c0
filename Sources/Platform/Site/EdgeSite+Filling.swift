// Placement that learns: an edge site counts who asks for what, foretells the next hours from it, and is filled anew.
//
//   sessions by title -> forecaster -> files by expected bytes per byte -> FillPlan -> fillStep, fillStep, ...
//
// Without a forecaster the site keeps what was placed at the start (Site/Placement.swift).

import CDNModel
import SimEngine

/// How the edge sites of a run are filled: what they all have in common.
struct FillingPlan {
  let placement: Placement
  /// Forecaster that has seen the day before the run.
  let forecaster: any PopularityForecaster
  /// The rendition in which demand is counted, and its files' sizes by title.
  let rendition: Int
  let fileBytes: [Int64]
  let interval: SimDuration
  let bitsPerSecond: Int64

  /// The title's file in that rendition: what forecasters know it by.
  func file(_ title: Int) -> SegmentKey { .wholeFile(title: title, representation: rendition) }

  /// Sessions that a forecaster expects in the next interval, by title.
  func expectedSessions(_ forecaster: any PopularityForecaster) -> [Double] {
    fileBytes.indices.map { forecaster.expectedBytes(file($0)) / Double(max(1, fileBytes[$0])) }
  }

  func demand(_ sessions: [Double]) -> [FileDemand] {
    sessions.indices.compactMap { title in
      sessions[title] > 0
        ? FileDemand(file: file(title), bytes: sessions[title] * Double(fileBytes[title])) : nil
    }
  }
}

extension FillingPlan {
  /// `nil` where a scenario's placement knows the demand, or places nothing.
  ///
  /// What forecasters know when the run starts is the day before it, drawn as the run draws its own viewers.
  init?(
    scenario: Scenario, catalog: Catalog, demand: Demand, pattern: SegmentPattern, identity: RunIdentity
  ) throws(PolicyFailure) {
    let edge = scenario.cdn.edge
    guard let choice = try edge.forecasterChoice else { return nil }
    var yesterday = scenario
    // The same clock a day earlier; no premiere is known yet.
    yesterday.viewers.premiere = nil
    let table = DemandTable(
      scenario: yesterday, pattern: pattern,
      identity: RunIdentity(seed: identity.seed, replication: identity.replication &+ 1 << 32), hours: 24,
      sessionLimit: 300_000)
    let missing = catalog.titleCount - table.fileBytes.count
    rendition = table.rendition
    fileBytes =
      table.fileBytes
      + (0..<missing).map { catalog.fileBytes(title: table.fileBytes.count + $0, representation: table.rendition) }
    interval = edge.refillInterval
    bitsPerSecond = edge.fillBitsPerSecond
    var forecaster = choice.make(fileBytes: fileBytes)
    for hour in table.requests {
      forecaster.observe(
        hour.enumerated().compactMap { title, count in
          count == 0
            ? nil
            : FileDemand(
              file: .wholeFile(title: title, representation: table.rendition),
              bytes: Double(count) * Double(table.fileBytes[title]))
        })
    }
    self.forecaster = forecaster
    let sizes = fileBytes
    let counted = table.rendition
    placement = Placement(scenario: scenario, catalog: catalog, demand: demand).foretold { title in
      forecaster.expectedBytes(.wholeFile(title: title, representation: counted)) / Double(max(1, sizes[title]))
    }
  }
}

/// The filling of one site.
struct SiteFilling {
  let plan: FillingPlan
  var forecaster: any PopularityForecaster
  /// Sessions that asked for each title since the last forecast.
  var sessions: [Double]
  /// Steps of the plan that is being carried out, with their servers.
  var steps: [(server: Int, step: FillStep)] = []
  /// Number of that plan.
  var number: UInt32 = 0

  init(_ plan: FillingPlan) {
    self.plan = plan
    forecaster = plan.forecaster
    sessions = [Double](repeating: 0, count: plan.fileBytes.count)
  }
}

extension EdgeSiteState {
  /// An interval is over: foretells the next one, and plans which files come and which go.
  mutating func planFill(at now: SimTime) {
    guard var filling else { return }
    self.filling = nil
    let plan = filling.plan
    queue.schedule(.fill, at: now + plan.interval)
    filling.forecaster.observe(plan.demand(filling.sessions))
    for title in filling.sessions.indices { filling.sessions[title] = 0 }
    let expected = plan.expectedSessions(filling.forecaster)
    let candidates = plan.placement.candidates { expected[$0] }
    // Servers that share the rate are filled at once, each with its part of it.
    let window = FillWindow(
      startSecond: 0, lengthSeconds: max(1, min(86_400, Int(plan.interval.seconds))),
      bitsPerSecond: max(1, plan.bitsPerSecond / Int64(cache.count)))
    filling.steps.removeAll(keepingCapacity: true)
    filling.number &+= 1
    let copies = cache.copies(of: candidates)
    for server in 0..<cache.count where cache.isUp(server) {
      let mine = cache.share(of: server).placeable(candidates, copies: copies)
      let fill = FillPlan(
        from: cache.placed(on: server), candidates: mine, capacityBytes: cache.pinnedCapacityBytes(of: server),
        window: window)
      totals.fillMissedBytes += fill.missedBytes
      for step in fill.steps {
        queue.schedule(
          .fillStep(UInt32(filling.steps.count), plan: filling.number),
          at: now + SimDuration(nanoseconds: step.arrivalNanoseconds))
        filling.steps.append((server, step))
      }
    }
    self.filling = filling
  }

  /// A file has arrived whole.
  mutating func carryOut(_ number: UInt32, of plan: UInt32) {
    guard let filling, filling.number == plan else { return }
    let (server, step) = filling.steps[Int(number)]
    guard cache.isUp(server) else { return }
    for file in step.withdrawals {
      cache.withdraw(
        file, bytes: catalog.fileBytes(title: file.title, representation: file.representation), from: server)
    }
    if cache.place(step.file, bytes: step.bytes, on: server) { totals.fillBytes += step.bytes }
  }
}
