// MediaFormats: real media, without a clock.
//
//   Bytes/      memory maps, exact times, four-character codes, faults with places, containers told apart
//   Boxes/      ISO base media boxes: found by BoxScanner, described once each, read and written by coders
//   Samples/    tracks, sample tables as columns, fragments, segment indexes, edit lists: MediaFile is the way in
//   Codecs/     codec names and decoder configurations
//   Manifests/  DASH, HLS and Smooth Streaming into one Presentation with exact times
//   Ladder/     MediaLadder: real segment sizes and durations, what the players of the simulator consume
//   Checks/     descriptions, tables, and the cross-check of manifests with media
//   Writing/    boxes, initialisation segments, fragments, indexes, manifests, byte-exact rewriting
//
// docs/media.md says what is supported and why it is built this way.
