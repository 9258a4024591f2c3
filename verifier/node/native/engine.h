// Which instructions digest blocks, and whether this machine has them.
#ifndef TOUCHSTONE_ENGINE_H
#define TOUCHSTONE_ENGINE_H

namespace touchstone {

enum class Engine { avx512, sha_ni, openssl };

constexpr Engine all_engines[] = {Engine::avx512, Engine::sha_ni, Engine::openssl};

const char* engine_name(Engine engine);

// The processor has the instructions, and the operating system keeps their registers across a task switch.
bool engine_available(Engine engine);

}  // namespace touchstone

#endif
