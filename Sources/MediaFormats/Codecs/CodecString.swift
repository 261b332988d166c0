/// Codec names for the `codecs` parameter (RFC 6381; ISO/IEC 14496-15 annex E; the AV1 and VP bindings).
///
/// Hexadecimal digits are lower case. Protected entries are named after the codec that they protect.
public struct CodecString: Sendable {
  let source: MediaBytes
  let tree: BoxTree

  init(_ source: MediaBytes, _ tree: BoxTree) {
    self.source = source
    self.tree = tree
  }

  /// Type of a sample entry, protection removed.
  func originalFormat(ofEntry index: Int) -> FourCC {
    let type = tree.records[index].type
    guard type == "encv" || type == "enca" || type == "resv" || type == "resa" || type == "encs" || type == "enct",
      let box = tree.descendant("sinf", "frma", of: index),
      let fields = try? tree.fields(OriginalFormatBox.self, at: box, in: source)
    else { return type }
    return fields.format
  }

  /// The name of a sample entry's codec.
  func name(ofEntry index: Int) -> String {
    let type = originalFormat(ofEntry: index)
    switch type {
    case "avc1", "avc2", "avc3", "avc4": return avc(index, type)
    case "hvc1", "hev1", "dvh1", "dvhe": return hevc(index, type)
    case "av01": return av1(index, type)
    case "vp08", "vp09": return vp(index, type)
    case "mp4a": return mpeg4(index, type)
    default: return String(type.description.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
  }

  private func box<B: BoxFields>(_ type: B.Type, _ code: FourCC, in index: Int) -> B? {
    guard let child = tree.child(code, of: index) else { return nil }
    return try? tree.fields(B.self, at: child, in: source)
  }

  private func avc(_ index: Int, _ type: FourCC) -> String {
    guard let box = box(AVCConfigurationBox.self, "avcC", in: index) else { return type.description }
    return "\(type)." + [box.profile, box.compatibility, box.level].map { hexadecimalText(of: $0) }.joined()
  }

  /// Profile space and number, compatibility flags with their bits reversed, tier and level, constraint bytes
  /// without trailing zeros (ISO/IEC 14496-15 section E.3).
  private func hevc(_ index: Int, _ type: FourCC) -> String {
    guard let box = box(HEVCConfigurationBox.self, "hvcC", in: index) else { return type.description }
    let space = ["", "A", "B", "C"][Int(box.profileByte >> 6)]
    var reversed: UInt32 = 0
    for bit: UInt32 in 0..<32 where box.compatibility >> bit & 1 == 1 { reversed |= 1 << (31 - bit) }
    let tier = box.profileByte >> 5 & 1 == 1 ? "H" : "L"
    var name = "\(type).\(space)\(box.profileByte & 31).\(String(reversed, radix: 16)).\(tier)\(box.level)"
    var constraints = (0..<6).map { UInt8(truncatingIfNeeded: box.constraints >> UInt64(40 - $0 * 8)) }
    while constraints.last == 0 { constraints.removeLast() }
    for byte in constraints { name += "." + String(byte, radix: 16) }
    return name
  }

  private func av1(_ index: Int, _ type: FourCC) -> String {
    guard let box = box(AV1ConfigurationBox.self, "av1C", in: index) else { return type.description }
    let level = box.profileAndLevel & 31
    let tier = box.format >> 7 == 1 ? "H" : "M"
    let depth = box.format >> 6 & 1 == 0 ? 8 : (box.format >> 5 & 1 == 1 ? 12 : 10)
    return "\(type).\(box.profileAndLevel >> 5).\(twoDigits(Int(level)))\(tier).\(twoDigits(depth))"
  }

  private func vp(_ index: Int, _ type: FourCC) -> String {
    guard let box = box(VPConfigurationBox.self, "vpcC", in: index) else { return type.description }
    return "\(type).\(twoDigits(Int(box.profile))).\(twoDigits(Int(box.level))).\(twoDigits(Int(box.format >> 4)))"
  }

  private func mpeg4(_ index: Int, _ type: FourCC) -> String {
    guard let box = tree.child("esds", of: index) ?? tree.descendant("wave", "esds", of: index),
      let fields = try? tree.fields(ElementaryStreamBox.self, at: box, in: source),
      let stream = try? ElementaryStreamDescriptor(source, fields), stream.objectType != 0
    else { return quickTimeAudio(index, type) }
    return Self.mpeg4Name(type, stream)
  }

  /// QuickTime keeps the descriptor inside `wave`, which stays opaque in the tree.
  private func quickTimeAudio(_ index: Int, _ type: FourCC) -> String {
    guard let wave = tree.child("wave", of: index) else { return type.description }
    var scanner = BoxScanner(source)
    guard (try? scanner.scan(tree.records[wave].payload)) != nil else { return type.description }
    for root in scanner.tree.roots where scanner.tree.records[root].type == "esds" {
      if let fields = try? scanner.tree.fields(ElementaryStreamBox.self, at: root, in: source),
        let stream = try? ElementaryStreamDescriptor(source, fields), stream.objectType != 0
      {
        return Self.mpeg4Name(type, stream)
      }
    }
    return type.description
  }

  private static func mpeg4Name(_ type: FourCC, _ stream: ElementaryStreamDescriptor) -> String {
    var name = "\(type)." + hexadecimalText(of: stream.objectType)
    if stream.objectType == 0x40, stream.audioObjectType > 0 { name += ".\(stream.audioObjectType)" }
    return name
  }

  private func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}
