import BackendModel
import SimEngine
import Testing

@Suite struct GrowthTests {
  private func growth(_ change: (inout HistoryGrowthSettings) -> Void, members: Int = 1) -> HistoryGrowth {
    var settings = HistoryGrowthSettings()
    settings.liveRows = 10
    settings.rowsPerMember = 0
    change(&settings)
    return HistoryGrowth(settings, members: members, streams()("rows"))
  }

  @Test("r rows are r mod L live ones and r div L chunks, which decides time and bytes")
  func formula() {
    var rows = growth { _ in }
    var work: [SimDuration?] = []
    for _ in 0..<37 { work.append(rows.append(to: 0)) }
    #expect(work.indices.filter { work[$0] != nil } == [9, 19, 29])
    let settings = rows.settings
    #expect(rows.liveRows == 7 && rows.chunkCount == 3 && rows.rollUps == 3 && rows.rows == 37)
    #expect(rows.readTime(of: 0) == settings.rowRead * 7 + settings.chunkRead * 3)
    #expect(rows.readTimeWithoutRollUp(of: 0) == settings.rowRead * 37)
    let chunk = 10 * 200.0 / 6 + 512
    #expect((rows.bytes - (7 * 200 + 3 * chunk)).magnitude < 1e-9 && rows.bytesWithoutRollUp == 37 * 200)
    #expect(work[9] == settings.rowRead * 10 + settings.chunkWrite)
    #expect(rows.invariantViolation == nil)
  }

  @Test("without roll-up every row stays live")
  func withoutRollUp() {
    var rows = growth { $0.rollsUp = false }
    for _ in 0..<100 { #expect(rows.append(to: 0) == nil) }
    #expect(rows.liveRows == 100 && rows.chunkCount == 0 && rows.bytes == rows.bytesWithoutRollUp)
  }

  @Test("members have rows from the past with the mean that was asked for")
  func past() {
    let rows = growth({ $0.rowsPerMember = 80 }, members: 20_000)
    let mean = Double(rows.rowsAtStart) / 20_000
    #expect((mean - 80).magnitude < 3)
    #expect(rows.rows == rows.rowsAtStart && rows.invariantViolation == nil)
    // Live rows are nearly uniform below the limit when histories are much longer.
    #expect((Double(rows.liveRows) / 20_000 - 4.5).magnitude < 0.15)
  }
}
