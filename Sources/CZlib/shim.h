// The part of zlib that simrun calls. `inflateInit2` and `deflateInit2` are macros, which
// Swift does not import.
#include <zlib.h>

// Starts inflating a gzip member (window bits 15 + 16: gzip header and trailer).
static inline int czlib_gunzip_start(z_stream *stream) { return inflateInit2(stream, 31); }

// Starts inflating bare deflate data, as zip archives hold them (window bits -15: no header, no trailer).
static inline int czlib_inflate_start(z_stream *stream) { return inflateInit2(stream, -15); }

// Starts writing a gzip member (window bits 15 + 16) without a time stamp, so that equal data gives equal files.
static inline int czlib_gzip_start(z_stream *stream) {
  return deflateInit2(stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
}
