// Looks that stay: scale, opacity and SH of a splat change from frame to frame only where images insist.
#pragma once

#include <span>
#include <vector>

#include "encoder/train/adam.h"

namespace volumen::train {

/// Channels that change together or not at all, as they are stored: the scale, the opacity, each degree of
/// the SH.
struct Attribute {
    int channel = 0, width = 0;

    bool is_sh() const { return channel >= SplatCloud::kSh; }
    bool is_opacity() const { return channel == SplatCloud::kOpacity; }
};
std::vector<Attribute> looks(int sh_degree);

/// Weights of keep_steady().
struct Steadiness {
    float scale = 0, opacity = 0, sh = 0;
    float of(const Attribute& attribute) const {
        return attribute.is_sh() ? sh : attribute.is_opacity() ? opacity : scale;
    }
};

/// The proximal step of an L1 penalty on each splat's change of an attribute since `previous`, after
/// adam.step() with the same rates: the change shrinks by what Adam makes of a gradient of the weight times
/// the attribute's typical gradient (root mean square over splats that have any), and is nothing at all where
/// it would turn. So a splat keeps the exact value of the frame before unless its images pull harder than
/// that, and steadily.
void keep_steady(SplatCloud& cloud, const SplatCloud& previous, const Adam& adam,
                 std::span<const float> rates, const Steadiness& steadiness);

/// How many splats have another value of the attribute.
std::size_t changed(const SplatCloud& cloud, const SplatCloud& previous, const Attribute& attribute);

}  // namespace volumen::train
