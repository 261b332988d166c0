import IngestModel
import MediaFormats
public import NetModel
import PlayerModel
import Reporting
public import Platform
public import SimEngine
import TextFormats

/// A scenario ready to run: decoded, checked, its media measured.
public struct ScenarioFile: Sendable {
  /// Path as the user gave it.
  public let path: String
  /// The checked scenario.
  public private(set) var scenario: Scenario
  /// Segment sizes of its ladder.
  public let pattern: SegmentPattern
  /// The capacity trace that edge links follow, if it names one.
  public let edgeTrace: CapacityTrace?
  /// The text with overrides, from which configurations of a comparison are made.
  let document: JSONText

  /// Reads a scenario file, applies overrides and measures the ladder that it names.
  ///
  /// - Parameter overrides: values to replace, each with the words that asked for it, for messages.
  /// - Throws: `FileError` where a file is missing, `InputError` with every finding about the scenario or its media.
  public init(path: String, overrides: [ScenarioOverride] = []) throws {
    var document = try JSONText(readingFile: path)
    for override in overrides { try document.set(path: override.path, to: override.value, origin: override.origin) }
    try self.init(path: path, document: document)
  }

  /// The same scenario with further overrides.
  public func with(_ overrides: [ScenarioOverride]) throws -> ScenarioFile {
    var document = self.document
    for override in overrides { try document.set(path: override.path, to: override.value, origin: override.origin) }
    var file = try ScenarioFile(path: path, document: document)
    file.scenario.duration = min(file.scenario.duration, scenario.duration)
    return file
  }

  /// The same scenario, ended sooner; what would happen later is left out, not an error.
  ///
  /// - Returns: `nil` if nothing would be observed, because the warm-up does not end before.
  public func ending(after duration: SimDuration) -> ScenarioFile? {
    guard duration > scenario.warmup else { return nil }
    var file = self
    file.scenario.duration = min(duration, scenario.duration)
    return file
  }

  private init(path: String, document: JSONText) throws {
    let scenario = try SettingsDecoder.decode(Scenario.self, from: document)
    edgeTrace = try Self.edgeTrace(of: scenario, beside: path, in: document)
    self.path = path
    self.document = document
    self.scenario = scenario
    pattern = try scenario.kind == .platform ? Self.pattern(of: scenario, document, path: path) : .none
  }

  /// Measures the ladder that a scenario names.
  private static func pattern(of scenario: Scenario, _ document: JSONText, path: String) throws -> SegmentPattern {
    let manifest = Self.path(of: scenario.catalog.manifest, beside: path)
    let ladder: MediaLadder
    do {
      ladder = try MediaLadder(manifest: manifest)
    } catch let error as FileError where error.operation == .find {
      let place = document.root["catalog"]?["manifest"]?.place ?? InputPlace(source: path, path: "catalog.manifest")
      throw FileError(.find, path: error.path, reason: "\(error.reason), asked for by \(place)")
    }
    var pattern = try SegmentPattern(ladder: ladder, source: manifest)
    if let media = scenario.ingest?.chunks.media, !media.isEmpty {
      let place = document.root["ingest"]?["chunks"]?["media"]?.place ?? InputPlace(source: path)
      let keyframes = try KeyframeTimes(path: Self.path(of: media, beside: path))
      guard let source = KeyframeSource(keyframes) else {
        throw InputError(place, "the video of \(media) lasts no time")
      }
      pattern.keyframes = source
    }
    if scenario.player.frameSample > 0 {
      pattern.frames = try FramePattern(manifest: manifest, segmentDuration: pattern.segmentDuration)
    }
    if let message = pattern.objection(toRungs: scenario.catalog.rungsBitsPerSecond) {
      let place = document.root["catalog"]?["rungs"]?.place ?? InputPlace(source: path, path: "catalog.rungs")
      throw InputError(place, message, suggestion: "\(manifest) has \(pattern.videoBytes.count) video renditions")
    }
    if let message = pattern.objection(toHeights: scenario.catalog.heights) {
      let place = document.root["catalog"]?["heights"]?.place ?? InputPlace(source: path, path: "catalog.heights")
      throw InputError(place, message, suggestion: "\(manifest) has \(pattern.videoBytes.count) video renditions")
    }
    let files = max(1, scenario.catalog.codecs.count) * pattern.videoBytes.count
    if files > SegmentPattern.mostRepresentations {
      let place = document.root["catalog"]?["codecs"]?.place ?? InputPlace(source: path, path: "catalog.codecs")
      throw InputError(
        place,
        "\(scenario.catalog.codecs.count) codecs of \(pattern.videoBytes.count) renditions are \(files) files a title, "
          + "more than \(SegmentPattern.mostRepresentations)")
    }
    return pattern
  }

  private static func edgeTrace(
    of scenario: Scenario, beside path: String, in document: JSONText
  ) throws -> CapacityTrace? {
    let name = scenario.network.edgeTrace
    guard !name.isEmpty else { return nil }
    let place = document.root["network"]?["edge_trace"]?.place ?? InputPlace(source: path, path: "network.edge_trace")
    let trace: CapacityTrace
    do {
      trace = try CapacityTrace.read(file: Self.path(of: name, beside: path))
    } catch let error as FileError where error.operation == .find {
      throw FileError(.find, path: error.path, reason: "\(error.reason), asked for by \(place)")
    }
    guard trace.meanCapacity > .zero else { throw InputError(place, "the trace has no capacity at any time") }
    return trace
  }

  /// A path in a scenario is relative to the scenario's folder.
  private static func path(of name: String, beside scenario: String) -> String {
    guard !name.hasPrefix("/"), let slash = scenario.lastIndex(of: "/") else { return name }
    return scenario[...slash] + name
  }
}

/// A value of a scenario replaced from outside.
public struct ScenarioOverride: Sendable, Equatable {
  /// Where, for example `cdn.edge.policy`.
  public var path: String
  /// The new value, as JSON or bare text.
  public var value: String
  /// Where it was asked for, for messages: `--set cdn.edge.policy=lru`.
  public var origin: String

  /// An override.
  public init(path: String, value: String, origin: String) {
    self.path = path
    self.value = value
    self.origin = origin
  }
}

extension ScenarioFile {
  /// The platform of this scenario, ready for one run.
  func world(_ identity: RunIdentity) throws -> World {
    try World(scenario: scenario, pattern: pattern, edgeTrace: edgeTrace, identity: identity)
  }

  /// SHA-256 of all that a run is made from, besides its seed: the resolved scenario and the sizes of the media.
  var inputSHA256: String {
    var hash = SHA256()
    hash.update(Scenario.settings.resolved(scenario).text().utf8)
    for period in edgeTrace?.periods ?? [] {
      hash.update("\(period.end.nanoseconds) \(period.capacity.bitsPerSecond) ".utf8)
    }
    hash.update("\(pattern.segmentDuration.nanoseconds) \(pattern.videoBytes) \(pattern.audioBytes)".utf8)
    if let keyframes = pattern.keyframes { hash.update("\(keyframes)".utf8) }
    return hash.hexadecimal()
  }

  /// The scenario with all its defaults, as JSON that decodes to the same scenario.
  public var resolvedText: String { Scenario.settings.resolved(scenario).text(indented: true) }
}
