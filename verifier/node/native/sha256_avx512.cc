// Sixteen SHA-256 messages side by side: each 512-bit register holds one word of each.
#include "sha256_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

// GCC 11 and 12 warn of their own header: what it leaves undefined there, no lane reads.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#define AVX512 __attribute__((target("avx512f,avx512bw")))
#define AVX512_INLINE __attribute__((target("avx512f,avx512bw"), always_inline)) static inline

namespace touchstone {

namespace {

AVX512_INLINE __m512i xor3(__m512i a, __m512i b, __m512i c) { return _mm512_ternarylogic_epi32(a, b, c, 0x96); }

AVX512_INLINE __m512i add(__m512i a, __m512i b) { return _mm512_add_epi32(a, b); }

// In each 128-bit column, the 4x4 words of four rows change places.
AVX512_INLINE void transpose_words(__m512i* rows) {
  const __m512i ab_low = _mm512_unpacklo_epi32(rows[0], rows[1]);
  const __m512i ab_high = _mm512_unpackhi_epi32(rows[0], rows[1]);
  const __m512i cd_low = _mm512_unpacklo_epi32(rows[2], rows[3]);
  const __m512i cd_high = _mm512_unpackhi_epi32(rows[2], rows[3]);
  rows[0] = _mm512_unpacklo_epi64(ab_low, cd_low);
  rows[1] = _mm512_unpackhi_epi64(ab_low, cd_low);
  rows[2] = _mm512_unpacklo_epi64(ab_high, cd_high);
  rows[3] = _mm512_unpackhi_epi64(ab_high, cd_high);
}

// The 4x4 columns of 128 bits of four rows change places.
AVX512_INLINE void transpose_columns(__m512i& a, __m512i& b, __m512i& c, __m512i& d) {
  const __m512i ab_low = _mm512_shuffle_i32x4(a, b, 0x88);
  const __m512i ab_high = _mm512_shuffle_i32x4(a, b, 0xdd);
  const __m512i cd_low = _mm512_shuffle_i32x4(c, d, 0x88);
  const __m512i cd_high = _mm512_shuffle_i32x4(c, d, 0xdd);
  a = _mm512_shuffle_i32x4(ab_low, cd_low, 0x88);
  b = _mm512_shuffle_i32x4(ab_high, cd_high, 0x88);
  c = _mm512_shuffle_i32x4(ab_low, cd_low, 0xdd);
  d = _mm512_shuffle_i32x4(ab_high, cd_high, 0xdd);
}

// Word i of all sixteen messages into words[i], from 64 bytes of each.
AVX512_INLINE void load_words(__m512i* words, const uint8_t* const* lanes, size_t offset) {
  const __m512i big_endian = _mm512_broadcast_i32x4(_mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203));
  for (int group = 0; group < 4; group++) {
    __m512i* const rows = words + group * 4;
    for (int row = 0; row < 4; row++) {
      rows[row] = _mm512_shuffle_epi8(_mm512_loadu_si512(lanes[group * 4 + row] + offset), big_endian);
    }
    transpose_words(rows);
  }
  // Now words[4g + j] has, in column c, word 4c + j of messages 4g to 4g + 3.
  for (int j = 0; j < 4; j++) transpose_columns(words[j], words[4 + j], words[8 + j], words[12 + j]);
}

struct Variables {
  __m512i a, b, c, d, e, f, g, h;
};

// One round, without the renaming of the variables: the caller gives them shifted by one each time.
AVX512_INLINE void round(__m512i a, __m512i b, __m512i c, __m512i& d, __m512i e, __m512i f, __m512i g, __m512i& h,
                         __m512i word, uint32_t constant) {
  const __m512i sigma1 = xor3(_mm512_ror_epi32(e, 6), _mm512_ror_epi32(e, 11), _mm512_ror_epi32(e, 25));
  const __m512i sigma0 = xor3(_mm512_ror_epi32(a, 2), _mm512_ror_epi32(a, 13), _mm512_ror_epi32(a, 22));
  const __m512i choice = _mm512_ternarylogic_epi32(e, f, g, 0xca);
  const __m512i majority = _mm512_ternarylogic_epi32(a, b, c, 0xe8);
  const __m512i with_word = add(h, add(word, _mm512_set1_epi32(static_cast<int>(constant))));
  const __m512i sum = add(with_word, add(sigma1, choice));
  d = add(d, sum);
  h = add(sum, add(sigma0, majority));
}

AVX512_INLINE void rounds8(Variables& v, const __m512i* words, const uint32_t* constants) {
  round(v.a, v.b, v.c, v.d, v.e, v.f, v.g, v.h, words[0], constants[0]);
  round(v.h, v.a, v.b, v.c, v.d, v.e, v.f, v.g, words[1], constants[1]);
  round(v.g, v.h, v.a, v.b, v.c, v.d, v.e, v.f, words[2], constants[2]);
  round(v.f, v.g, v.h, v.a, v.b, v.c, v.d, v.e, words[3], constants[3]);
  round(v.e, v.f, v.g, v.h, v.a, v.b, v.c, v.d, words[4], constants[4]);
  round(v.d, v.e, v.f, v.g, v.h, v.a, v.b, v.c, words[5], constants[5]);
  round(v.c, v.d, v.e, v.f, v.g, v.h, v.a, v.b, words[6], constants[6]);
  round(v.b, v.c, v.d, v.e, v.f, v.g, v.h, v.a, words[7], constants[7]);
}

// The next sixteen words of the message schedule, in place.
AVX512_INLINE void schedule(__m512i* words) {
  for (int i = 0; i < 16; i++) {
    const __m512i early = words[(i + 1) & 15];
    const __m512i late = words[(i + 14) & 15];
    const __m512i sigma0 =
        xor3(_mm512_ror_epi32(early, 7), _mm512_ror_epi32(early, 18), _mm512_srli_epi32(early, 3));
    const __m512i sigma1 = xor3(_mm512_ror_epi32(late, 17), _mm512_ror_epi32(late, 19), _mm512_srli_epi32(late, 10));
    words[i] = add(add(words[i], sigma0), add(words[(i + 9) & 15], sigma1));
  }
}

}  // namespace

AVX512 void compress_avx512_x16(LaneState& state, const uint8_t* const* lanes, size_t chunks) {
  __m512i s[8];
  for (int i = 0; i < 8; i++) s[i] = _mm512_load_si512(state.words[i]);
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    __m512i words[16];
    load_words(words, lanes, chunk * chunk_size);
    Variables v = {s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]};
    for (int part = 0; part < 4; part++) {
      if (part > 0) schedule(words);
      rounds8(v, words, sha256_constants + part * 16);
      rounds8(v, words + 8, sha256_constants + part * 16 + 8);
    }
    const __m512i after[8] = {v.a, v.b, v.c, v.d, v.e, v.f, v.g, v.h};
    for (int i = 0; i < 8; i++) s[i] = add(s[i], after[i]);
  }
  for (int i = 0; i < 8; i++) _mm512_store_si512(state.words[i], s[i]);
}

}  // namespace touchstone

#endif
