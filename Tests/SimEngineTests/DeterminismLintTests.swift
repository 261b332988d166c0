import Foundation
import Testing

@Suite struct DeterminismLintTests {
  @Test("no module but Reporting holds a trap for reproducible runs")
  func sources() throws {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
        "Sources")
    let modules = try FileManager.default.contentsOfDirectory(atPath: root.path).sorted()
    #expect(modules.contains("SimEngine"))
    var files = 0
    for module in modules where module != "Reporting" {
      let simulates = module == "SimEngine" || module == "Platform" || module.hasSuffix("Model")
      let folder = root.appendingPathComponent(module)
      for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted()
      where path.hasSuffix(".swift") {
        let source = try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
        files += 1
        for finding in DeterminismLint.findings(in: source, file: "\(module)/\(path)", simulates: simulates) {
          Issue.record("\(finding) (if it is right, say why after '\(DeterminismLint.excuse)')")
        }
      }
    }
    #expect(files > 20)
  }

  @Test(
    "each trap is found",
    arguments: [
      "var hasher = Hasher()", "let h = name.hashValue", "let now = Date()", "var g = SystemRandomNumberGenerator()",
      "let x = Int.random(in: 0..<3)", "let y = Double.random(in: 0...1)", "list.shuffle()", "let z = list.shuffled()",
      "let e = list.randomElement()", "let id = UUID()", "let r = rand()", "let r = drand48()",
      "import Glibc\nlet x = exp(2.0)", "import Foundation\nlet x = 1 + pow(x, 2)",
      "import Glibc\nlet x = Glibc.log(3)",
      "var table: [String: Int] = [:]\nfor (key, value) in table { print(key, value) }",
      "let names = Set<String>()\nfor name in names where name != \"\" { print(name) }",
      "func f(_ sizes: [UInt32: Int]) -> [Int] { sizes.values.map { $0 } }",
      "var seen: Set<Int> = []\nlet first = seen.first",
      "struct S { var byID: [Int: Int]\n  func g() { for k in self.byID.keys { use(k) } } }",
      "let counts = Dictionary(grouping: xs) { $0 }\nlet all = Array(counts)",
    ])
  func finds(snippet: String) {
    #expect(DeterminismLint.findings(in: snippet, file: "x", simulates: true).count == 1, "\(snippet)")
  }

  @Test(
    "what is reproducible passes",
    arguments: [
      "let x = Int.random(in: 0..<3, using: &stream)", "list.shuffle(using: &stream)", "// Date() is forbidden",
      "let message = \"never call Date()\"", "import Glibc\nlet x = DeterministicMath.exp(2)", "let x = exp(2)",
      "var table: [String: Int] = [:]\nlet n = table[\"a\"] ?? 0",
      "var table: [String: Int] = [:]\nfor key in table.keys.sorted() { print(key) }",
      "let names = Set<String>()\nlet all = names.map { $0 }.sorted()",
      "let names = Set<String>()\nlet known = names.contains(\"a\") && names.count > 1",
      "var table: [Int: Int] = [:]\nfor k in table.keys { total += 1 }  // determinism: only counts",
      "var table: [Int: Int] = [:]\n// determinism: only counts\nfor k in table.keys { total += 1 }",
      "let pairs = [(1, 2)]\nfor (a, b) in pairs { print(a, b) }",
      "let rows: [(title: String, count: Int)] = []\nfor row in rows { print(row) }",
      "let date = Date(timeIntervalSince1970: 0)",
    ])
  func passes(snippet: String) {
    #expect(DeterminismLint.findings(in: snippet, file: "x", simulates: true).isEmpty, "\(snippet)")
  }
}
