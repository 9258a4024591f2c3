#include "fastest_engine.h"

#include <climits>
#include <cstdlib>
#include <ctime>

#include "block_digester.h"

namespace touchstone {

namespace {

constexpr size_t block_size = 4096;
constexpr int tries = 4;

// Nanoseconds that the best of some tries took; the others had to warm up, or to wait for other processes.
long time_of(Engine engine, const uint8_t* blocks) {
  BlockFormat format{};
  format.algorithm = Algorithm::sha256;
  format.block_size = block_size;
  BlockDigester digester;
  if (!digester.begin(format, engine)) return LONG_MAX;
  long best = LONG_MAX;
  for (int i = 0; i < tries; i++) {
    uint8_t digests[most_lanes * 32];
    timespec before, after;
    clock_gettime(CLOCK_MONOTONIC, &before);
    if (!digester.digest(blocks, block_size, most_lanes, digests)) return LONG_MAX;
    clock_gettime(CLOCK_MONOTONIC, &after);
    const long took = (after.tv_sec - before.tv_sec) * 1000000000 + (after.tv_nsec - before.tv_nsec);
    if (took < best) best = took;
  }
  return best;
}

}  // namespace

Engine fastest_engine() {
  uint8_t* const blocks = static_cast<uint8_t*>(calloc(most_lanes, block_size));
  Engine fastest = Engine::openssl;
  if (blocks == nullptr) return fastest;
  long best = LONG_MAX;
  for (const Engine engine : all_engines) {
    const long took = engine_available(engine) ? time_of(engine, blocks) : LONG_MAX;
    if (took < best) {
      best = took;
      fastest = engine;
    }
  }
  free(blocks);
  return fastest;
}

}  // namespace touchstone
