#ifndef TOUCHSTONE_FASTEST_ENGINE_H
#define TOUCHSTONE_FASTEST_ENGINE_H

#include "engine.h"

namespace touchstone {

// The engine that digests blocks fastest on this machine, by trying for about a millisecond: which of AVX-512 and the SHA
// extensions that is differs between makers of processors. All give the same digests.
Engine fastest_engine();

}  // namespace touchstone

#endif
