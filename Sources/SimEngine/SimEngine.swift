// SimEngine: a deterministic discrete-event engine. It knows nothing of streaming.
//
//   Time/        SimTime, SimDuration: whole nanoseconds
//   Queue/       EventQueue: the clock and the pending events
//   Random/      StreamKey -> RandomStream: named streams of random numbers, and the variates drawn from them
//   Arithmetic/  DeterministicMath: log, exp and pow with the same bits on every machine
//   Observers/   what a model counts and measures while it runs
//   Digest/      RunDigest: 64 bits that prove two runs equal
//   Statistics/  what a study concludes: warm-up, intervals, comparisons, selection
//   Stations/    servers with queues, priorities, patience and retries, for any model's event enum
//   Queueing/    QueueingStudy: systems with closed forms, simulated on these stations
//   Parallel/    ReplicationPool: independent pieces of work on several threads, results in order
//
// A simulation is a loop over `EventQueue.popNext(before:)` with a `switch` over the model's own event enum; there is
// no base class to inherit from and nothing to register.
