import TextFormats

/// Initialisation segments of a manifest's representations: what `simrun media init` writes.
public enum InitializationSegments {
  /// The initialisation segment of one representation, as bytes.
  ///
  /// For Smooth Streaming it is made from CodecPrivateData, with the track number that the fragments beside the
  /// manifest carry; otherwise it is copied from its file.
  ///
  /// - Parameter quality: position of the representation in the order of the manifest, all tracks counted through,
  ///   from 0.
  /// - Throws: `FileError`, or `InputError` if there is no such representation or no initialisation segment.
  public static func bytes(manifest path: String, quality: Int) throws -> [UInt8] {
    let presentation = try Presentation(manifest: path)
    let folder = LocalResources(manifest: path)
    let all = presentation.tracks.flatMap(\.representations)
    guard all.indices.contains(quality) else {
      throw InputError(
        InputPlace(source: path), "there is no representation \(quality)",
        suggestion: "0 to \(all.count - 1): \(all.map(\.id).joined(separator: ", "))")
    }
    let representation = all[quality]
    if representation.smooth != nil {
      let trackID = representation.segments.first.flatMap { folder.trackID(of: $0.resource) } ?? 1
      do {
        return try SmoothInitialization.bytes(representation, trackID: trackID)
      } catch {
        throw InputError(InputPlace(source: path, path: representation.id), error.message)
      }
    }
    guard let resource = representation.initialization ?? representation.segments.first?.initialization else {
      throw InputError(InputPlace(source: path, path: representation.id), "there is no initialisation segment")
    }
    let bytes = try folder.map(resource.url)
    guard let range = resource.range else { return bytes.copy(0..<bytes.count) }
    guard range.upperBound <= UInt64(bytes.count) else {
      throw InputError(
        InputPlace(source: try folder.path(resource.url), byteOffset: UInt64(bytes.count)),
        "the file ends before byte \(range.upperBound)")
    }
    return bytes.copy(Int(range.lowerBound)..<Int(range.upperBound))
  }
}

extension LocalResources {
  /// A resource for people: path and byte range.
  func display(_ resource: ResourceRange) -> String {
    guard let range = resource.range else { return resource.url }
    return "\(resource.url) \(range.lowerBound)-\(range.upperBound - 1)"
  }

  /// track_ID of the first fragment in a resource, `nil` if it cannot be read.
  func trackID(of resource: ResourceRange) -> UInt32? {
    (try? media(resource))?.fragments.first?.tracks.first?.trackID
  }
}
