#include "digest_run.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>

namespace touchstone {

namespace {

using Kind = DigestOutcome::Kind;

// What one thread reads at a time. It stays in the second-level cache of a core between being read and being hashed.
constexpr size_t read_size = 256 * 1024;

// Blocks of a page or more would all begin at the same place of the first-level cache, and sixteen lanes at once push each
// other out of it: 20 % of the speed. So there is a cache line between them.
constexpr size_t cache_line = 64;

size_t blocks_a_read(const DigestRun& run) {
  const size_t blocks = read_size / run.format.block_size;
  return blocks < most_lanes ? most_lanes : blocks;
}

struct Work {
  const DigestRun& run;
  const size_t batch;
  std::atomic<size_t> next_block{0};
  std::atomic<bool> failed{false};
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  DigestOutcome outcome{Kind::done, 0};

  explicit Work(const DigestRun& of) : run(of), batch(blocks_a_read(of)) {}

  void fail(DigestOutcome why) {
    pthread_mutex_lock(&lock);
    if (!failed.exchange(true)) outcome = why;
    pthread_mutex_unlock(&lock);
  }
};

DigestOutcome read_exactly(int file, uint8_t* into, size_t length, uint64_t offset) {
  for (size_t at = 0; at < length;) {
    const ssize_t got = pread(file, into + at, length - at, static_cast<off_t>(offset + at));
    if (got == 0) return {Kind::file_ended, 0};
    if (got < 0 && errno != EINTR) return {Kind::io_error, errno};
    if (got > 0) at += static_cast<size_t>(got);
  }
  return {Kind::done, 0};
}

// Reads `count` blocks so that they begin `stride` bytes apart.
DigestOutcome read_apart(const DigestRun& run, uint8_t* into, size_t stride, size_t count, uint64_t offset) {
  const size_t size = run.format.block_size;
  constexpr size_t most_parts = read_size / smallest_block;
  static_assert(most_parts >= most_lanes && most_parts <= 1024, "a batch is one call of preadv()");
  iovec parts[most_parts];
  for (size_t i = 0; i < count; i++) parts[i] = {into + i * stride, size};
  const ssize_t got = preadv(run.file, parts, static_cast<int>(count), static_cast<off_t>(offset));
  // What it did not give, whatever the cause, is read block by block, which finds the cause.
  for (size_t i = got > 0 ? static_cast<size_t>(got) / size : 0; i < count; i++) {
    const DigestOutcome read = read_exactly(run.file, into + i * stride, size, offset + i * size);
    if (read.kind != Kind::done) return read;
  }
  return {Kind::done, 0};
}

// Where a block has to begin so that what is hashed behind the salt is whole cache lines: loads that cross them cost a tenth.
size_t salt_shift(const BlockFormat& format) { return format.salt_after ? 0 : format.salt_size % cache_line; }

void digest_batches(Work& work, BlockDigester& digester, uint8_t* buffer) {
  const DigestRun& run = work.run;
  const size_t size = run.format.block_size;
  while (!work.failed.load(std::memory_order_relaxed)) {
    const size_t first = work.next_block.fetch_add(work.batch);
    if (first >= run.count) return;
    const size_t count = run.count - first < work.batch ? run.count - first : work.batch;
    const bool keep = run.blocks != nullptr;
    uint8_t* const blocks = keep ? run.blocks + first * size : buffer;
    const size_t stride = keep ? size : size + cache_line;
    const uint64_t offset = run.offset + first * size;
    const DigestOutcome read = keep ? read_exactly(run.file, blocks, count * size, offset)
                                    : read_apart(run, blocks, stride, count, offset);
    if (read.kind != Kind::done) return work.fail(read);
    if (!digester.digest(blocks, stride, count, run.digests + first * digest_size(run.format.algorithm))) {
      return work.fail({Kind::no_openssl, 0});
    }
  }
}

void* work_in_thread(void* argument) {
  Work& work = *static_cast<Work*>(argument);
  BlockDigester digester;
  if (!digester.begin(work.run.format, work.run.engine)) {
    work.fail({Kind::no_openssl, 0});
    return nullptr;
  }
  uint8_t* buffer = nullptr;
  if (work.run.blocks == nullptr) {
    const size_t bytes = work.batch * (work.run.format.block_size + cache_line) + cache_line;
    buffer = static_cast<uint8_t*>(aligned_alloc(cache_line, bytes));
    if (buffer == nullptr) {
      work.fail({Kind::no_memory, 0});
      return nullptr;
    }
  }
  digest_batches(work, digester, buffer == nullptr ? nullptr : buffer + salt_shift(work.run.format));
  free(buffer);
  return nullptr;
}

}  // namespace

DigestOutcome digest_run(const DigestRun& run) {
  Work work(run);
  const size_t batches = (run.count + work.batch - 1) / work.batch;
  pthread_t threads[most_threads];
  unsigned started = 0;
  // A thread that cannot be started leaves its share to the others.
  while (started + 1 < run.threads && started + 1 < batches &&
         pthread_create(&threads[started], nullptr, work_in_thread, &work) == 0) {
    started++;
  }
  work_in_thread(&work);
  for (unsigned i = 0; i < started; i++) pthread_join(threads[i], nullptr);
  return work.outcome;
}

}  // namespace touchstone
