// Products of bytes with 32-bit sums, and the rounding of floats to bytes: the two loops of integer inference for which
// processors have instructions that Swift does not reach. Every path gives the same integers.
#ifndef C_INTEGER_KERNELS_H
#define C_INTEGER_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/// Output channels of one panel of weights.
#define INTEGER_PANEL_CHANNELS 8
/// Positions are computed in multiples of this; inputs must be readable and sums writable so far.
#define INTEGER_POSITION_STEP 16

/// Instructions that a product can use.
typedef enum {
  /// Plain C.
  INTEGER_PATH_PORTABLE = 0,
  /// Products of pairs of 16-bit integers, 256 bits wide.
  INTEGER_PATH_AVX2 = 1,
  /// Products of four bytes at once, 512 bits wide.
  INTEGER_PATH_VNNI = 2,
} integer_path;

/// The fastest path that this processor has; every lower one works as well.
integer_path integer_best_path(void);

/// sums[c][p] = the sum over quads q and j in 0..<4 of input[offsets[q] + 4 p + j] * panel[q][c][j].
///
/// `input` holds positions of four unsigned bytes (four channels of one pixel), `offsets` the distance in bytes of the
/// first position that each quad of the panel meets. Sums wrap at 32 bits, so they do not depend on any order.
void integer_panel_product(integer_path path, const uint8_t *input, const ptrdiff_t *offsets, size_t quads,
                           const int8_t *panel, size_t positions, int32_t *sums, size_t stride);

/// Adds input[offsets[t] + p] * taps[t] over all taps: one channel of a depthwise convolution.
void integer_depthwise_line(integer_path path, const uint8_t *input, const ptrdiff_t *offsets, size_t count,
                            const int8_t *taps, size_t positions, int32_t *sums);

/// How floats become bytes: byte = clamp(round(x / scale) + zero, lowest, highest) - lowest.
///
/// With a multiplier other than 0, round(x * multiplier) in double takes the quotient's place.
typedef struct {
  float scale;
  double multiplier;
  float zero;
  float lowest;
  float highest;
} integer_rounding;

/// Rounds up to four lines of floats, `distance` apart, into the bytes of `count` positions; missing lines are zero.
void integer_round_quads(integer_path path, const integer_rounding *rounding, const float *lines, size_t distance,
                         size_t channels, size_t count, uint8_t *quads);

/// Rounds a line of floats into bytes.
void integer_round_line(integer_path path, const integer_rounding *rounding, const float *line, size_t count,
                        uint8_t *bytes);

/// values[l * width + p] = (sums[l * distance + p] + addend) * scale for p below width, over lines.
void integer_scale_lines(integer_path path, const int32_t *sums, size_t distance, size_t lines, size_t width,
                         int32_t addend, float scale, float *values);

#endif
