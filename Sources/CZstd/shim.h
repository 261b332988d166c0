// The part of libzstd that simrun calls.
#include <zstd.h>
