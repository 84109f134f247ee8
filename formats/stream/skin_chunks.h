// The chunks of a segment of joints and skin: what their reader and their writer share. FORMAT.md, section
// 6.7, has the bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <glm/glm.hpp>
#include <span>
#include <vector>

namespace volumen {

inline constexpr const char* kSkinLayout = "SKIN";
inline constexpr const char* kJoints = "JNTS";
inline constexpr const char* kFirstFrame = "CANO";
inline constexpr const char* kMeans = "MEAN";
inline constexpr const char* kCodebooks[] = {"SH_0", "SH_1", "SH_2", "SH_3"};
inline constexpr const char* kPictureChecksums = "LCRC";
inline constexpr std::size_t kSkinLayoutBytes = 90;

/// 11 bits of temporal residual, folded.
inline constexpr std::uint32_t kMotionSymbols = 2048;
/// A joint component's mode: how many bits residuals are shifted by, and whether the change of the joint's
/// parent is their prediction.
inline constexpr std::uint8_t kMotionShift = 15, kMotionParent = 16;
inline constexpr int kMaxMotionShift = 12;
/// A joint's parent is among so many in front of it: joints lie in an order that keeps neighbours together.
inline constexpr std::size_t kParentReach = 64;

/// For each joint the nearest of those up to kParentReach in front of it, the first of those as near; 0 for
/// joint 0, which has none. Integers as coordinates: exact.
std::vector<std::uint32_t> joint_parents(std::span<const glm::dvec3> places);

/// For each splat its row: splats by their mean, those of one mean by their index.
std::vector<std::uint32_t> rows_by_mean(std::span<const std::uint8_t> means);

}  // namespace volumen
