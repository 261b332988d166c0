public import CGSL

// GSL's variates over our streams: for set-up and for cross-checks. On the simulated path they are out of place,
// because GSL calls the C library's exp and log, whose last bits depend on the CPU.

extension RandomStream {
  /// Runs `body` with a GSL generator that draws from this stream; the stream moves on accordingly.
  ///
  ///     let x = stream.withGSL { gsl_ran_gamma($0, 2.5, 1) }
  ///
  /// The generator lives on the stack and must not escape from `body`.
  public mutating func withGSL<Result>(_ body: (UnsafePointer<gsl_rng>) throws -> Result) rethrows -> Result {
    try withUnsafeMutablePointer(to: &self) { state in
      try "simrun-xoshiro256++".withCString { name in
        var type = gsl_rng_type(
          name: name, max: .max, min: 0, size: MemoryLayout<RandomStream>.size,
          set: { state, seed in
            let key = StreamKey(seed: UInt64(seed), replication: 0, entity: "gsl", purpose: "seed")
            state?.assumingMemoryBound(to: RandomStream.self).pointee = RandomStream(key)
          },
          get: { state in UInt(state?.assumingMemoryBound(to: RandomStream.self).pointee.next() ?? 0) },
          get_double: { state in state?.assumingMemoryBound(to: RandomStream.self).pointee.uniform() ?? 0 })
        return try withUnsafePointer(to: &type) { type in
          var generator = gsl_rng(type: type, state: UnsafeMutableRawPointer(state))
          return try body(&generator)
        }
      }
    }
  }
}
