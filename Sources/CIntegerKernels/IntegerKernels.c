// The loops of CIntegerKernels.h. Each is written once as plain C and compiled for every path, except for the product
// of panels, where the wider paths name their instructions.
#include "CIntegerKernels.h"

// A product and a sum in float are two roundings on every path.
#pragma STDC FP_CONTRACT OFF

#define INLINE static inline __attribute__((always_inline))

#if defined(__x86_64__)
#include <immintrin.h>
#define AVX2 __attribute__((target("avx2")))
#define VNNI __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#endif

integer_path integer_best_path(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni"))
    return INTEGER_PATH_VNNI;
  if (__builtin_cpu_supports("avx2")) return INTEGER_PATH_AVX2;
#endif
  return INTEGER_PATH_PORTABLE;
}

// MARK: panels

/// Eight channels at 16 positions; sums of pairs of products are what a compiler makes wide instructions of.
static void panel_portable(const uint8_t *input, const ptrdiff_t *offsets, size_t quads, const int8_t *panel,
                           size_t positions, int32_t *sums, size_t stride) {
  for (size_t p = 0; p < positions; p += INTEGER_POSITION_STEP) {
    int32_t lanes[INTEGER_PANEL_CHANNELS][INTEGER_POSITION_STEP] = {{0}};
    for (size_t q = 0; q < quads; q++) {
      const uint8_t *x = input + offsets[q] + 4 * p;
      int16_t even[2 * INTEGER_POSITION_STEP], odd[2 * INTEGER_POSITION_STEP];
      for (int i = 0; i < 2 * INTEGER_POSITION_STEP; i++) {
        even[i] = x[2 * i];
        odd[i] = x[2 * i + 1];
      }
      for (int c = 0; c < INTEGER_PANEL_CHANNELS; c++) {
        const int8_t *w = panel + (q * INTEGER_PANEL_CHANNELS + (size_t)c) * 4;
        const int16_t w0 = w[0], w1 = w[1], w2 = w[2], w3 = w[3];
        for (int lane = 0; lane < INTEGER_POSITION_STEP; lane++) {
          // Four products stay below 2^17; only the running sum can wrap.
          int32_t first = even[2 * lane] * w0 + even[2 * lane + 1] * w2;
          int32_t second = odd[2 * lane] * w1 + odd[2 * lane + 1] * w3;
          lanes[c][lane] = (int32_t)((uint32_t)lanes[c][lane] + (uint32_t)(first + second));
        }
      }
    }
    for (int c = 0; c < INTEGER_PANEL_CHANNELS; c++) {
      for (int lane = 0; lane < INTEGER_POSITION_STEP; lane++) {
        sums[(size_t)c * stride + p + (size_t)lane] = lanes[c][lane];
      }
    }
  }
}

#if defined(__x86_64__)

/// Four channels at 16 positions: bytes are split into even and odd ones, each a vector of pairs of 16-bit integers.
AVX2 static void panel_avx2(const uint8_t *input, const ptrdiff_t *offsets, size_t quads, const int8_t *panel,
                            size_t positions, int32_t *sums, size_t stride) {
  const __m256i low = _mm256_set1_epi16(0x00FF);
  for (int half = 0; half < INTEGER_PANEL_CHANNELS; half += 4) {
    for (size_t p = 0; p < positions; p += 16) {
      __m256i lanes[4][2];
      for (int c = 0; c < 4; c++) lanes[c][0] = lanes[c][1] = _mm256_setzero_si256();
      for (size_t q = 0; q < quads; q++) {
        const uint8_t *x = input + offsets[q] + 4 * p;
        const int32_t *w = (const int32_t *)(const void *)(panel + (q * INTEGER_PANEL_CHANNELS + (size_t)half) * 4);
        __m256i first = _mm256_loadu_si256((const __m256i *)(const void *)x);
        __m256i second = _mm256_loadu_si256((const __m256i *)(const void *)(x + 32));
        __m256i first_even = _mm256_and_si256(first, low), first_odd = _mm256_srli_epi16(first, 8);
        __m256i second_even = _mm256_and_si256(second, low), second_odd = _mm256_srli_epi16(second, 8);
#pragma clang loop unroll(full)
        for (int c = 0; c < 4; c++) {
          __m256i weights = _mm256_set1_epi32(w[c]);
          __m256i odd = _mm256_srai_epi16(weights, 8);
          __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(weights, 8), 8);
          lanes[c][0] = _mm256_add_epi32(lanes[c][0], _mm256_add_epi32(_mm256_madd_epi16(first_even, even),
                                                                       _mm256_madd_epi16(first_odd, odd)));
          lanes[c][1] = _mm256_add_epi32(lanes[c][1], _mm256_add_epi32(_mm256_madd_epi16(second_even, even),
                                                                       _mm256_madd_epi16(second_odd, odd)));
        }
      }
      for (int c = 0; c < 4; c++) {
        int32_t *target = sums + (size_t)(half + c) * stride + p;
        _mm256_storeu_si256((__m256i *)(void *)target, lanes[c][0]);
        _mm256_storeu_si256((__m256i *)(void *)(target + 8), lanes[c][1]);
      }
    }
  }
}

/// Eight channels at 16 `vectors` positions; all sums stay in registers (24 of 32 for three vectors).
#define VNNI_BLOCK(name, vectors)                                                                                    \
  VNNI static void name(const uint8_t *input, const ptrdiff_t *offsets, size_t quads, const int8_t *panel,      \
                             int32_t *sums, size_t stride) {                                                         \
    __m512i lanes[INTEGER_PANEL_CHANNELS][vectors];                                                                  \
    for (int c = 0; c < INTEGER_PANEL_CHANNELS; c++)                                                                 \
      for (int v = 0; v < vectors; v++) lanes[c][v] = _mm512_setzero_si512();                                        \
    for (size_t q = 0; q < quads; q++) {                                                                             \
      const uint8_t *x = input + offsets[q];                                                                         \
      const int32_t *w = (const int32_t *)(const void *)(panel + q * INTEGER_PANEL_CHANNELS * 4);                    \
      __m512i pixels[vectors];                                                                                       \
      for (int v = 0; v < vectors; v++) pixels[v] = _mm512_loadu_si512(x + 64 * v);                                  \
      _Pragma("clang loop unroll(full)") for (int c = 0; c < INTEGER_PANEL_CHANNELS; c++) {                          \
        __m512i weights = _mm512_set1_epi32(w[c]);                                                                   \
        _Pragma("clang loop unroll(full)") for (int v = 0; v < vectors; v++) lanes[c][v] =                           \
            _mm512_dpbusd_epi32(lanes[c][v], pixels[v], weights);                                                    \
      }                                                                                                              \
    }                                                                                                                \
    for (int c = 0; c < INTEGER_PANEL_CHANNELS; c++)                                                                 \
      for (int v = 0; v < vectors; v++) _mm512_storeu_si512(sums + (size_t)c * stride + 16 * v, lanes[c][v]);        \
  }

VNNI_BLOCK(vnni_block_1, 1)
VNNI_BLOCK(vnni_block_2, 2)
VNNI_BLOCK(vnni_block_3, 3)

static void panel_vnni(const uint8_t *input, const ptrdiff_t *offsets, size_t quads, const int8_t *panel,
                       size_t positions, int32_t *sums, size_t stride) {
  size_t vectors = (positions + 15) / 16;
  size_t v = 0;
  while (v < vectors) {
    size_t left = vectors - v;
    // Four are better cut into two and two than into three and one.
    size_t taken = left == 4 || left == 2 ? 2 : left >= 3 ? 3 : 1;
    const uint8_t *x = input + 64 * v;
    int32_t *target = sums + 16 * v;
    if (taken == 3) vnni_block_3(x, offsets, quads, panel, target, stride);
    else if (taken == 2) vnni_block_2(x, offsets, quads, panel, target, stride);
    else vnni_block_1(x, offsets, quads, panel, target, stride);
    v += taken;
  }
}

#endif

void integer_panel_product(integer_path path, const uint8_t *input, const ptrdiff_t *offsets, size_t quads,
                           const int8_t *panel, size_t positions, int32_t *sums, size_t stride) {
#if defined(__x86_64__)
  if (path == INTEGER_PATH_VNNI) return panel_vnni(input, offsets, quads, panel, positions, sums, stride);
  if (path == INTEGER_PATH_AVX2) return panel_avx2(input, offsets, quads, panel, positions, sums, stride);
#endif
  (void)path;
  panel_portable(input, offsets, quads, panel, positions, sums, stride);
}

// MARK: loops that a compiler widens by itself

/// Defines `name` with the body `name_body`, compiled for each path.
#if defined(__x86_64__)
#define FOR_EACH_PATH(name, parameters, arguments)                   \
  static void name##_plain parameters { name##_body arguments; }     \
  AVX2 static void name##_avx2 parameters { name##_body arguments; } \
  VNNI static void name##_vnni parameters { name##_body arguments; }
#define DISPATCH(name, path, arguments)                      \
  if (path == INTEGER_PATH_VNNI) name##_vnni arguments;      \
  else if (path == INTEGER_PATH_AVX2) name##_avx2 arguments; \
  else name##_plain arguments
#else
#define FOR_EACH_PATH(name, parameters, arguments) \
  static void name##_plain parameters { name##_body arguments; }
#define DISPATCH(name, path, arguments) \
  (void)path;                           \
  name##_plain arguments
#endif

INLINE void depthwise_body(const uint8_t *input, const ptrdiff_t *offsets, size_t count, const int8_t *taps,
                           size_t positions, int32_t *sums) {
  for (size_t p = 0; p < positions; p++) sums[p] = 0;
  for (size_t t = 0; t < count; t++) {
    const uint8_t *x = input + offsets[t];
    const int16_t tap = taps[t];
    // 255 * 128 fits in 16 bits.
    for (size_t p = 0; p < positions; p++) sums[p] += (int16_t)(x[p] * tap);
  }
}
FOR_EACH_PATH(depthwise,
              (const uint8_t *input, const ptrdiff_t *offsets, size_t count, const int8_t *taps, size_t positions,
               int32_t *restrict sums),
              (input, offsets, count, taps, positions, sums))

void integer_depthwise_line(integer_path path, const uint8_t *input, const ptrdiff_t *offsets, size_t count,
                            const int8_t *taps, size_t positions, int32_t *sums) {
  DISPATCH(depthwise, path, (input, offsets, count, taps, positions, sums));
}

/// The nearest integer, ties to even, of numbers within 2^21 of zero: the sum has no bits left for fractions.
INLINE float nearest(float x) {
  x = x > -0x1p21f ? x : -0x1p21f;
  x = x < 0x1p21f ? x : 0x1p21f;
  return (x + 0x1.8p23f) - 0x1.8p23f;
}

INLINE float nearest_of_double(double x) {
  x = x > -0x1p21 ? x : -0x1p21;
  x = x < 0x1p21 ? x : 0x1p21;
  return (float)((x + 0x1.8p52) - 0x1.8p52);
}

INLINE int32_t byte_of(const integer_rounding *rounding, float x, int multiplies) {
  float level = multiplies ? nearest_of_double((double)x * rounding->multiplier) : nearest(x / rounding->scale);
  level += rounding->zero;
  level = level > rounding->lowest ? level : rounding->lowest;
  level = level < rounding->highest ? level : rounding->highest;
  return (int32_t)(level - rounding->lowest);
}

INLINE void round_quads(const integer_rounding *rounding, const float *lines, size_t distance, size_t channels,
                        size_t count, uint32_t *quads, int multiplies) {
  const float *second = lines + distance, *third = second + distance, *fourth = third + distance;
  switch (channels) {
  case 1:
    for (size_t p = 0; p < count; p++) quads[p] = (uint32_t)byte_of(rounding, lines[p], multiplies);
    break;
  case 2:
    for (size_t p = 0; p < count; p++)
      quads[p] = (uint32_t)(byte_of(rounding, lines[p], multiplies) | byte_of(rounding, second[p], multiplies) << 8);
    break;
  case 3:
    for (size_t p = 0; p < count; p++)
      quads[p] = (uint32_t)(byte_of(rounding, lines[p], multiplies) | byte_of(rounding, second[p], multiplies) << 8 |
                            byte_of(rounding, third[p], multiplies) << 16);
    break;
  default:
    for (size_t p = 0; p < count; p++)
      quads[p] = (uint32_t)(byte_of(rounding, lines[p], multiplies) | byte_of(rounding, second[p], multiplies) << 8 |
                            byte_of(rounding, third[p], multiplies) << 16) |
                 (uint32_t)byte_of(rounding, fourth[p], multiplies) << 24;
  }
}

INLINE void quads_body(integer_rounding rounding, const float *lines, size_t distance, size_t channels, size_t count,
                       uint32_t *quads) {
  if (rounding.multiplier != 0) round_quads(&rounding, lines, distance, channels, count, quads, 1);
  else round_quads(&rounding, lines, distance, channels, count, quads, 0);
}
FOR_EACH_PATH(quads,
              (integer_rounding rounding, const float *restrict lines, size_t distance, size_t channels, size_t count,
               uint32_t *restrict quads),
              (rounding, lines, distance, channels, count, quads))

void integer_round_quads(integer_path path, const integer_rounding *rounding, const float *lines, size_t distance,
                         size_t channels, size_t count, uint8_t *quads) {
  uint32_t *words = (uint32_t *)(void *)quads;
  DISPATCH(quads, path, (*rounding, lines, distance, channels, count, words));
}

INLINE void line_body(integer_rounding rounding, const float *line, size_t count, uint8_t *bytes) {
  if (rounding.multiplier != 0) {
    for (size_t p = 0; p < count; p++) bytes[p] = (uint8_t)byte_of(&rounding, line[p], 1);
  } else {
    for (size_t p = 0; p < count; p++) bytes[p] = (uint8_t)byte_of(&rounding, line[p], 0);
  }
}
FOR_EACH_PATH(line, (integer_rounding rounding, const float *restrict line, size_t count, uint8_t *restrict bytes),
              (rounding, line, count, bytes))

void integer_round_line(integer_path path, const integer_rounding *rounding, const float *line, size_t count,
                        uint8_t *bytes) {
  DISPATCH(line, path, (*rounding, line, count, bytes));
}

INLINE void scale_body(const int32_t *sums, size_t distance, size_t lines, size_t width, int32_t addend, float scale,
                       float *values) {
  for (size_t l = 0; l < lines; l++, sums += distance, values += width) {
    for (size_t p = 0; p < width; p++) {
      values[p] = (float)(int32_t)((uint32_t)sums[p] + (uint32_t)addend) * scale;
    }
  }
}
FOR_EACH_PATH(scale,
              (const int32_t *restrict sums, size_t distance, size_t lines, size_t width, int32_t addend, float scale,
               float *restrict values),
              (sums, distance, lines, width, addend, scale, values))

void integer_scale_lines(integer_path path, const int32_t *sums, size_t distance, size_t lines, size_t width,
                         int32_t addend, float scale, float *values) {
  DISPATCH(scale, path, (sums, distance, lines, width, addend, scale, values));
}
