// What luma does to splats: without a video nothing but rounding, and an error in it never more than itself.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "encoder/pack/atlas.h"
#include "encoder/pack/quantise.h"
#include "encoder/pack/rotation.h"
#include "formats/stream/frame.h"
#include "tests/encoder/pack/synthetic.h"

using namespace volumen;

namespace {

constexpr int kFrames = 3;
constexpr std::size_t kSplats = 2500;
constexpr float kExtent = 1.8f;
/// Of the last place of a float, in steps.
constexpr float kFloat = 0.01f;

struct Quantised {
    std::vector<SplatCloud> frames;
    QuantisedSegment segment;

    explicit Quantised(const TrackLimits& limits) {
        for (int f = 0; f < kFrames; ++f) frames.push_back(synthetic_cloud(kSplats, 2, f, 51));
        canonicalise_rotations(frames);
        segment =
            quantise(frames, 0, kExtent, fit_atlas(kSplats, 2, {30, 1}, limits), quality_settings(60).steps);
    }
    const SegmentLayout& layout() const { return *segment.layout; }
    PackedFrame frame(std::size_t f, std::vector<std::uint8_t> luma) const {
        const std::size_t offsets = std::size_t(layout().blocks()) * 3;
        const auto first = segment.position_offset.begin() + std::ptrdiff_t(f * offsets);
        return {.index = int(f),
                .layout = segment.layout,
                .luma = std::move(luma),
                .position_offset = {first, first + std::ptrdiff_t(offsets)}};
    }
    float position_step(std::size_t i, std::size_t axis) const {
        return layout().position_step * float(1 << layout().position_shift[i / kBlockSplats * 3 + axis]);
    }
};

float alpha(float logit) {
    return 1 / (1 + std::exp(-logit));
}

/// Compares two clouds plane by plane: none differs by more than `steps` of its plane. Of a coefficient Y, Co
/// and Cg are compared. Returns how many rotations were, which are left out where either was too long to be
/// one.
std::size_t check_within(const SplatCloud& a, const SplatCloud& b, const Quantised& q, float steps) {
    const SegmentLayout& l = q.layout();
    const auto near = [&](float x, float y, std::size_t plane) {
        REQUIRE(std::abs(x - y) <= (steps + kFloat) * l.plane_step[plane]);
    };
    std::size_t rotations = 0;
    for (std::size_t i = 0; i < a.count; ++i) {
        for (int axis = 0; axis < 3; ++axis) {
            const int p = SplatCloud::kPosition + axis, s = SplatCloud::kScale + axis;
            REQUIRE(std::abs(a.channel(p)[i] - b.channel(p)[i]) <=
                    (steps + kFloat) * q.position_step(i, std::size_t(axis)));
            near(a.channel(s)[i], b.channel(s)[i], std::size_t(kPlaneScale + axis));
        }
        // Where w is 0 the coded vector may have been longer than 1, and was shortened.
        constexpr float kShortened = 1e-3f;
        if (a.channel(SplatCloud::kRotation)[i] > kShortened &&
            b.channel(SplatCloud::kRotation)[i] > kShortened) {
            ++rotations;
            for (int c = 0; c < 3; ++c)
                near(a.channel(SplatCloud::kRotation + 1 + c)[i], b.channel(SplatCloud::kRotation + 1 + c)[i],
                     std::size_t(kPlaneRotation + c));
        }
        near(alpha(a.channel(SplatCloud::kOpacity)[i]), alpha(b.channel(SplatCloud::kOpacity)[i]),
             kPlaneOpacity);
        for (int k = 0; k < sh_coefficients(a.sh_degree); ++k) {
            const auto parts = [&](const SplatCloud& cloud) {
                const int at = SplatCloud::kSh + 3 * k;
                const float red = cloud.channel(at)[i], green = cloud.channel(at + 1)[i],
                            blue = cloud.channel(at + 2)[i];
                return std::array{(red + 2 * green + blue) / 4, (red - blue) / 2,
                                  (2 * green - red - blue) / 4};
            };
            const auto x = parts(a), y = parts(b);
            for (std::size_t part = 0; part < 3; ++part)
                near(x[part], y[part], std::size_t(kPlaneSh + 3 * k) + part);
        }
    }
    return rotations;
}

}  // namespace

TEST_CASE("where the video is exact, splats come back within half a step") {
    for (const TrackLimits& limits : {kEveryDecoder, TrackLimits{256, 256, 1e9}}) {
        const Quantised q(limits);
        for (std::size_t f = 0; f < kFrames; ++f) {
            const SplatCloud read = reconstruct(q.frame(f, q.segment.luma[f]));
            CHECK(check_within(read, q.frames[f], q, 0.5f) > kSplats * 8 / 10);
        }
    }
}

TEST_CASE("two levels of luma move no attribute by more than two steps, wherever they err") {
    constexpr int kError = 2;
    const Quantised q(TrackLimits{256, 256, 1e9});
    CHECK(q.layout().tracks > 1);
    std::mt19937 random(52);
    const SplatCloud exact = reconstruct(q.frame(0, q.segment.luma[0]));
    for (int way = 0; way < 6; ++way) {
        std::vector<std::uint8_t> luma = q.segment.luma[0];
        for (std::uint8_t& v : luma) {
            const int error = way == 0   ? -kError
                              : way == 1 ? kError
                                         : int(random() % (2 * kError + 1)) - kError;
            v = std::uint8_t(std::clamp(v + error, 0, 255));
        }
        CHECK(check_within(reconstruct(q.frame(0, luma)), exact, q, float(kError)) > kSplats * 7 / 10);
    }
}
