// The libFuzzer entry point for the media parsers; scripts/fuzz-media.sh builds and runs it.

/// Called by libFuzzer for every input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  let input = data.map { [UInt8](UnsafeBufferPointer(start: $0, count: size)) } ?? []
  do {
    try MediaExercise.run(input)
  } catch {
    fatalError("\(error)")
  }
  return 0
}
