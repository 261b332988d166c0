// PlayerModel: adaptive players.
//
//   Ladder/      the qualities of a title and the sizes of its segments
//   Estimators/  what a player believes about its network
//   Rules/       which quality next, and when to give up a download (`AdaptationRule`)
//   Playback/    buffer and stalls, what was watched, and `SegmentPlayer`, which puts a session into one value
//
// A session is a plain value of at most 256 bytes: nothing here allocates, locks or calls back while a simulation runs.
