import Testing
import TextFormats

@testable import MediaFormats

@Suite("XML from strangers")
struct XMLTests {
  private func parse(_ text: String) throws(InputError) -> XMLNode {
    try XMLParser.parse(Array(text.utf8), source: "m.xml")
  }

  private func refusal(_ text: String) -> String? {
    do {
      _ = try parse(text)
      return nil
    } catch { return error.description }
  }

  @Test("elements, attributes, text, references and CDATA are read")
  func reading() throws {
    let root = try parse(
      """
      \u{FEFF}<?xml version="1.0" encoding="UTF-8"?>
      <!-- a -- b --><a:root xmlns:a="x" one='1 &lt; "2"' two="&#65;&#x42;
      c"><?go on?>t&amp;u<leaf/><b>x<![CDATA[<&>]]>y</b></a:root>
      <!-- end -->
      """)
    #expect(root.name == "root")
    #expect(root["one"] == "1 < \"2\"")
    #expect(root["two"] == "AB c")
    #expect(root.text == "t&u")
    #expect(root.children.map(\.name) == ["leaf", "b"])
    #expect(root.first("b")?.text == "x<&>y")
    #expect((root.children[0].line, root.children[0].column) == (3, 20))
  }

  @Test("columns count characters, not bytes")
  func columns() throws {
    let root = try parse("<a b=\"\u{E4}\u{1F600}\"><c/></a>")
    #expect(root.children[0].column == 11)
  }

  @Test(
    "what is not well-formed is refused with its line and column",
    arguments: [
      ("<a>\n<b></a>", "m.xml:2:4"), ("<a b=1/>", "m.xml:1:6"), ("<a b=\"1\" b=\"2\"/>", "m.xml:1:11"),
      ("<a>&nope;</a>", "m.xml:1:4"), ("<a>&#0;</a>", "m.xml:1:4"), ("<a/><b/>", "m.xml:1:5"), ("", "m.xml:1:1"),
      ("<a", "m.xml:1:3"), ("<a><!-- ", "m.xml:1:4"), ("<a>text", "m.xml:1:8"), ("<1/>", "m.xml:1:2"),
      ("<a b=\"<\"/>", "m.xml:1:7"), ("<a\u{1}/>", "m.xml:1:3"), ("<!DOCTYPE a><a/>", "m.xml:1:1"),
      ("<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", "m.xml:1:1"), ("<a b=\"1\"c=\"2\"/>", "m.xml:1:9"),
    ])
  func refusals(_ text: String, _ place: String) {
    #expect(refusal(text)?.hasPrefix(place + ":") == true, "\(refusal(text) ?? "accepted")")
  }

  @Test("bytes that are not UTF-8 are refused where they stand")
  func encoding() {
    let bytes = Array("<a>\n<m".utf8) + [0xE4] + Array("/></a>".utf8)
    #expect(throws: InputError(InputPlace(source: "m.xml", line: 2, column: 3), "a byte that is not UTF-8")) {
      try XMLParser.parse(bytes, source: "m.xml")
    }
  }

  @Test("nesting is bounded")
  func nesting() {
    let deep = String(repeating: "<a>", count: 100_000)
    #expect(refusal(deep)?.contains("nested deeper") == true)
  }
}
