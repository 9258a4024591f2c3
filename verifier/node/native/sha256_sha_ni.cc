// Two SHA-256 messages at once by the SHA extensions. One message leaves the unit waiting for its own results; a second,
// interleaved with it, fills the time.
#include "sha256_lanes.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define SHA_NI __attribute__((target("sha,sse4.1")))
#define SHA_NI_INLINE __attribute__((target("sha,sse4.1"), always_inline)) static inline

namespace touchstone {

namespace {

// The instructions want the chaining value as (A B E F) and (C D G H), highest word first.
struct Stream {
  __m128i abef, cdgh;
  __m128i words[4];
};

SHA_NI_INLINE void load_state(Stream& stream, const LaneState& state, int lane) {
  const auto word = [&](int index) { return static_cast<int>(state.words[index][lane]); };
  stream.abef = _mm_set_epi32(word(0), word(1), word(4), word(5));
  stream.cdgh = _mm_set_epi32(word(2), word(3), word(6), word(7));
}

SHA_NI_INLINE void store_state(const Stream& stream, LaneState& state, int lane) {
  alignas(16) uint32_t low[4], high[4];
  _mm_store_si128(reinterpret_cast<__m128i*>(low), stream.abef);
  _mm_store_si128(reinterpret_cast<__m128i*>(high), stream.cdgh);
  const uint32_t words[8] = {low[3], low[2], high[3], high[2], low[1], low[0], high[1], high[0]};
  for (int i = 0; i < 8; i++) state.words[i][lane] = words[i];
}

SHA_NI_INLINE void load_words(Stream& stream, const uint8_t* bytes) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  for (int i = 0; i < 4; i++) {
    stream.words[i] = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes) + i), big_endian);
  }
}

SHA_NI_INLINE void rounds4(Stream& stream, __m128i word, __m128i constants) {
  const __m128i sum = _mm_add_epi32(word, constants);
  stream.cdgh = _mm_sha256rnds2_epu32(stream.cdgh, stream.abef, sum);
  stream.abef = _mm_sha256rnds2_epu32(stream.abef, stream.cdgh, _mm_shuffle_epi32(sum, 0x0e));
}

// Four words of the message schedule from the sixteen before them.
SHA_NI_INLINE __m128i next_words(__m128i w0, __m128i w1, __m128i w2, __m128i w3) {
  const __m128i partial = _mm_add_epi32(_mm_sha256msg1_epu32(w0, w1), _mm_alignr_epi8(w3, w2, 4));
  return _mm_sha256msg2_epu32(partial, w3);
}

}  // namespace

SHA_NI void compress_sha_ni_x2(LaneState& state, const uint8_t* const* lanes, size_t chunks) {
  Stream x, y;
  load_state(x, state, 0);
  load_state(y, state, 1);
  const __m128i* const constants = reinterpret_cast<const __m128i*>(sha256_constants);
  for (size_t chunk = 0; chunk < chunks; chunk++) {
    const __m128i before[4] = {x.abef, x.cdgh, y.abef, y.cdgh};
    load_words(x, lanes[0] + chunk * chunk_size);
    load_words(y, lanes[1] + chunk * chunk_size);
#pragma GCC unroll 16
    for (int i = 0; i < 16; i++) {
      const int at = i & 3;
      if (i >= 4) {
        x.words[at] = next_words(x.words[at], x.words[(at + 1) & 3], x.words[(at + 2) & 3], x.words[(at + 3) & 3]);
        y.words[at] = next_words(y.words[at], y.words[(at + 1) & 3], y.words[(at + 2) & 3], y.words[(at + 3) & 3]);
      }
      rounds4(x, x.words[at], _mm_load_si128(constants + i));
      rounds4(y, y.words[at], _mm_load_si128(constants + i));
    }
    x.abef = _mm_add_epi32(x.abef, before[0]);
    x.cdgh = _mm_add_epi32(x.cdgh, before[1]);
    y.abef = _mm_add_epi32(y.abef, before[2]);
    y.cdgh = _mm_add_epi32(y.cdgh, before[3]);
  }
  store_state(x, state, 0);
  store_state(y, state, 1);
}

}  // namespace touchstone

#endif
