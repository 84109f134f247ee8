// What a stream may ask for. Beyond these lies damage or hostility; each bounds an allocation.
#pragma once

#include <cstddef>
#include <cstdint>

namespace volumen {

/// H.264 level 5.1: what every hardware decoder takes.
inline constexpr int kMaxAtlasWidth = 4096, kMaxAtlasHeight = 2160;
/// Below this some hardware decoders refuse.
inline constexpr int kMinAtlasSide = 256;
/// Atlas sides are multiples of this: the largest block of the codecs, so that nothing is ever cropped.
inline constexpr int kAtlasAlign = 64;
/// Videos that a rung's planes may need: a million splats of SH degree 3 at 30 frames a second. A decoded
/// frame of as many is 71 MB.
inline constexpr int kMaxTracks = 8;
/// Ten hours at 30 frames a second.
inline constexpr std::uint32_t kMaxFrames = 1'080'000;
/// Twenty seconds at 30 frames a second: a seek may decode as much, and the exact offsets of one segment of
/// the largest video (10,634 blocks × 3 axes × 4 bytes) stay below 80 MiB.
inline constexpr std::uint32_t kMaxSegmentFrames = 600;
/// JSON in the side file: take metadata, a few hundred bytes.
inline constexpr std::uint32_t kMaxHeaderJson = 64u << 10;
inline constexpr std::uint64_t kMaxManifest = 1u << 20;
/// ftyp, moov and the codec's parameter sets.
inline constexpr std::uint64_t kMaxInitBytes = 1u << 20;
/// One segment's part of a file: 600 frames of 8.8 million samples at half a bit each.
inline constexpr std::uint64_t kMaxSegmentBytes = 512u << 20;
inline constexpr std::size_t kMaxRungs = 16;
/// The position grid stays exact in float32: offsets within ±2^22, luma << shift below 2^23.
inline constexpr std::int32_t kMaxPositionOffset = 1 << 22;
inline constexpr int kMaxPositionShift = 14;

/// Joints and skin: five times what the published system trains, 110 MB of decoded tables.
inline constexpr std::uint32_t kMaxSkinSplats = 1u << 20;
/// An anchor's index fits 16 bits.
inline constexpr std::uint32_t kMaxJoints = 1u << 16;
/// Splats × joints of a segment: 280,000 on 15,000. However they lie, so many distances at most are looked at
/// to find what hangs on what: seconds, not hours.
inline constexpr std::uint64_t kMaxSplatsTimesJoints = 1ull << 32;
/// Joints × frames of a segment: 15,000 joints in 500 frames, 192 MiB decoded.
inline constexpr std::uint64_t kMaxJointPoses = 1u << 23;
/// Index changes of one codebook in a segment: 1 M splats that change every fourth frame of 64.
inline constexpr std::uint64_t kMaxChanges = 1u << 24;
inline constexpr std::uint32_t kMaxCodebookEntries = 8192;
/// Places on the grid stay exact in float32, and squared distances between them in float64.
inline constexpr std::int32_t kMaxPlace = 1 << 23;
inline constexpr int kMaxJointShift = 8;
/// Look-up images of a segment: 270 MiB of the largest pictures.
inline constexpr std::uint32_t kMaxLookupPictures = 32;

}  // namespace volumen
