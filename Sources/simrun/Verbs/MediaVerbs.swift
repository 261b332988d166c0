import Arguments
import MediaFormats
import Reporting
import TextFormats

/// `simrun media ...`: read, check and write media and manifests.
enum MediaVerbs {
  private static let initialization = Option.value(
    "init", "INIT", completion: .file, "Initialisation segment that the file needs.")
  private static let file = Operand("FILE", "An MP4 file or segment.", completion: .file)
  private static let manifest = Operand("MANIFEST", "A DASH, HLS or Smooth manifest.", completion: .file)

  static let verb = Verb(
    "media", "Read, check and write MP4 files and streaming manifests.",
    verbs: [
      Verb(
        "inspect", "Print boxes, tracks, fragments, indexes and events of a file, as JSON.", operands: [file],
        options: [initialization, .flag("strict", "Refuse what tolerant players swallow.")],
        examples: [
          Example(
            "simrun media inspect scenarios/media/seg-0-001.m4s --init scenarios/media/init-0.mp4", "One segment.")
        ]),
      Verb(
        "samples", "Print the sample table of a file.", operands: [file],
        options: [initialization, OutputFormat.option],
        examples: [Example("simrun media samples movie.mp4 | head", "One row a sample.")]),
      Verb(
        "segments", "Print the segments that a manifest lists.", operands: [manifest], options: [OutputFormat.option],
        examples: [Example("simrun media segments scenarios/media/manifest.mpd", "Times are exact fractions.")]),
      Verb(
        "rewrite", "Decode a file and encode it again; the bytes stay the same.",
        operands: [Operand("IN", "A valid file.", completion: .file), Operand("OUT", "The copy.", completion: .file)],
        examples: [Example("simrun media rewrite in.mp4 out.mp4", "cmp in.mp4 out.mp4 then finds no difference.")]),
      Verb(
        "check", "Check a manifest against the fragments on disk.",
        discussion: "One row a finding; exit status 65 if there is an error among them.", operands: [manifest],
        options: [OutputFormat.option],
        examples: [Example("simrun media check scenarios/media/manifest.mpd", "Ranges, durations, bandwidths, gaps.")]),
      Verb(
        "init", "Write the initialisation segment of a representation.",
        discussion: "For Smooth Streaming it is made from the manifest's CodecPrivateData.", operands: [manifest],
        options: [
          .value("quality", "N", standard: "0", "Representation, counted from 0 over the whole manifest."),
          .value("out", "FILE", short: "o", completion: .file, "Where to write it."),
        ],
        examples: [Example("simrun media init pres.ism/Manifest --quality 0 -o init.mp4", "For a Smooth presentation.")]
      ),
      Verb(
        "ladder", "Print the real sizes of all segments, measured from the files.", operands: [manifest],
        options: [OutputFormat.option],
        examples: [Example("simrun media ladder scenarios/media/manifest.mpd", "What a player really downloads.")]),
    ])

  @Sendable static func inspect(_ invocation: Invocation) throws -> ExitStatus {
    let inspection = try MediaInspection(
      path: invocation.required("FILE"), initialization: invocation.text("init"),
      mode: invocation.flag("strict") ? .strict : .lenient)
    print(inspection.json, terminator: "")
    return .success
  }

  @Sendable static func samples(_ invocation: Invocation) throws -> ExitStatus {
    let rows = try SampleRows(path: invocation.required("FILE"), initialization: invocation.text("init"))
    OutputFormat.show(columns: SampleRows.columns, rows: rows, invocation)
    return .success
  }

  @Sendable static func segments(_ invocation: Invocation) throws -> ExitStatus {
    let rows = try SegmentRows.rows(manifest: invocation.required("MANIFEST"))
    OutputFormat.show(columns: SegmentRows.columns, rows: rows, invocation)
    return .success
  }

  @Sendable static func rewrite(_ invocation: Invocation) throws -> ExitStatus {
    let rewriter = MediaRewriter(try MediaFile(path: invocation.required("IN")))
    let output = try AtomicFile(invocation.required("OUT"))
    try rewriter.write { bytes in try output.write(Array(bytes)) }
    try output.commit()
    return .success
  }

  @Sendable static func check(_ invocation: Invocation) throws -> ExitStatus {
    let check = try MediaCheck(manifest: invocation.required("MANIFEST"))
    OutputFormat.show(columns: MediaCheck.columns, rows: check.rows, invocation)
    return check.hasErrors ? .badInput : .success
  }

  @Sendable static func initialize(_ invocation: Invocation) throws -> ExitStatus {
    guard let path = invocation.text("out") else { throw invocation.error("--out is missing") }
    let quality = Int(try invocation.integer("quality", in: 0...1_000_000) ?? 0)
    let bytes = try InitializationSegments.bytes(manifest: invocation.required("MANIFEST"), quality: quality)
    let output = try AtomicFile(path)
    try output.write(bytes)
    try output.commit()
    return .success
  }

  @Sendable static func ladder(_ invocation: Invocation) throws -> ExitStatus {
    let rows = try LadderRows.rows(manifest: invocation.required("MANIFEST"))
    OutputFormat.show(columns: LadderRows.columns, rows: rows, invocation)
    return .success
  }
}
