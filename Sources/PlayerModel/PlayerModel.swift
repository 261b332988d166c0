// PlayerModel: adaptive players. Bitrate rules as value types, the buffer and its stalls, quality of experience, and
// a media pipeline with named stages.
