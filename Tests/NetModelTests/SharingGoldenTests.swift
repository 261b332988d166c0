import NetModel
import Testing
import TextFormats

/// The expectations that stand beside the flows of a file.
private func expectations(_ text: JSONText, _ key: String) -> [[Double?]] {
  guard case .array(let problems) = text.root.content else { return [] }
  return problems.map { problem in
    guard case .array(let flows)? = problem["flows"]?.content else { return [] }
    return flows.map { flow in
      if case .number(let number)? = flow[key]?.content { return number.double }
      return nil
    }
  }
}

@Suite("Reference sharing problems", .enabled(if: Reference.isPresent, "\(Reference.absence)"))
struct SharingGoldenTests {
  @Test("weighted max-min rates equal the exact rationals to 1e-9")
  func rates() throws {
    let text = try JSONText(readingFile: Reference.folder + "/net/maxmin_static.json")
    let expected = expectations(text, "expected_kbps")
    let problems = try SharingProblem.read(text, timed: false)
    #expect(problems.count == 18)
    for (problem, expected) in zip(problems, expected) {
      for ((flow, rate), expected) in zip(zip(problem.flows, problem.rates()), expected) {
        let expected = try #require(expected)
        #expect(abs(rate - expected) <= 1e-9 * expected, "\(problem.name) \(flow.id)")
      }
    }
  }

  @Test("completions equal the exact times to 1e-6 s, and starved flows never complete")
  func completions() throws {
    let text = try JSONText(readingFile: Reference.folder + "/net/maxmin_dynamic.json")
    let expected = expectations(text, "completion_s")
    let problems = try SharingProblem.read(text, timed: true)
    #expect(problems.count == 8)
    var worst = 0.0
    for (problem, expected) in zip(problems, expected) {
      for ((flow, completion), expected) in zip(zip(problem.flows, problem.completionsSeconds()), expected) {
        #expect((completion == nil) == (expected == nil), "\(problem.name) \(flow.id)")
        if let completion, let expected { worst = max(worst, abs(completion - expected)) }
      }
    }
    #expect(worst <= 1e-7)
  }
}
