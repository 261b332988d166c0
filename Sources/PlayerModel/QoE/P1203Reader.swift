// P.1203 input reports from JSON: I11, I13, I23 and IGen, as the public software reads them.

public import TextFormats

extension P1203Session {
  /// Reads an input report.
  ///
  /// - Parameter node: an object with `I13.segments` (bitrate in kbit/s, duration in s, fps, resolution `WxH`), optionally
  ///   `I11.segments` (bitrate, duration, codec), `I23.stalling` (`[position, length]` in s) and `IGen` (displaySize, device).
  /// - Throws: `InputError` with every finding.
  public init(report node: JSONNode) throws(InputError) {
    var findings: [InputDiagnostic] = []
    var video: [VideoSegment] = []
    if let part = node["I13"] {
      for item in part.items("segments", &findings) {
        video.append(
          VideoSegment(
            durationSeconds: item.positive("duration", &findings), kbps: item.positive("bitrate", &findings),
            pixels: item["resolution"]?.pixels(&findings) ?? item.missing("resolution", &findings),
            framesPerSecond: item.positive("fps", &findings), representation: item["representation"]?.label))
      }
    } else {
      findings.append(
        InputDiagnostic(place: node.place, message: "the report has no video: the member 'I13' is missing"))
    }
    var audio: [AudioSegment] = []
    if let part = node["I11"] {
      for item in part.items("segments", &findings) {
        let name = item["codec"]?.label ?? ""
        let codec = P1203Curves.AudioCodec(rawValue: name)
        if codec == nil {
          let names = P1203Curves.AudioCodec.allCases.map(\.rawValue).joined(separator: ", ")
          findings.append(
            InputDiagnostic(
              place: item["codec"]?.place ?? item.place, message: "'\(name)' is no rated audio codec",
              suggestion: "one of \(names)"))
        }
        audio.append(
          AudioSegment(
            durationSeconds: item.positive("duration", &findings), codec: codec ?? .aaclc,
            kbps: item.positive("bitrate", &findings)))
      }
    }
    var stalls: [Stall] = []
    if let part = node["I23"] {
      for item in part.items("stalling", &findings) {
        guard case .array(let pair) = item.content, pair.count == 2 else {
          findings.append(InputDiagnostic(place: item.place, message: "a stall is [position, length] in seconds"))
          continue
        }
        stalls.append(
          Stall(
            positionSeconds: pair[0].nonNegative(&findings), lengthSeconds: pair[1].nonNegative(&findings)))
      }
    }
    let general = node["IGen"]
    let display = general?["displaySize"]?.pixels(&findings) ?? 1920 * 1080
    let device = general?["device"]?.label ?? "pc"
    if !["pc", "tv", "mobile", "handheld"].contains(device) {
      findings.append(
        InputDiagnostic(
          place: general?["device"]?.place ?? node.place, message: "'\(device)' is no device",
          suggestion: "pc, tv, mobile or handheld"))
    }
    let seconds = video.reduce(0) { $0 + $1.durationSeconds }
    let work = video.reduce(0) { $0 + $1.durationSeconds * $1.framesPerSecond }
    if seconds > 1e6 || work > 1e9 || audio.reduce(0, { $0 + $1.durationSeconds }) > 1e6 {
      findings.append(InputDiagnostic(place: node.place, message: "the session is longer than 11 days"))
    }
    guard findings.isEmpty else { throw InputError(findings) }
    self.init(
      audio: audio, video: video, stalls: stalls, displayPixels: display,
      isHandheld: device == "mobile" || device == "handheld")
  }
}

extension JSONNode {
  /// The text of a text or number; `nil` for everything else.
  var label: String? {
    switch content {
    case .text(let text): text
    case .number(let number): number.text
    default: nil
    }
  }

  /// Pixels of a text like `1920x1080`.
  func pixels(_ findings: inout [InputDiagnostic]) -> Double {
    let sides = (label ?? "").split(separator: "x").map { Double($0) ?? 0 }
    guard sides.count == 2, sides.allSatisfy({ $0 >= 1 && $0 <= 65_536 }) else {
      findings.append(InputDiagnostic(place: place, message: "\(kindPhrase) is no size in pixels like 1920x1080"))
      return 1
    }
    return sides[0] * sides[1]
  }

  func missing(_ key: String, _ findings: inout [InputDiagnostic]) -> Double {
    findings.append(InputDiagnostic(place: place, message: "the member '\(key)' is missing"))
    return 1
  }
}
