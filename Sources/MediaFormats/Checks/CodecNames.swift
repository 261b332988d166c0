/// Comparison of codec names from manifests with those that media carry.
enum CodecNames {
  /// True if a declared name and the media's agree.
  ///
  /// Case does not count; longer forms of AV1 and VP9 names agree with shorter ones; the FourCCs of Smooth Streaming
  /// stand for families.
  static func agree(_ declared: String, _ media: String, _ sampleEntry: FourCC) -> Bool {
    let (a, b) = (declared.lowercased(), media.lowercased())
    if a == b || a == sampleEntry.description.lowercased() { return true }
    if a.hasPrefix("av01.") || a.hasPrefix("vp09.") { return a.hasPrefix(b + ".") || b.hasPrefix(a + ".") }
    // A profile without its level or object type still names the same codec.
    if !a.contains("."), let family = families[a] { return family.contains(String(b.prefix(4))) }
    return false
  }

  private static let families: [String: [String]] = [
    "h264": ["avc1", "avc3"], "avc1": ["avc1", "avc3"], "davc": ["avc1", "avc3"], "aacl": ["mp4a"], "aach": ["mp4a"],
    "hvc1": ["hvc1", "hev1"], "hev1": ["hvc1", "hev1"], "ec-3": ["ec-3"], "mp4a": ["mp4a"],
  ]
}
