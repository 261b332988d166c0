// SimEngine: a deterministic discrete-event engine. Simulated time in nanoseconds, a monotone pending-event queue,
// named random streams, statistics, and a digest that proves two runs equal. It knows nothing of streaming.
