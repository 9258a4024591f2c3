// What JavaScript sees, by Node-API alone, so that one build serves all versions of Node.js:
//
//     engines: string[]       what this machine has, the fastest first
//     digestBlocks(request)   Promise<{ digests: Uint8Array, blocks: Uint8Array | null }>
//
// where `request` has exactly: file, offset, blockSize, count, algorithm, salt, saltAfter, keepBlocks, engine, threads.
//
// Everything that comes from JavaScript is checked here, whatever the caller checked: what is wrong there must be an
// exception, never a write outside of memory. The memory that threads write to is not given to JavaScript before they are
// done, so nothing can detach it.
#include <errno.h>
#include <node_api.h>
#include <stdio.h>
#include <string.h>

#include <new>

#include "digest_run.h"
#include "fastest_engine.h"

namespace {

using namespace touchstone;

constexpr double largest_exact = 9007199254740991;      // Number.MAX_SAFE_INTEGER
constexpr size_t most_memory = 256 * 1024 * 1024;       // of what one call gives back

// Whether a call of Node-API went well. If not, an exception is left pending, its own or this one.
bool ok(napi_env env, napi_status status) {
  if (status == napi_ok) return true;
  bool pending = false;
  if (napi_is_exception_pending(env, &pending) != napi_ok || !pending) {
    napi_throw_error(env, "ERR_NATIVE", "a call of Node-API failed");
  }
  return false;
}

bool refuse(napi_env env, const char* field) {
  char message[96];
  snprintf(message, sizeof message, "digestBlocks: %s is not of the right type or out of range", field);
  napi_throw_range_error(env, "ERR_OUT_OF_RANGE", message);
  return false;
}

bool take(napi_env env, napi_value request, const char* field, napi_valuetype type, napi_value* value) {
  napi_valuetype found;
  if (!ok(env, napi_get_named_property(env, request, field, value)) || !ok(env, napi_typeof(env, *value, &found))) {
    return false;
  }
  return found == type || refuse(env, field);
}

bool take_integer(napi_env env, napi_value request, const char* field, double least, double most, double* number) {
  napi_value value;
  if (!take(env, request, field, napi_number, &value) || !ok(env, napi_get_value_double(env, value, number))) {
    return false;
  }
  // Written so that NaN is refused; only then is the conversion to an integer defined.
  if (!(*number >= least && *number <= most)) return refuse(env, field);
  return static_cast<double>(static_cast<int64_t>(*number)) == *number || refuse(env, field);
}

bool take_boolean(napi_env env, napi_value request, const char* field, bool* flag) {
  napi_value value;
  return take(env, request, field, napi_boolean, &value) && ok(env, napi_get_value_bool(env, value, flag));
}

bool take_word(napi_env env, napi_value request, const char* field, char (&word)[16]) {
  napi_value value;
  size_t length;
  return take(env, request, field, napi_string, &value) &&
         ok(env, napi_get_value_string_utf8(env, value, word, sizeof word, &length));
}

bool take_salt(napi_env env, napi_value request, BlockFormat* format) {
  napi_value value;
  bool typed = false;
  if (!take(env, request, "salt", napi_object, &value) || !ok(env, napi_is_typedarray(env, value, &typed))) return false;
  if (!typed) return refuse(env, "salt");
  napi_typedarray_type type;
  size_t length;
  void* bytes;
  if (!ok(env, napi_get_typedarray_info(env, value, &type, &length, &bytes, nullptr, nullptr))) return false;
  if (type != napi_uint8_array || length > longest_salt) return refuse(env, "salt");
  format->salt_size = length;
  if (length > 0) memcpy(format->salt, bytes, length);
  return true;
}

bool take_algorithm(napi_env env, napi_value request, Algorithm* algorithm) {
  char word[16];
  if (!take_word(env, request, "algorithm", word)) return false;
  *algorithm = strcmp(word, "sha512") == 0 ? Algorithm::sha512 : Algorithm::sha256;
  return *algorithm == Algorithm::sha512 || strcmp(word, "sha256") == 0 || refuse(env, "algorithm");
}

bool take_engine(napi_env env, napi_value request, Engine* engine) {
  char word[16];
  if (!take_word(env, request, "engine", word)) return false;
  for (const Engine one : all_engines) {
    if (strcmp(word, engine_name(one)) == 0 && engine_available(one)) {
      *engine = one;
      return true;
    }
  }
  return refuse(env, "engine");
}

bool take_run(napi_env env, napi_value request, DigestRun* run, bool* keep_blocks) {
  double file, offset, block_size, count, threads;
  if (!take_integer(env, request, "file", 0, INT32_MAX, &file) ||
      !take_integer(env, request, "offset", 0, largest_exact, &offset) ||
      !take_integer(env, request, "blockSize", smallest_block, largest_block, &block_size) ||
      !take_integer(env, request, "count", 1, UINT32_MAX, &count) ||
      !take_integer(env, request, "threads", 1, most_threads, &threads) ||
      !take_algorithm(env, request, &run->format.algorithm) || !take_salt(env, request, &run->format) ||
      !take_boolean(env, request, "saltAfter", &run->format.salt_after) ||
      !take_boolean(env, request, "keepBlocks", keep_blocks) || !take_engine(env, request, &run->engine)) {
    return false;
  }
  run->file = static_cast<int>(file);
  run->offset = static_cast<uint64_t>(offset);
  run->count = static_cast<size_t>(count);
  run->format.block_size = static_cast<size_t>(block_size);
  run->threads = static_cast<unsigned>(threads);
  if ((run->format.block_size & (run->format.block_size - 1)) != 0) return refuse(env, "blockSize");
  // None of these can overflow: offset < 2^53, count < 2^32, and a block is at most 2^16 bytes.
  const uint64_t bytes = uint64_t{run->count} * run->format.block_size;
  if (run->offset + bytes > static_cast<uint64_t>(largest_exact)) return refuse(env, "count");
  const uint64_t memory = uint64_t{run->count} * digest_size(run->format.algorithm) + (*keep_blocks ? bytes : 0);
  return memory <= most_memory || refuse(env, "count");
}

// One call of digestBlocks, from the main thread to a thread of libuv's pool and back.
struct Job {
  DigestRun run{};
  DigestOutcome outcome{};
  napi_async_work work = nullptr;
  napi_deferred deferred = nullptr;
  napi_ref digests = nullptr;
  napi_ref blocks = nullptr;
};

// Memory that JavaScript will own. Until then only the reference holds it.
bool allocate(napi_env env, size_t bytes, napi_ref* reference, uint8_t** memory) {
  napi_value buffer, array;
  void* data;
  if (!ok(env, napi_create_arraybuffer(env, bytes, &data, &buffer)) ||
      !ok(env, napi_create_typedarray(env, napi_uint8_array, bytes, buffer, 0, &array)) ||
      !ok(env, napi_create_reference(env, array, 1, reference))) {
    return false;
  }
  *memory = static_cast<uint8_t*>(data);
  return true;
}

void destroy(napi_env env, Job* job) {
  if (job->digests != nullptr) napi_delete_reference(env, job->digests);
  if (job->blocks != nullptr) napi_delete_reference(env, job->blocks);
  if (job->work != nullptr) napi_delete_async_work(env, job->work);
  delete job;
}

void execute(napi_env, void* data) {
  Job* const job = static_cast<Job*>(data);
  job->outcome = digest_run(job->run);
}

// strerror_r() gives back the text where it is GNU's and a number where it is POSIX's.
const char* text_of(const char* text, const char*) { return text; }
[[maybe_unused]] const char* text_of(int, const char* buffer) { return buffer; }

struct Failure {
  const char* code;
  const char* message;
};

Failure describe(const DigestOutcome& outcome, char (&buffer)[128]) {
  switch (outcome.kind) {
    case DigestOutcome::Kind::io_error:
      return {"ERR_IO", text_of(strerror_r(outcome.error_number, buffer, sizeof buffer), buffer)};
    case DigestOutcome::Kind::file_ended:
      return {"ERR_FILE_ENDED", "the file ends before the last block"};
    case DigestOutcome::Kind::no_memory:
      return {"ENOMEM", "there is not enough memory"};
    case DigestOutcome::Kind::no_openssl:
    case DigestOutcome::Kind::done:
      break;
  }
  return {"ERR_OPENSSL", "OpenSSL did not digest a block"};
}

// An Error with `code` and, as Node's own have it, the negated `errno` of an I/O error.
bool make_error(napi_env env, const DigestOutcome& outcome, napi_value* error) {
  char buffer[128] = "";
  const Failure failure = describe(outcome, buffer);
  napi_value code, message, number;
  return ok(env, napi_create_string_utf8(env, failure.code, NAPI_AUTO_LENGTH, &code)) &&
         ok(env, napi_create_string_utf8(env, failure.message, NAPI_AUTO_LENGTH, &message)) &&
         ok(env, napi_create_error(env, code, message, error)) &&
         ok(env, napi_create_int32(env, -outcome.error_number, &number)) &&
         ok(env, napi_set_named_property(env, *error, "errno", number));
}

bool make_result(napi_env env, const Job& job, napi_value* result) {
  napi_value digests, blocks;
  if (!ok(env, napi_create_object(env, result)) || !ok(env, napi_get_reference_value(env, job.digests, &digests)) ||
      !ok(env, job.blocks == nullptr ? napi_get_null(env, &blocks)
                                     : napi_get_reference_value(env, job.blocks, &blocks))) {
    return false;
  }
  return ok(env, napi_set_named_property(env, *result, "digests", digests)) &&
         ok(env, napi_set_named_property(env, *result, "blocks", blocks));
}

// Back on the main thread.
void complete(napi_env env, napi_status status, void* data) {
  Job* const job = static_cast<Job*>(data);
  napi_value value;
  if (status != napi_ok) job->outcome = {DigestOutcome::Kind::io_error, ECANCELED};
  if (job->outcome.kind == DigestOutcome::Kind::done) {
    if (make_result(env, *job, &value)) ok(env, napi_resolve_deferred(env, job->deferred, value));
  } else if (make_error(env, job->outcome, &value)) {
    ok(env, napi_reject_deferred(env, job->deferred, value));
  }
  destroy(env, job);
}

bool start(napi_env env, Job* job, bool keep_blocks, napi_value* promise) {
  DigestRun& run = job->run;
  napi_value name;
  return allocate(env, run.count * digest_size(run.format.algorithm), &job->digests, &run.digests) &&
         (!keep_blocks || allocate(env, run.count * run.format.block_size, &job->blocks, &run.blocks)) &&
         ok(env, napi_create_string_utf8(env, "touchstone.digestBlocks", NAPI_AUTO_LENGTH, &name)) &&
         ok(env, napi_create_async_work(env, nullptr, name, execute, complete, job, &job->work)) &&
         ok(env, napi_create_promise(env, &job->deferred, promise)) && ok(env, napi_queue_async_work(env, job->work));
}

napi_value digest_blocks(napi_env env, napi_callback_info info) {
  napi_value request, promise = nullptr;
  size_t count = 1;
  if (!ok(env, napi_get_cb_info(env, info, &count, &request, nullptr, nullptr))) return nullptr;
  napi_valuetype type;
  if (!ok(env, napi_typeof(env, request, &type))) return nullptr;
  if (type != napi_object) return refuse(env, "the request"), nullptr;
  Job* const job = new (std::nothrow) Job;
  if (job == nullptr) return ok(env, napi_generic_failure), nullptr;
  bool keep_blocks = false;
  if (!take_run(env, request, &job->run, &keep_blocks) || !start(env, job, keep_blocks, &promise)) {
    destroy(env, job);
    return nullptr;
  }
  return promise;
}

// The names of what this machine has, the fastest first.
bool list_engines(napi_env env, napi_value* list) {
  if (!ok(env, napi_create_array(env, list))) return false;
  const Engine fastest = fastest_engine();
  uint32_t next = 0;
  const auto add = [&](Engine engine) {
    napi_value name;
    return ok(env, napi_create_string_utf8(env, engine_name(engine), NAPI_AUTO_LENGTH, &name)) &&
           ok(env, napi_set_element(env, *list, next++, name));
  };
  if (!add(fastest)) return false;
  for (const Engine engine : all_engines) {
    if (engine != fastest && engine_available(engine) && !add(engine)) return false;
  }
  return true;
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value engines, function;
  if (!list_engines(env, &engines) || !ok(env, napi_set_named_property(env, exports, "engines", engines)) ||
      !ok(env, napi_create_function(env, "digestBlocks", NAPI_AUTO_LENGTH, digest_blocks, nullptr, &function)) ||
      !ok(env, napi_set_named_property(env, exports, "digestBlocks", function))) {
    return nullptr;
  }
  return exports;
}
