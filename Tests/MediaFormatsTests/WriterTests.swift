import Foundation
import MediaFormats
import Testing

@Suite("Writing media and manifests")
struct WriterTests {
  private func samples(_ track: MediaTrack, _ file: MediaFile) -> [SampleToWrite] {
    track.samples.samples.map { sample in
      SampleToWrite(
        duration: sample.duration, compositionOffset: Int32(sample.compositionTime - sample.decodeTime),
        isSync: sample.isSync, payload: file.bytes.copy(Int(sample.offset)..<Int(sample.offset) + Int(sample.size)))
    }
  }

  /// A progressive file cut into fragments of so many samples.
  private func fragmented(_ path: String, every count: Int) throws -> (source: MediaFile, bytes: [UInt8]) {
    let source = try MediaFile(path: path)
    var bytes = try InitializationWriter.bytes(source.tracks.compactMap { TrackDescription($0, in: source) })
    var writer = FragmentWriter()
    let lists = source.tracks.map { samples($0, source) }
    var times = lists.map { _ in UInt64(0) }
    for start in stride(from: 0, to: lists.map(\.count).max() ?? 0, by: count) {
      var parts: [FragmentWriter.Part] = []
      for (index, track) in source.tracks.enumerated() where start < lists[index].count {
        let part = Array(lists[index][start..<min(start + count, lists[index].count)])
        parts.append(FragmentWriter.Part(trackID: track.id, decodeTime: times[index], samples: part))
        times[index] += part.reduce(0) { $0 + UInt64($1.duration) }
      }
      bytes += try writer.fragment(parts)
    }
    return (source, bytes)
  }

  @Test("fragments written from a progressive file hold the same samples and bytes", arguments: [1, 7, 1000])
  func fragments(every count: Int) throws {
    let (source, bytes) = try fragmented(repositoryFile("Tests/Fixtures/headers_v1.mp4"), every: count)
    let file = try MediaFile(MediaBytes(bytes))
    #expect(file.diagnostics.isEmpty)
    for (track, copy) in zip(source.tracks, file.tracks) {
      #expect(copy.codec == track.codec)
      #expect(copy.timescale == track.timescale)
      let (old, new) = (samples(track, source), samples(copy, file))
      #expect(old.count == new.count)
      for (left, right) in zip(old, new) {
        #expect(left.payload == right.payload)
        #expect(
          (left.duration, left.compositionOffset, left.isSync) == (
            right.duration, right.compositionOffset, right.isSync
          ))
      }
    }
    let again = try fragmented(repositoryFile("Tests/Fixtures/headers_v1.mp4"), every: count).bytes
    #expect(again == bytes)
  }

  @Test("ffprobe reads the fragments that were written", .enabled(if: FFprobe.isInstalled, "ffprobe is not installed"))
  func readable() throws {
    let (source, bytes) = try fragmented(repositoryFile("Tests/Fixtures/headers_v1.mp4"), every: 5)
    let packets = try FFprobe.packets(bytes, entries: "stream_index,size")
    #expect(packets.count == source.tracks.reduce(0) { $0 + $1.samples.count })
    for (stream, track) in source.tracks.enumerated() {
      let sizes = packets.filter { $0.hasPrefix("\(stream),") }.compactMap { UInt32($0.dropFirst(2)) }
      #expect(sizes == track.samples.samples.map(\.size))
    }
  }

  @Test("negative composition offsets are written in the signed form")
  func negativeOffsets() throws {
    var writer = FragmentWriter()
    let entry = try FragmentedFixture.sampleEntry()
    let start = try InitializationWriter.bytes([
      TrackDescription(id: 1, kind: .video, timescale: 100, sampleEntry: entry)
    ])
    let list = [-3, 0, 5].map { SampleToWrite(duration: 10, compositionOffset: $0, isSync: $0 < 0, payload: [1, 2]) }
    let bytes = try writer.fragment([FragmentWriter.Part(trackID: 1, decodeTime: 1 << 33, samples: list)])
    let file = try MediaFile(MediaBytes(start + bytes))
    #expect(file.fragments[0].tracks[0].runs[0].version == 1)
    #expect(file.fragments[0].tracks[0].decodeTime == 1 << 33)
    #expect(file.tracks[0].samples.samples.map { $0.compositionTime - $0.decodeTime } == [-3, 0, 5])
    #expect(file.tracks[0].samples.samples.map(\.isSync) == [true, false, false])
  }

  @Test("an index of more than 65535 segments is split, and resolves to every one of them")
  func splitIndex() throws {
    let count = 2 * SegmentIndexWriter.referenceLimit + 17
    let entries = (0..<count).map { SegmentIndexWriter.Entry(size: UInt32(100 + $0 % 7), duration: 50) }
    let bytes = try SegmentIndexWriter(trackID: 1, timescale: 1000, start: 9).bytes(entries)
    let payload = entries.reduce(0) { $0 + Int($1.size) }
    let file = try MediaFile(MediaBytes(bytes + [UInt8](repeating: 0, count: payload).withFreeBox))
    #expect(file.indexes.count == 4)
    let found = try SegmentIndex.entries(of: file.indexes[0], among: file.indexes)
    #expect(found.count == count)
    var position = bytes.count
    var time: UInt64 = 9
    for (entry, expected) in zip(found, entries) {
      #expect(entry.range == position..<position + Int(expected.size) && entry.time == time)
      if entry.range.lowerBound != position { break }
      position += Int(expected.size)
      time += 50
    }
    let small = try SegmentIndexWriter(trackID: 1, timescale: 1000).bytes(Array(entries.prefix(3)))
    #expect(small.count == 40 + 36)
  }

  @Test(
    "a manifest written from any presentation reads back as the same segments",
    .enabled(if: ReferenceFiles.isPresent, "the reference folder is absent"),
    arguments: [
      "ladder/manifest.mpd", "dash-number/manifest.mpd", "dash-list/manifest.mpd", "dash-ondemand/manifest.mpd",
      "dash-segmentbase/manifest.mpd", "hls-byterange/media.m3u8", "hls-files/p_lo.m3u8",
    ])
  func dash(_ name: String) throws {
    let original = try Presentation(manifest: ReferenceFiles.folder + name)
    let text = try DASHWriter.text(original)
    let copy = try Presentation(text: Array(text.utf8), source: name)
    for (left, right) in zip(original.tracks, copy.tracks) {
      for (old, new) in zip(left.representations, right.representations) {
        #expect(old.segments.map(\.resource) == new.segments.map(\.resource))
        #expect(old.segments.map(\.start) == new.segments.map(\.start))
        #expect(old.segments.map(\.duration) == new.segments.map(\.duration))
        #expect(old.initialization == new.initialization)
        #expect((old.id, old.bandwidth, old.codecs) == (new.id, new.bandwidth, new.codecs))
      }
    }
    #expect(try DASHWriter.text(original) == text)
  }

  @Test("playlists read back as they were written")
  func hls() throws {
    let folder = repositoryFile("scenarios/media/")
    let bytes = try MediaBytes(path: folder + "media_5.m3u8")
    let playlist = try HLSMediaPlaylist(text: bytes.copy(0..<bytes.count), source: "media_5.m3u8")
    let copy = try HLSMediaPlaylist(text: Array(HLSWriter.text(playlist).utf8), source: "copy.m3u8")
    #expect(copy.segments == playlist.segments)
    #expect((copy.mediaSequence, copy.targetDuration, copy.isEnded) == (1, 4, true))
    let masterBytes = try MediaBytes(path: folder + "master.m3u8")
    let master = try HLSMasterPlaylist(text: masterBytes.copy(0..<masterBytes.count), source: "master.m3u8")
    let masterCopy = try HLSMasterPlaylist(text: Array(HLSWriter.text(master).utf8), source: "copy.m3u8")
    #expect(masterCopy.variants == master.variants)
    #expect(masterCopy.renditions == master.renditions)
  }

  @Test("a Smooth manifest reads back as it was written", .enabled(if: ReferenceFiles.isPresent))
  func smooth() throws {
    let original = try Presentation(manifest: ReferenceFiles.folder + "smooth/pres.ism/Manifest.t.xml")
    let text = try SmoothWriter.text(original)
    let copy = try Presentation(text: Array(text.utf8), source: "copy.ismc")
    for (left, right) in zip(original.tracks, copy.tracks) {
      for (old, new) in zip(left.representations, right.representations) {
        #expect(Array(old.segments) == Array(new.segments))
        #expect(old.smooth == new.smooth)
      }
    }
  }
}

/// Pieces of the small fixtures.
enum FragmentedFixture {
  static func sampleEntry() throws -> [UInt8] {
    let file = try MediaFile(path: repositoryFile("Tests/Fixtures/headers_v1.mp4"))
    return TrackDescription(file.tracks[0], in: file).map(\.sampleEntry) ?? []
  }
}

extension [UInt8] {
  /// The bytes as the payload of a `free` box.
  fileprivate var withFreeBox: [UInt8] {
    let size = UInt32(count + 8)
    return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } + Array("free".utf8) + self
  }
}
