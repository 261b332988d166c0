// SimEngine: a deterministic discrete-event engine. It knows nothing of streaming.
//
//   Time/        SimTime, SimDuration: whole nanoseconds
//   Queue/       EventQueue: the clock and the pending events
//   Random/      StreamKey -> RandomStream: named streams of random numbers, and the variates drawn from them
//   Arithmetic/  DeterministicMath: log, exp and pow with the same bits on every machine
//   Observers/   what a model counts and measures while it runs
//   Digest/      RunDigest: 64 bits that prove two runs equal
//
// A simulation is a loop over `EventQueue.popNext(before:)` with a `switch` over the model's own event enum; there is
// no base class to inherit from and nothing to register.
