#include "engine.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace touchstone {

const char* engine_name(Engine engine) {
  switch (engine) {
    case Engine::avx512:
      return "avx512";
    case Engine::sha_ni:
      return "sha-ni";
    case Engine::openssl:
      return "openssl";
  }
  return "";
}

#if defined(__x86_64__)

namespace {

struct Leaf {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
};

// Intel SDM volume 2A, CPUID. A leaf that the processor does not have is all zero.
Leaf cpuid(unsigned number) {
  Leaf leaf;
  if (__get_cpuid_count(number, 0, &leaf.eax, &leaf.ebx, &leaf.ecx, &leaf.edx) == 0) return Leaf{};
  return leaf;
}

bool bit(unsigned word, unsigned index) { return ((word >> index) & 1) != 0; }

// Whether the operating system saves all of: XMM, YMM, the mask registers, and both halves of the ZMM registers
// (XCR0 bits 1, 2, 5, 6, 7; Intel SDM volume 1, section 15.2). A hypervisor or a kernel may have AVX-512 switched off
// although the processor has it; using it then kills the process.
bool keeps_zmm_registers() {
  if (!bit(cpuid(1).ecx, 27)) return false;  // OSXSAVE: without it XGETBV itself is an invalid instruction
  uint32_t low, high;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (low & 0xe6) == 0xe6;
}

}  // namespace

bool engine_available(Engine engine) {
  const unsigned features = cpuid(7).ebx;
  switch (engine) {
    case Engine::avx512:
      return bit(features, 16) && bit(features, 30) && keeps_zmm_registers();  // AVX512F, AVX512BW
    case Engine::sha_ni:
      return bit(features, 29) && bit(cpuid(1).ecx, 19);  // SHA; SSE4.1, which implies SSSE3
    case Engine::openssl:
      return true;
  }
  return false;
}

#else

bool engine_available(Engine engine) { return engine == Engine::openssl; }

#endif

}  // namespace touchstone
