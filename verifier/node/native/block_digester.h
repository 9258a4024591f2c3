// Digests of salted blocks, as dm-verity makes them.
#ifndef TOUCHSTONE_BLOCK_DIGESTER_H
#define TOUCHSTONE_BLOCK_DIGESTER_H

#include <openssl/evp.h>

#include <cstddef>
#include <cstdint>

#include "engine.h"
#include "sha256_lanes.h"

namespace touchstone {

enum class Algorithm { sha256, sha512 };

constexpr size_t digest_size(Algorithm algorithm) { return algorithm == Algorithm::sha256 ? 32 : 64; }

constexpr size_t smallest_block = 512;
constexpr size_t largest_block = 65536;
constexpr size_t longest_salt = 256;

// What is hashed for a block: the salt, then the block (dm-verity's hash type 1), or the other way round (type 0).
struct BlockFormat {
  Algorithm algorithm;
  size_t block_size;  // a multiple of 64 within the limits above
  uint8_t salt[longest_salt];
  size_t salt_size;
  bool salt_after;
};

// Not to be used by two threads at once.
class BlockDigester {
 public:
  BlockDigester() = default;
  BlockDigester(const BlockDigester&) = delete;
  BlockDigester& operator=(const BlockDigester&) = delete;
  ~BlockDigester();

  // False if OpenSSL is needed and refuses. SHA-512 is always OpenSSL's, whatever the engine.
  bool begin(const BlockFormat& format, Engine engine);

  // Writes the digests of `count` blocks that lie `stride` bytes apart. False if OpenSSL fails.
  bool digest(const uint8_t* blocks, size_t stride, size_t count, uint8_t* digests);

 private:
  bool digest_by_openssl(const uint8_t* block, uint8_t* digest);
  void digest_lanes(const uint8_t* blocks, size_t stride, size_t count, uint8_t* digests);
  void absorb_whole_salt_chunks();

  BlockFormat format_{};
  Compress compress_ = nullptr;
  size_t lanes_ = 0;
  LaneState salted_{};  // after the part of the salt that fills whole chunks
  size_t salt_left_ = 0;
  EVP_MD* method_ = nullptr;
  EVP_MD_CTX* context_ = nullptr;
};

}  // namespace touchstone

#endif
