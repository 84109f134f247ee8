#include "formats/stream/frame.h"

#include <doctest/doctest.h>

#include <cmath>

using namespace volumen;

namespace {

/// Two blocks of SH degree 0 side by side in each plane, planes in a column; splat 70 gets values of its own.
PackedFrame two_blocks() {
    auto layout = std::make_shared<SegmentLayout>();
    layout->frame_count = 1;
    layout->splat_count = 100;
    layout->atlas_width = layout->atlas_height = 256;
    layout->blocks_per_row = 2;
    const std::size_t planes = std::size_t(plane_count(0));
    for (std::size_t p = 0; p < planes; ++p) {
        layout->plane_x.push_back(16);
        layout->plane_y.push_back(std::uint16_t(8 * p));
    }
    layout->position_origin = {-1, 0, 2};
    layout->position_step = 0.5f;
    layout->position_shift = {0, 0, 0, 1, 2, 3};
    layout->plane_min.assign(planes, -1);
    layout->plane_step.assign(planes, 1.0f / 64);
    PackedFrame frame;
    frame.layout = layout;
    frame.luma.assign(256 * 256, 128);
    frame.position_offset = {10, 20, 30, -40, 50, 60};
    // splat 70: block 1, place 6
    for (std::size_t p = 0; p < planes; ++p) frame.luma[8 * p * 256 + 16 + 8 + 6] = std::uint8_t(60 + 8 * p);
    return frame;
}

}  // namespace

TEST_CASE("reconstruct: known values") {
    const SplatCloud cloud = reconstruct(two_blocks());
    CHECK(cloud.count == 100);
    // splat 0: luma 128 everywhere
    CHECK(cloud.channel(0)[0] == -1 + 0.5f * (10 + 128));
    CHECK(cloud.channel(1)[0] == 0.5f * (20 + 128));
    CHECK(cloud.channel(2)[0] == 2 + 0.5f * (30 + 128));
    // splat 70: its own luma, shifted
    CHECK(cloud.channel(0)[70] == -1 + 0.5f * (-40 + (60 << 1)));
    CHECK(cloud.channel(1)[70] == 0.5f * (50 + (68 << 2)));
    CHECK(cloud.channel(2)[70] == 2 + 0.5f * (60 + (76 << 3)));
    // rotation planes 3, 4, 5: luma 84, 92, 100
    const float x = -1 + 84 / 64.0f, y = -1 + 92 / 64.0f, z = -1 + 100 / 64.0f;
    CHECK(cloud.channel(3)[70] == doctest::Approx(std::sqrt(1 - x * x - y * y - z * z)));
    CHECK(cloud.channel(4)[70] == doctest::Approx(x));
    CHECK(cloud.channel(6)[70] == doctest::Approx(z));
    // scale planes 6, 7, 8: luma 108, 116, 124
    CHECK(cloud.channel(7)[70] == -1 + 108 / 64.0f);
    CHECK(cloud.channel(9)[70] == -1 + 124 / 64.0f);
    // opacity, plane 9: luma 132 is 1.0625, clamped
    CHECK(cloud.channel(10)[70] == doctest::Approx(std::log(1023.0)));
    // SH planes 10, 11, 12: luma 140, 148, 156
    const float luminance = -1 + 140 / 64.0f, orange = -1 + 148 / 64.0f, green = -1 + 156 / 64.0f;
    CHECK(cloud.channel(11)[70] == doctest::Approx(luminance - green + orange));
    CHECK(cloud.channel(12)[70] == doctest::Approx(luminance + green));
    CHECK(cloud.channel(13)[70] == doctest::Approx(luminance - green - orange));
}

TEST_CASE("reconstruct: alpha is clamped, and a rotation too long is normalised") {
    PackedFrame frame = two_blocks();
    for (auto& v : frame.luma) v = 255;
    SplatCloud cloud = reconstruct(frame);
    CHECK(cloud.channel(SplatCloud::kOpacity)[3] == doctest::Approx(std::log(1023.0)));
    CHECK(cloud.channel(3)[3] == 0);
    CHECK(cloud.channel(4)[3] == doctest::Approx(1 / std::sqrt(3.0)));
    for (auto& v : frame.luma) v = 0;
    cloud = reconstruct(frame);
    CHECK(cloud.channel(SplatCloud::kOpacity)[3] == doctest::Approx(-std::log(1023.0)));
}
