import Arguments
import TextFormats
import Testing

@Suite("Parsing") struct ParsingTests {
  @Test("options stand anywhere, long or short, with = or a space")
  func forms() throws {
    let parsed = try invocation("run", "--out=a", "x.json", "-qf", "csv", "--set", "a=b", "--set=c=d=e", "--seed", "-4")
    #expect(parsed.verb == ["run"])
    #expect(parsed.text("out") == "a")
    #expect(parsed.flag("quiet"))
    #expect(parsed.text("format") == "csv")
    #expect(try parsed.assignments("set").map(\.path) == ["a", "c"])
    #expect(try parsed.assignments("set").map(\.value) == ["b", "d=e"])
    #expect(try parsed.integer("seed") == -4)
    #expect(parsed.required("SCENARIO") == "x.json")
    #expect(try invocation("run", "-oa", "x").text("out") == "a")
  }

  @Test("-- ends the options, - is an operand")
  func end() throws {
    #expect(try invocation("check", "a", "--", "--quiet", "-").operands("FILE") == ["a", "--quiet", "-"])
    #expect(try invocation("check", "-").operands("FILE") == ["-"])
    #expect(try invocation("check").operands("FILE").isEmpty)
  }

  @Test("a file in place of a verb runs it, verbs nest")
  func verbs() throws {
    #expect(try invocation("peak.json", "-q").verb == ["run"])
    #expect(try invocation("--quiet", "peak.json").verb == ["run"])
    #expect(try invocation("cluster", "plan", "create", "--masters", "3").verb == ["cluster", "plan", "create"])
    #expect(try invocation("cluster", "slot", "-x").flag("hex"))
  }

  @Test("defaults and absence are told apart")
  func absence() throws {
    let parsed = try invocation("run", "x.json")
    #expect(try parsed.integer("seed") == 1)
    #expect(!parsed.isGiven("seed"))
    #expect(try parsed.quantity("until", .duration) == nil)
    #expect(try invocation("run", "x", "--until", "2h").quantity("until", .duration) == 7_200_000_000_000)
  }

  @Test(
    "what the table does not know is refused with the nearest thing that it knows",
    arguments: [
      (["rnu"], "unknown verb 'rnu' (did you mean 'run'?)\nsee 'tool --help'"),
      (["cluster", "plna"], "'cluster' has no verb 'plna' (did you mean 'plan'?)\nsee 'tool cluster --help'"),
      (["cluster"], "'tool cluster' needs one of: slot, plan\nsee 'tool cluster --help'"),
      (["run", "x", "--ouut", "a"], "unknown option '--ouut' (did you mean '--out'?)\nsee 'tool run --help'"),
      (["run", "x", "-z"], "unknown option '-z'\nsee 'tool run --help'"),
      (["run", "x", "--out"], "'--out DIR' lacks its value\nsee 'tool run --help'"),
      (
        ["run", "x", "--out", "--seed=3"], "'--out DIR' lacks its value: '--seed=3' is an option\nsee 'tool run --help'"
      ),
      (["run", "x", "--quiet=1"], "'--quiet' takes no value\nsee 'tool run --help'"),
      (["run", "x", "--seed", "1", "--seed", "2"], "'--seed' is given twice\nsee 'tool run --help'"),
      (["run"], "SCENARIO is missing (A scenario file.)\nsee 'tool run --help'"),
      (["run", "x", "y"], "unexpected argument 'y' (usage: tool run SCENARIO [options])\nsee 'tool run --help'"),
      (["run", "x", "-f", "cvs"], "'cvs' is no value of --format (did you mean 'csv'?)\nsee 'tool run --help'"),
    ])
  func refusals(words: [String], expected: String) {
    #expect(
      throws: UsageError.self, performing: { try sampleTable.parse(words) })
    do { _ = try sampleTable.parse(words) } catch { #expect(error.description == expected) }
  }

  @Test("an option that a verb needs stands in its usage line and is asked for")
  func requiredOption() throws {
    let create = ["cluster", "plan", "create"]
    #expect(
      throws: UsageError("'--masters N' is missing", suggestion: "How many.", help: "tool cluster plan create --help")
    ) {
      try sampleTable.parse(create)
    }
    guard case .show(let help) = try sampleTable.parse(create + ["--help"]) else { return }
    #expect(help.contains("Usage: tool cluster plan create --masters N [options]"))
  }

  @Test("typed values name their option when they are wrong")
  func typedValues() {
    #expect(
      failure("run", "x", "--until", "5MB", reading: { _ = try $0.quantity("until", .duration) })
        == "--until: '5MB' is a byte size, not a duration (write it like 4s, 250ms or 15min)\nsee 'tool run --help'")
    #expect(
      failure("run", "x", "--seed", "1.5", reading: { _ = try $0.integer("seed") })
        == "--seed: '1.5' is no whole number\nsee 'tool run --help'")
    #expect(
      failure("run", "x", "--seed", "9", reading: { _ = try $0.integer("seed", in: 1...8) })
        == "--seed: 9 is not in 1 to 8\nsee 'tool run --help'")
    #expect(
      failure("run", "x", "--set", "ab", reading: { _ = try $0.assignments("set") })
        == "--set: 'ab' is no assignment (write it like cdn.edge.policy=lru)\nsee 'tool run --help'")
  }

  @Test("errors have the exit statuses of the tool")
  func statuses() {
    #expect(ExitStatus(for: UsageError("")) == .usage)
    #expect(ExitStatus(for: InputError([])) == .badInput)
    #expect(ExitStatus(for: FileError(.find, path: "", reason: "")) == .missingFile)
    #expect(ExitStatus(for: FileError(.write, path: "", reason: "")) == .inputOutput)
    #expect(ExitStatus(for: Interrupted()) == .interrupted)
    #expect(ExitStatus(for: CancellationError()) == .failure)
  }

  @Test("a verb with operands may have verbs below it: their names win, other words are operands")
  func verbBelowOperands() throws {
    let table = CommandTable(
      name: "tool", summary: "Does things.", version: "1",
      verbs: [
        Verb(
          "cache", "Replay.", operands: [Operand("TRACE", "A trace.")],
          verbs: [Verb("generate", "Make one.", operands: [Operand("FILE", "Where to.")])])
      ])
    guard case .run(let replay) = try table.parse(["cache", "a.csv"]) else { throw UsageError("no call") }
    #expect(replay.verb == ["cache"] && replay.required("TRACE") == "a.csv")
    guard case .run(let making) = try table.parse(["cache", "generate", "b.csv"]) else { throw UsageError("no call") }
    #expect(making.verb == ["cache", "generate"] && making.required("FILE") == "b.csv")
    guard case .run(let named) = try table.parse(["cache", "./generate"]) else { throw UsageError("no call") }
    #expect(named.required("TRACE") == "./generate")
    #expect(throws: UsageError.self) { try table.parse(["cache"]) }
    guard case .show(let help) = try table.parse(["cache", "--help"]) else { throw UsageError("no help") }
    #expect(help.contains("tool cache TRACE [options]") && help.contains("generate"))
  }
}
