// The part of zlib that simrun calls. `inflateInit2` is a macro, which Swift does not import.
#include <zlib.h>

// Starts inflating a gzip member (window bits 15 + 16: gzip header and trailer).
static inline int czlib_gunzip_start(z_stream *stream) { return inflateInit2(stream, 31); }

// Starts inflating bare deflate data, as zip archives hold them (window bits -15: no header, no trailer).
static inline int czlib_inflate_start(z_stream *stream) { return inflateInit2(stream, -15); }
