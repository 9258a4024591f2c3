#include "block_digester.h"

#include <cstring>

namespace touchstone {

namespace {

// The end of a message: what is left of the block, a salt behind it, and the padding.
constexpr size_t longest_tail = (chunk_size + longest_salt + 9 + chunk_size - 1) / chunk_size * chunk_size;

void put_big_endian(uint8_t* out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) out[i] = static_cast<uint8_t>(value >> (8 * (bytes - 1 - i)));
}

}  // namespace

BlockDigester::~BlockDigester() {
  EVP_MD_CTX_free(context_);
  EVP_MD_free(method_);
}

bool BlockDigester::begin(const BlockFormat& format, Engine engine) {
  format_ = format;
#if defined(__x86_64__)
  if (format.algorithm == Algorithm::sha256 && engine != Engine::openssl) {
    compress_ = engine == Engine::avx512 ? compress_avx512_x16 : compress_sha_ni_x2;
    lanes_ = engine == Engine::avx512 ? 16 : 2;
    absorb_whole_salt_chunks();
    return true;
  }
#else
  static_cast<void>(engine);
#endif
  method_ = EVP_MD_fetch(nullptr, format.algorithm == Algorithm::sha256 ? "SHA256" : "SHA512", nullptr);
  context_ = EVP_MD_CTX_new();
  return method_ != nullptr && context_ != nullptr;
}

void BlockDigester::absorb_whole_salt_chunks() {
  for (size_t word = 0; word < 8; word++) {
    for (size_t lane = 0; lane < most_lanes; lane++) salted_.words[word][lane] = sha256_initial[word];
  }
  salt_left_ = format_.salt_after ? 0 : format_.salt_size % chunk_size;
  const size_t whole = format_.salt_after ? 0 : format_.salt_size / chunk_size;
  const uint8_t* pointers[most_lanes];
  for (const uint8_t*& pointer : pointers) pointer = format_.salt;
  if (whole > 0) compress_(salted_, pointers, whole);
}

bool BlockDigester::digest(const uint8_t* blocks, size_t stride, size_t count, uint8_t* digests) {
  const size_t size = digest_size(format_.algorithm);
  for (size_t done = 0; done < count;) {
    if (compress_ == nullptr) {
      if (!digest_by_openssl(blocks + done * stride, digests + done * size)) return false;
      done++;
    } else {
      const size_t group = count - done < lanes_ ? count - done : lanes_;
      digest_lanes(blocks + done * stride, stride, group, digests + done * size);
      done += group;
    }
  }
  return true;
}

bool BlockDigester::digest_by_openssl(const uint8_t* block, uint8_t* digest) {
  const auto salt = [&] { return EVP_DigestUpdate(context_, format_.salt, format_.salt_size) == 1; };
  return EVP_DigestInit_ex2(context_, method_, nullptr) == 1 && (format_.salt_after || salt()) &&
         EVP_DigestUpdate(context_, block, format_.block_size) == 1 && (!format_.salt_after || salt()) &&
         EVP_DigestFinal_ex(context_, digest, nullptr) == 1;
}

// One to `lanes_` blocks. Lanes without a block do the work of the first again.
void BlockDigester::digest_lanes(const uint8_t* blocks, size_t stride, size_t count, uint8_t* digests) {
  const auto block_of = [&](size_t lane) { return blocks + (lane < count ? lane * stride : 0); };
  const uint8_t* pointers[most_lanes];
  LaneState state = salted_;

  // A chunk that begins with the end of the salt.
  const size_t head = salt_left_ == 0 ? 0 : chunk_size - salt_left_;
  if (head > 0) {
    uint8_t mixed[most_lanes][chunk_size];
    for (size_t lane = 0; lane < lanes_; lane++) {
      memcpy(mixed[lane], format_.salt + format_.salt_size - salt_left_, salt_left_);
      memcpy(mixed[lane] + salt_left_, block_of(lane), head);
      pointers[lane] = mixed[lane];
    }
    compress_(state, pointers, 1);
  }

  const size_t whole = (format_.block_size - head) / chunk_size;
  for (size_t lane = 0; lane < lanes_; lane++) pointers[lane] = block_of(lane) + head;
  compress_(state, pointers, whole);

  const size_t hashed = head + whole * chunk_size;
  const size_t rest = format_.block_size - hashed;
  const size_t salt_behind = format_.salt_after ? format_.salt_size : 0;
  const size_t chunks = (rest + salt_behind + 9 + chunk_size - 1) / chunk_size;
  uint8_t tails[most_lanes][longest_tail];
  for (size_t lane = 0; lane < lanes_; lane++) {
    uint8_t* const tail = tails[lane];
    memcpy(tail, block_of(lane) + hashed, rest);
    memcpy(tail + rest, format_.salt, salt_behind);
    const size_t end = rest + salt_behind;
    tail[end] = 0x80;
    memset(tail + end + 1, 0, chunks * chunk_size - end - 9);
    put_big_endian(tail + chunks * chunk_size - 8, 8 * uint64_t{format_.block_size + format_.salt_size}, 8);
    pointers[lane] = tail;
  }
  compress_(state, pointers, chunks);

  for (size_t lane = 0; lane < count; lane++) {
    for (size_t word = 0; word < 8; word++) put_big_endian(digests + lane * 32 + word * 4, state.words[word][lane], 4);
  }
}

}  // namespace touchstone
