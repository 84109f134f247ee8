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
};
std::vector<Attribute> looks(int sh_degree);

/// The proximal step of an L1 penalty on each splat's change of an attribute since `previous`, after
/// adam.step() with the same rates: the change shrinks by what Adam makes of a gradient of `weight` times the
/// attribute's typical gradient (root mean square over splats that have any), and is nothing at all where it
/// would turn. So a splat keeps the exact value of the frame before unless its images pull harder than that,
/// and steadily.
void keep_steady(SplatCloud& cloud, const SplatCloud& previous, const Adam& adam,
                 std::span<const float> rates, float weight);

/// How many splats have another value of the attribute.
std::size_t changed(const SplatCloud& cloud, const SplatCloud& previous, const Attribute& attribute);

}  // namespace volumen::train
