// What SOG's readers share.
#pragma once

#include <cstdint>

#include "formats/splats/cloud.h"

namespace volumen {

inline constexpr const char* kSogMetaFile = "meta.json";
inline constexpr const char* kSogLodFile = "lod-meta.json";
/// Three codebooks of 256 numbers are 15 kB.
inline constexpr std::uint64_t kMaxSogMetaBytes = 1 << 20;
/// A tree of every splat in chunks of a few hundred.
inline constexpr std::uint64_t kMaxSogLodBytes = 32 << 20;
/// Noise of kMaxSplats pixels, and half as much.
inline constexpr std::uint64_t kMaxSogImageBytes = kMaxSplats * 6;

}  // namespace volumen
