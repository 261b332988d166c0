import Arguments
import Platform
import Studies
import TextFormats

/// `simrun validate SCENARIO`: check only.
enum ValidateVerb {
  static let verb = Verb(
    "validate", "Check a scenario and the media that it names; run nothing.",
    operands: [Operand("SCENARIO", "A scenario file.", completion: .file)], options: ScenarioOptions.options,
    examples: [Example("simrun validate scenarios/peak.json", "Says 'ok', or every mistake with its place.")])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    let file = try ScenarioOptions.file(invocation)
    print("\(file.path): ok")
    return .success
  }
}

/// `simrun schema`: the JSON Schema of scenario files.
enum SchemaVerb {
  static let verb = Verb(
    "schema", "Print the JSON Schema (2020-12) of scenario files.",
    options: [.flag("markdown", "Print a table of all keys for people instead.")],
    examples: [Example("simrun schema > simrun.schema.json", "Editors complete and check scenarios with it.")])

  @Sendable static func run(_ invocation: Invocation) throws -> ExitStatus {
    if invocation.flag("markdown") {
      print(Scenario.settings.markdown(title: "Scenario keys"), terminator: "")
    } else {
      print(Scenario.settings.schema(title: "simrun scenario").text(indented: true))
    }
    return .success
  }
}
