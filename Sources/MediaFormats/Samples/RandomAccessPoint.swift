/// A place at which decoding of a track can start, as `mfra` lists it (ISO/IEC 14496-12 section 8.8.10).
public struct RandomAccessPoint: Equatable, Sendable {
  /// track_ID.
  public var trackID: UInt32
  /// Presentation time, media ticks.
  public var time: UInt64
  /// First byte of the `moof`.
  public var fragmentOffset: UInt64
  /// 1-based number of the `traf` in it.
  public var trackFragmentNumber: UInt32
  /// 1-based number of the `trun` in that.
  public var runNumber: UInt32
  /// 1-based number of the sample in that.
  public var sampleNumber: UInt32
  /// First byte of the entry itself.
  var entryOffset: Int

  /// All points of an `mfra`; entries of a box whose fields cannot be read are left out.
  static func all(_ source: MediaBytes, _ tree: BoxTree, _ root: Int) -> [RandomAccessPoint] {
    var points: [RandomAccessPoint] = []
    for index in tree.children(of: root) where tree.records[index].type == "tfra" {
      guard let box = try? tree.fields(TrackFragmentRandomAccessBox.self, at: index, in: source) else { continue }
      append(box, source, to: &points)
    }
    return points
  }

  private static func append(
    _ box: TrackFragmentRandomAccessBox, _ source: MediaBytes, to points: inout [RandomAccessPoint]
  ) {
    guard case .mapped(let start, _) = box.entries else { return }
    let wide = box.version == 1 ? 8 : 4
    let widths = [box.lengthSizes >> 4 & 3, box.lengthSizes >> 2 & 3, box.lengthSizes & 3].map { Int($0) + 1 }
    for row in 0..<Int(box.count) {
      let entry = start + row * box.stride
      var position = entry
      let number = { (width: Int) -> UInt64 in
        defer { position += width }
        return (0..<width).reduce(0) { $0 << 8 | UInt64(source.load(position + $1, as: UInt8.self)) }
      }
      points.append(
        RandomAccessPoint(
          trackID: box.trackID, time: number(wide), fragmentOffset: number(wide),
          trackFragmentNumber: UInt32(number(widths[0])), runNumber: UInt32(number(widths[1])),
          sampleNumber: UInt32(number(widths[2])), entryOffset: entry))
    }
  }
}
