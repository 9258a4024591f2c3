// Digests of blocks that lie one after another in an open file.
#ifndef TOUCHSTONE_DIGEST_RUN_H
#define TOUCHSTONE_DIGEST_RUN_H

#include <cstddef>
#include <cstdint>

#include "block_digester.h"

namespace touchstone {

constexpr unsigned most_threads = 64;

struct DigestRun {
  int file;
  uint64_t offset;  // bytes; offset + count * format.block_size is not more than INT64_MAX
  size_t count;
  BlockFormat format;
  Engine engine;
  unsigned threads;   // 1 to most_threads, the calling one among them
  uint8_t* digests;   // count * digest_size(format.algorithm) bytes
  uint8_t* blocks;    // null, or count * format.block_size bytes that become what was hashed
};

struct DigestOutcome {
  enum class Kind { done, io_error, file_ended, no_memory, no_openssl } kind;
  int error_number;  // of an I/O error
};

// Reads by pread() into memory of its own: a file that is cut short meanwhile is an outcome here, and would be the end of
// the process if the file were mapped. Blocks nothing but the calling thread, touches nothing of Node's.
DigestOutcome digest_run(const DigestRun& run);

}  // namespace touchstone

#endif
