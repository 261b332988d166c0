/// What `simrun media inspect` prints: one JSON object with the boxes, tracks, fragments, indexes, events and findings
/// of a file.
public struct MediaInspection: Sendable {
  private let file: MediaFile
  private let hasInitialization: Bool

  /// Prepares the description of a file.
  ///
  /// - Parameter hasInitialization: true if the tracks come from a separate initialisation segment; they are then
  ///   described as that segment declares them, without the samples of this file.
  public init(_ file: MediaFile, hasInitialization: Bool = false) {
    self.file = file
    self.hasInitialization = hasInitialization
  }

  /// Reads a file and its initialisation segment, if there is one.
  ///
  /// - Throws: `FileError`, or `InputError` with byte offset and box path.
  public init(path: String, initialization: String? = nil, mode: MediaFile.Mode = .lenient) throws {
    let first = try initialization.map { try MediaFile(path: $0) }
    self.init(try MediaFile(path: path, initialization: first, mode: mode), hasInitialization: first != nil)
  }

  /// The JSON text, ending in a line feed.
  public var json: String {
    var out = JSONText()
    out.open("{")
    out.line()
    out.key("boxes")
    writeBoxes(&out)
    out.line()
    out.key("tracks")
    writeTracks(&out)
    out.line()
    out.key("fragments")
    writeFragments(&out)
    out.line()
    out.key("sidx")
    writeIndexes(&out)
    out.line()
    out.key("emsg")
    writeEvents(&out)
    out.line()
    out.key("smooth")
    writeSmooth(&out)
    out.line()
    out.key("diagnostics")
    writeDiagnostics(&out)
    out.line()
    out.close("}")
    out.line()
    return out.text
  }

  private func writeBoxes(_ out: inout JSONText) {
    out.open("[")
    for record in file.tree.records {
      out.open("[")
      out.value(Int(record.depth))
      out.value(record.type.description)
      out.value(record.offset)
      out.value(record.size)
      out.close("]")
    }
    out.close("]")
  }

  private func writeTracks(_ out: inout JSONText) {
    guard file.movie != nil else { return out.null() }
    out.open("[")
    for track in file.tracks where track.timescale != nil || track.sampleEntry.code != 0 {
      out.open("{")
      writeTrack(track, &out)
      out.close("}")
    }
    out.close("]")
  }

  private func writeTrack(_ track: MediaTrack, _ out: inout JSONText) {
    let samples = hasInitialization ? SampleTable() : track.samples
    out.key("id")
    out.value(track.id)
    out.key("type")
    out.value(track.kind.rawValue)
    out.key("codec")
    out.value(track.codec)
    if track.sampleEntry != FourCC(text: String(track.codec.prefix(4))) {
      out.key("sample_entry")
      out.value(track.sampleEntry.description)
    }
    out.key("timescale")
    out.value(track.timescale ?? 0)
    out.key("duration")
    out.value(track.declaredDuration)
    out.key("movie_duration")
    out.value(track.movieDuration)
    out.key("samples_duration")
    out.value(samples.totalDuration)
    out.key("nb_samples")
    out.value(samples.count)
    if let size = track.size {
      out.key("width")
      out.value(size.width)
      out.key("height")
      out.value(size.height)
    }
    if let audio = track.audio {
      out.key("channels")
      out.value(audio.channels)
      out.key("sample_rate")
      out.value(audio.sampleRate)
      out.key("sample_size")
      out.value(audio.sampleBits)
    }
    out.key("language")
    out.value(track.language)
    if !track.edits.isEmpty { writeEdits(track.edits, &out) }
    out.key("bitrate")
    if samples.totalDuration > 0, let timescale = track.timescale {
      out.value(Double(samples.totalBytes) * 8 / (Double(samples.totalDuration) / Double(timescale)))
    } else {
      out.null()
    }
  }

  private func writeEdits(_ edits: [MediaEdit], _ out: inout JSONText) {
    out.key("edits")
    out.open("[")
    for edit in edits {
      out.open("{")
      out.key("segment_duration")
      out.value(edit.segmentDuration)
      out.key("media_time")
      out.value(edit.mediaTime)
      out.key("rate")
      if edit.rate & 0xFFFF == 0 { out.value(edit.rate >> 16) } else { out.value(Double(edit.rate) / 65_536) }
      out.close("}")
    }
    out.close("]")
  }

  private func writeFragments(_ out: inout JSONText) {
    out.open("[")
    for fragment in file.fragments {
      out.open("{")
      out.key("offset")
      out.value(fragment.offset)
      out.key("size")
      out.value(fragment.size)
      out.key("seq")
      out.value(fragment.sequenceNumber)
      out.key("trafs")
      out.open("[")
      for track in fragment.tracks {
        out.open("{")
        writeTrackFragment(track, &out)
        out.close("}")
      }
      out.close("]")
      out.close("}")
    }
    out.close("]")
  }

  private func writeTrackFragment(_ fragment: TrackFragment, _ out: inout JSONText) {
    out.key("track")
    out.value(fragment.trackID)
    out.key("tfhd_flags")
    out.value(fragment.flags)
    out.key("base_data_offset")
    out.value(fragment.baseDataOffset)
    out.key("bmdt")
    if let time = fragment.decodeTime { out.value(time) } else { out.null() }
    out.key("tfdt_version")
    if let version = fragment.decodeTimeVersion { out.value(version) } else { out.null() }
    out.key("truns")
    out.open("[")
    for run in fragment.runs {
      out.open("{")
      out.key("flags")
      out.value(run.flags)
      out.key("version")
      out.value(run.version)
      out.key("count")
      out.value(run.count)
      out.key("data_offset")
      out.value(run.dataOffset)
      out.key("first_sample_flags")
      out.value(run.firstSampleFlags)
      out.close("}")
    }
    out.close("]")
    // Without an initialisation segment the defaults are unknown, and so is what the runs add up to.
    guard file.movie != nil, let track = file.tracks.first(where: { $0.id == fragment.trackID }) else { return }
    out.key("samples")
    out.value(fragment.rows.count)
    out.key("duration")
    out.value(fragment.duration)
    out.key("bytes")
    out.value(fragment.bytes)
    if let offset = fragment.firstOffset {
      out.key("first_offset")
      out.value(offset)
    }
    out.key("first_dts")
    out.value(fragment.startDecodeTime)
    out.key("end_dts")
    out.value(fragment.endDecodeTime)
    var earliest: Int64?
    var syncs: [Int] = []
    for (row, sample) in track.samples.samples(in: fragment.rows).enumerated() {
      earliest = min(earliest ?? Int64.max, sample.compositionTime)
      if sample.isSync { syncs.append(row) }
    }
    out.key("min_cts")
    if let earliest { out.value(earliest) } else { out.null() }
    out.key("sync")
    out.open("[")
    for row in syncs { out.value(row) }
    out.close("]")
  }

  private func writeIndexes(_ out: inout JSONText) {
    guard !file.indexes.isEmpty else { return out.null() }
    out.open("[")
    for index in file.indexes {
      out.open("{")
      out.key("offset")
      out.value(index.offset)
      out.key("size")
      out.value(index.size)
      out.key("ref_id")
      out.value(index.referenceID)
      out.key("timescale")
      out.value(index.timescale)
      out.key("ept")
      out.value(index.earliestPresentationTime)
      out.key("first_offset")
      out.value(index.firstOffset)
      out.key("refs")
      out.open("[")
      for reference in index.references {
        out.open("[")
        out.value(reference.isIndex ? 1 : 0)
        out.value(reference.size)
        out.value(reference.duration)
        out.value(reference.startsWithAccessPoint ? 1 : 0)
        out.value(reference.accessPointType)
        out.value(reference.accessPointDelta)
        out.close("]")
      }
      out.close("]")
      out.close("}")
    }
    out.close("]")
  }

  private func writeEvents(_ out: inout JSONText) {
    guard !file.events.isEmpty else { return out.null() }
    out.open("[")
    for event in file.events {
      out.open("{")
      out.key("offset")
      out.value(event.offset)
      out.key("version")
      out.value(event.fields.version)
      out.key("scheme")
      out.value(event.scheme)
      out.key("value")
      out.value(event.value)
      out.key("timescale")
      out.value(event.fields.timescale)
      if event.fields.version == 0 {
        out.key("ptd")
        out.value(event.fields.presentationTimeDelta)
      } else {
        out.key("pt")
        out.value(event.fields.presentationTime)
      }
      out.key("dur")
      out.value(event.fields.duration)
      out.key("id")
      out.value(event.fields.identifier)
      out.key("n")
      out.value(event.messageSize)
      out.close("}")
    }
    out.close("]")
  }

  /// Timing boxes of a Smooth Streaming fragment, summed over its runs.
  private func writeSmooth(_ out: inout JSONText) {
    guard let fragment = file.fragments.first?.tracks.first, let time = fragment.smoothTime else { return out.null() }
    out.open("{")
    out.key("tfxd")
    out.open("[")
    out.value(time.time)
    out.value(time.duration)
    out.close("]")
    out.key("tfrf")
    out.open("[")
    for next in fragment.smoothNext {
      out.open("[")
      out.value(next.time)
      out.value(next.duration)
      out.close("]")
    }
    out.close("]")
    out.key("track")
    out.value(fragment.trackID)
    out.key("samples")
    out.value(fragment.rows.count)
    out.key("sum_duration")
    out.value(fragment.duration)
    out.key("sum_size")
    out.value(fragment.bytes)
    out.close("}")
  }

  private func writeDiagnostics(_ out: inout JSONText) {
    out.open("[")
    for finding in file.diagnostics {
      out.open("{")
      out.key("severity")
      out.value(finding.severity.rawValue)
      out.key("offset")
      out.value(finding.offset)
      out.key("path")
      out.value(finding.path)
      out.key("message")
      out.value(finding.message)
      out.close("}")
    }
    out.close("]")
  }
}
