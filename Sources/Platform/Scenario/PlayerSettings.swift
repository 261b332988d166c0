import PlayerModel
public import SimEngine
public import TextFormats

/// The adaptive player of every viewer.
public struct PlayerSettings: SettingsGroup, Equatable {
  /// Rule that chooses the quality of each segment.
  public var abr = "bola"
  /// Media that the player holds at most.
  public var bufferTarget = SimDuration.milliseconds(30_000)
  /// Media that must be there before the first frame is shown.
  public var startupBuffer = SimDuration.milliseconds(4_000)
  /// Media that must be there before playing goes on after a stall.
  public var resumeBuffer = SimDuration.milliseconds(4_000)
  /// Round trips between the press on play and the first segment request: connection, TLS and manifest.
  public var setupRoundTrips = 4.0
  /// Below this level a download in flight is watched, and given up for a lower quality if the rule says so.
  public var watchedLevel = SimDuration.milliseconds(10_000)

  /// What throughput is measured over.
  public var throughputOver = ThroughputSpan.transfer
  /// Share of the sessions that are played again frame by frame, up to their first jump.
  public var frameSample = 0.0
  /// Share of the sessions whose requests cmcd.csv lists.
  public var cmcdSample = 0.0

  /// BOLA with a 30 s buffer.
  public init() {}

  /// The table of `player`.
  public static var settings: SettingsTable<PlayerSettings> {
    SettingsTable<PlayerSettings>("The adaptive player of every viewer.")
      .text(
        "abr", \.abr,
        "Rule that chooses the quality of each segment: \(AbrName.allCases.map(\.rawValue).joined(separator: ", ")), "
          + "with fixed:q=K and neural:model=FILE[,precision=w8a8]."
      )
      .duration(
        "buffer", \.bufferTarget.nanoseconds, 1_000_000_000...3_600_000_000_000, "Media that the player holds at most."
      )
      .duration(
        "startup_buffer", \.startupBuffer.nanoseconds, 0...600_000_000_000,
        "Media that must be there before the first frame is shown."
      )
      .duration(
        "resume_buffer", \.resumeBuffer.nanoseconds, 0...600_000_000_000,
        "Media that must be there before playing goes on after a stall."
      )
      .number(
        "setup_round_trips", \.setupRoundTrips, 0...100,
        "Round trips between play and the first segment request: connection, TLS and manifest."
      )
      .duration(
        "watched_level", \.watchedLevel.nanoseconds, 0...600_000_000_000,
        "Below this level a download in flight may be given up for a lower quality."
      )
      .choice(
        "throughput_over", \.throughputOver,
        "What throughput is measured over: the transfer alone, as players do, or the whole request, so that what edge "
          + "caches have does not raise hopes of what they lack."
      )
      .fraction(
        "frame_sample", \.frameSample, 0...1,
        "Share of the sessions that are played again frame by frame through the pipeline, up to their first jump."
      )
      .fraction(
        "cmcd_sample", \.cmcdSample, 0...1,
        "Share of the sessions whose requests cmcd.csv lists: what the player told with each (CTA-5004), what the edge did."
      )
      .check { player, places in
        var findings: [InputDiagnostic] = []
        do {
          _ = try AbrSpecification(parsing: player.abr, at: places["abr"])
        } catch let error as InputError {
          findings += error.diagnostics
        } catch {
          findings.append(InputDiagnostic(place: places["abr"], message: "\(error)"))
        }
        if player.startupBuffer > player.bufferTarget {
          findings.append(
            InputDiagnostic(
              place: places["startup_buffer"], message: "more than 'buffer' can hold, so playing would never start"))
        }
        if player.resumeBuffer > player.bufferTarget {
          findings.append(
            InputDiagnostic(
              place: places["resume_buffer"], message: "more than 'buffer' can hold, so playing would never resume"))
        }
        return findings
      }
  }
}

/// What a player measures its throughput over.
public enum ThroughputSpan: String, CaseIterable, Sendable {
  /// First byte to last byte: what a cache answers at once looks like a fast network.
  case transfer
  /// Request to last byte, without the round trip: waiting for a cache to fetch counts as a slow network.
  case request
}
