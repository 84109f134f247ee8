// Follows splats from frame to frame, through files that order them anew.
#pragma once

#include <cstdint>
#include <glm/glm.hpp>
#include <optional>
#include <string>
#include <vector>

#include "encoder/sequence/match.h"
#include "formats/splats/cloud.h"

namespace volumen {

/// The topology of one segment as it grows.
class SplatTracker {
  public:
    /// Begins a segment: its splats are those of `first`.
    void begin(SplatCloud first);
    /// Adds a frame. Where too many splats have no partner nothing is added, and the reason is returned:
    /// "8,120 of 10,000 splats have no partner".
    std::optional<std::string> add(SplatCloud next);

    /// Splats of the segment so far.
    std::uint32_t splats() const { return std::uint32_t(last_seen_.count); }
    /// Whether splat i of every file is splat i.
    bool files_agree() const { return files_agree_; }
    /// For each frame of the segment, for each splat that was known by then, its index in the frame's file,
    /// or kNoPartner.
    const std::vector<std::vector<std::uint32_t>>& places() const { return places_; }

  private:
    SplatCloud previous_;   ///< as in its file
    SplatCloud last_seen_;  ///< the segment's splats, each as it was last
    std::vector<glm::vec3> motion_;
    std::vector<std::vector<std::uint32_t>> places_;
    bool files_agree_ = true;
};

}  // namespace volumen
