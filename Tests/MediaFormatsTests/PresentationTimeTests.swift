import Foundation
import MediaFormats
import Testing

@Suite("Presentation times through edit lists")
struct PresentationTimeTests {
  @Test(
    "timestamps of every file with edit lists equal those that ffprobe prints",
    .enabled(if: ReferenceFiles.isPresent, "the reference folder is absent"))
  func timestamps() throws {
    var compared = 0
    for path in ReferenceFiles.goldenMedia {
      let list = ReferenceFiles.folder + "golden/" + path + ".ffprobe_presentation.csv"
      guard FileManager.default.fileExists(atPath: list) else { continue }
      let file = try MediaFile(path: ReferenceFiles.folder + path)
      let scale = file.movie?.timescale ?? 0
      let rows = try ReferenceFiles.lines(list).dropFirst().map {
        $0.split(separator: ",", omittingEmptySubsequences: false)
      }
      for (stream, track) in file.tracks.enumerated() {
        let timeline = try #require(EditTimeline(track, movieTimescale: scale))
        var samples: [Int64: MediaSample] = [:]
        for sample in track.samples.samples { samples[sample.offset] = sample }
        let starts = Set(track.edits.map(\.mediaTime))
        let isOnSample = track.edits.isEmpty || samples.values.contains { starts.contains($0.compositionTime) }
        var shifts: Set<Int> = []
        for row in rows where Int(row[0]) == stream {
          guard let position = Int64(row[5]), let expected = Int64(row[1]), let sample = samples[position] else {
            continue
          }
          let time = try #require(timeline.timestamp(of: sample))
          let shift = time.seconds * Double(timeline.timescale) - Double(expected)
          // ffprobe rounds empty edits to media ticks, and an edit that begins inside a sample to that sample.
          #expect(abs(shift) <= (isOnSample ? 1 : Double(sample.duration)), "\(path) stream \(stream) byte \(position)")
          shifts.insert(Int(shift.rounded()))
          compared += 1
        }
        #expect(shifts.count <= 1, "\(path) stream \(stream)")
      }
    }
    #expect(compared > 1000)
  }

  @Test("samples outside the edits are not presented, samples inside are once")
  func cutting() throws {
    let file = try MediaFile(path: repositoryFile("Tests/Fixtures/headers_v1.mp4"))
    let video = try #require(file.tracks.first)
    let timeline = try #require(EditTimeline(video, movieTimescale: 1000))
    let starts = video.samples.samples.flatMap { timeline.presentations(of: $0) }
    #expect(starts.count == 20)
    #expect(starts.min() == .zero)
    #expect(starts.max() == RationalTime(ticks: 19, timescale: 10))
    let audio = file.tracks[1]
    let sound = try #require(EditTimeline(audio, movieTimescale: 1000))
    // The first packet is encoder delay: it ends where the edit begins.
    let first = try #require(audio.samples.samples.first { _ in true })
    #expect(sound.presentations(of: first).isEmpty)
  }
}
