// MediaFormats: real media, without a clock. ISO base media files (progressive and fragmented), DASH, HLS and Smooth
// Streaming manifests, as bounded readers with typed errors that say where in the file a fault is.
