#include <cmath>
#include <glm/gtc/quaternion.hpp>
#include <random>

#include "formats/core/error.h"
#include "shaders/renderer.h"
#include "tests/shaders/device.h"
#include "tests/shaders/same_cloud.h"
#include "tests/shaders/scenes.h"

using namespace volumen;
using namespace volumen::test;

namespace {

/// A segment of planes side by side in a grid, dealt out to the tracks, with random tables.
std::shared_ptr<SegmentLayout> random_layout(std::mt19937& random, std::uint32_t count, int degree,
                                             int tracks = 1) {
    std::uniform_real_distribution<float> uniform{0, 1};
    auto layout = std::make_shared<SegmentLayout>();
    layout->first_frame = 3, layout->frame_count = 2;
    layout->splat_count = count, layout->sh_degree = degree;
    layout->blocks_per_row = 5;
    const std::uint32_t blocks = layout->blocks();
    const int across = 5 * kBlockSide, down = int((blocks + 4) / 5) * kBlockSide;
    constexpr int kColumns = 8;
    const int planes = plane_count(degree);
    layout->atlas_width = kColumns * across + 24;
    const int in_track = (planes + tracks - 1) / tracks;
    const int height = (in_track + kColumns - 1) / kColumns * down + 8;
    layout->tracks = tracks, layout->atlas_height = tracks * height;
    for (int p = 0; p < planes; ++p) {
        const int place = p / tracks;
        layout->plane_x.push_back(std::uint16_t(place % kColumns * across + 8));
        layout->plane_y.push_back(std::uint16_t(p % tracks * height + place / kColumns * down));
        const bool rotation = p >= kPlaneRotation && p < kPlaneScale;
        layout->plane_min.push_back(p == kPlaneOpacity ? -0.05f : rotation ? -0.7f : -uniform(random));
        layout->plane_step.push_back((p == kPlaneOpacity ? 1.1f
                                      : rotation         ? 1.4f
                                                         : 2 * uniform(random)) /
                                     255);
    }
    layout->position_origin = {-1.5f, 0.25f, 100};
    layout->position_step = 1.0f / 4096;
    for (std::uint32_t i = 0; i < blocks * 3; ++i)
        layout->position_shift.push_back(std::uint8_t(random() % 6));
    return layout;
}

PackedFrame random_frame(std::mt19937& random, const std::shared_ptr<const SegmentLayout>& layout) {
    PackedFrame frame;
    frame.index = layout->first_frame;
    frame.layout = layout;
    frame.luma.resize(std::size_t(layout->atlas_width) * std::size_t(layout->atlas_height));
    for (std::uint8_t& v : frame.luma) v = std::uint8_t(random());
    for (std::uint32_t i = 0; i < layout->blocks() * 3; ++i)
        frame.position_offset.push_back(std::int32_t(random() % 20000) - 10000);
    return frame;
}

/// Devices' arc cosines are good to about this.
constexpr float kArcBar = 1e-4f;
/// Halves up to 4, rounded before they are mixed and after.
constexpr float kMixedBar = 2e-3f;

/// In double precision.
SplatCloud mixed(const SplatCloud& a, const SplatCloud& b, double t) {
    SplatCloud out(a.count, a.sh_degree);
    for (std::size_t i = 0; i < a.count; ++i) {
        for (int c = 0; c < a.channels(); ++c) {
            const double from = a.channel(c)[i], to = b.channel(c)[i];
            const auto alpha = [](double logit) { return 1 / (1 + std::exp(-logit)); };
            const double opacity = std::lerp(alpha(from), alpha(to), t);
            out.channel(c)[i] =
                float(c == SplatCloud::kOpacity ? std::log(opacity / (1 - opacity)) : std::lerp(from, to, t));
        }
        const auto rotation = [&](const SplatCloud& cloud) {
            const auto q = [&](int k) { return double(cloud.channel(SplatCloud::kRotation + k)[i]); };
            return glm::normalize(glm::dquat(q(0), q(1), q(2), q(3)));
        };
        const glm::dquat q = glm::slerp(rotation(a), rotation(b), t);
        const double wxyz[4] = {q.w, q.x, q.y, q.z};
        for (int k = 0; k < 4; ++k) out.channel(SplatCloud::kRotation + k)[i] = float(wxyz[k]);
    }
    return out;
}

}  // namespace

TEST_CASE("the shader reconstructs what the CPU reconstructs") {
    const Silence silence;
    std::mt19937 random{41};
    Renderer renderer{device()};
    for (int degree = 0; degree <= kMaxShDegree; ++degree)
        for (std::uint32_t count : {1u, 64u, 1000u}) {
            CAPTURE(degree);
            CAPTURE(count);
            const auto layout = random_layout(random, count, degree);
            for (int f = 0; f < 2; ++f) {
                const PackedFrame frame = random_frame(random, layout);
                renderer.set_frame(frame);
                check_same(renderer.read_cloud(), reconstruct(frame));
            }
        }
}

TEST_CASE("planes of several tracks, and of one again") {
    const Silence silence;
    std::mt19937 random{42};
    Renderer renderer{device()};
    for (const int tracks : {2, 3, 8, 1}) {
        CAPTURE(tracks);
        const PackedFrame frame = random_frame(random, random_layout(random, 500, 2, tracks));
        renderer.set_frame(frame);
        check_same(renderer.read_cloud(), reconstruct(frame));
    }
}

TEST_CASE("frames recorded one after the other, some skipped, draw like their clouds") {
    const Silence silence;
    std::mt19937 random{43};
    const auto layout = random_layout(random, 300, 1);
    layout->position_origin = {-1, -1, -1};
    const Camera camera = Camera::look_at({0, -6, 0}, {0, 0, 0}, {0, 0, 1}, 0.9f, 64, 48);
    Renderer streamed{device()}, plain{device()};
    for (int f = 0; f < 8; ++f) {
        const PackedFrame frame = random_frame(random, layout);
        streamed.set_frame(frame);
        if (f == 2) continue;
        const Image8 image = streamed.render(camera, {});
        plain.set_cloud(streamed.read_cloud());
        CHECK(image.pixels == plain.render(camera, {}).pixels);
    }
    if (device().timestamp_period_ns > 0) CHECK(streamed.stats().reconstruct_ms > 0);
}

TEST_CASE("between two frames of a segment: mixed, rotations along the shorter arc, the stage as it is") {
    const Silence silence;
    const std::uint32_t seed = 44;
    CAPTURE(seed);
    std::mt19937 random{seed};
    const Camera camera = Camera::look_at({0, -6, 0}, {0, 0, 0}, {0, 0, 1}, 0.9f, 64, 48);
    for (const int degree : {0, 1, 3}) {
        Renderer renderer{device()}, plain{device()};
        SplatCloud stage = random_cloud(seed + 1, {.count = 40, .sh_degree = degree});
        renderer.set_stage(stage);
        const auto layout = random_layout(random, 300, degree);
        layout->position_origin = {-1, -1, -1};
        const PackedFrame a = random_frame(random, layout), b = random_frame(random, layout),
                          elsewhere = random_frame(random, random_layout(random, 300, degree));
        renderer.set_frame(a);
        CHECK(!renderer.set_next_frame(b));  // before the frame itself is made
        const auto between_clouds = [&](const PackedFrame& x, const PackedFrame& y, float share) {
            return joined(share == 0 ? reconstruct(x) : mixed(reconstruct(x), reconstruct(y), share), stage);
        };
        check_same(renderer.read_cloud(), between_clouds(a, b, 0));
        CHECK(!renderer.set_next_frame(elsewhere));
        REQUIRE(renderer.set_next_frame(b));
        for (const float share : {0.25f, 0.5f, 1.0f}) {
            const SplatCloud between = renderer.read_cloud(share);
            check_same(between, between_clouds(a, b, share), kArcBar, kMixedBar);
            plain.set_cloud(between);
            CHECK(renderer.render(camera, {.between = share}).pixels == plain.render(camera, {}).pixels);
        }
        check_same(renderer.read_cloud(), between_clouds(a, b, 0));
        renderer.advance();
        check_same(renderer.read_cloud(0.5f), between_clouds(b, a, 0));
        REQUIRE(renderer.set_next_frame(a));
        check_same(renderer.read_cloud(0.25f), between_clouds(b, a, 0.25f), kArcBar, kMixedBar);
        renderer.set_frame(b);  // a jump: nothing lies between any more
        check_same(renderer.read_cloud(0.25f), between_clouds(b, a, 0));
        stage = random_cloud(seed, {.count = 40, .sh_degree = degree});  // another of the same size
        renderer.set_stage(stage);
        renderer.set_frame(a);
        check_same(renderer.read_cloud(), between_clouds(a, b, 0));
        REQUIRE(renderer.set_next_frame(b));
        check_same(renderer.read_cloud(0.5f), between_clouds(a, b, 0.5f), kArcBar, kMixedBar);
    }
}

TEST_CASE("frames that lie about their atlas are refused") {
    const Silence silence;
    std::mt19937 random{47};
    Renderer renderer{device()};
    const auto damaged = [&](auto damage) {
        const auto layout = random_layout(random, 200, 1);
        PackedFrame frame = random_frame(random, layout);
        damage(*layout, frame);
        CHECK_THROWS_AS(renderer.set_frame(frame), InputError);
    };
    damaged([](SegmentLayout& l, PackedFrame&) { l.plane_x[4] = 60000; });
    damaged([](SegmentLayout& l, PackedFrame&) { l.plane_y.pop_back(); });
    damaged([](SegmentLayout& l, PackedFrame&) { l.splat_count = 100'000; });
    damaged([](SegmentLayout& l, PackedFrame&) { l.blocks_per_row = 0; });
    damaged([](SegmentLayout& l, PackedFrame&) { l.sh_degree = 4; });
    damaged([](SegmentLayout& l, PackedFrame&) { l.position_shift[0] = 200; });
    damaged([](SegmentLayout& l, PackedFrame&) { l.atlas_width = -1; });
    damaged([](SegmentLayout& l, PackedFrame&) { l.tracks = 0; });
    damaged([](SegmentLayout& l, PackedFrame&) { l.tracks = -1; });
    damaged([](SegmentLayout& l, PackedFrame&) { l.tracks = l.atlas_height; });
    damaged([](SegmentLayout& l, PackedFrame&) { l.tracks = 1000; });
    damaged([](SegmentLayout&, PackedFrame& f) { f.luma.pop_back(); });
    damaged([](SegmentLayout&, PackedFrame& f) { f.position_offset.push_back(0); });
    damaged([](SegmentLayout&, PackedFrame& f) { f.layout = nullptr; });
    // And the renderer goes on.
    const PackedFrame good = random_frame(random, random_layout(random, 200, 1));
    renderer.set_frame(good);
    check_same(renderer.read_cloud(), reconstruct(good));
}
