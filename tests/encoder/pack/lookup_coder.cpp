#include "encoder/pack/skin/lookup_coder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "encoder/pack/skin/skin_order.h"
#include "formats/core/error.h"
#include "formats/stream/limits.h"
#include "formats/stream/skin_chunks.h"

using namespace volumen;

namespace {

constexpr LookupSteps kSteps{0.01f, 0.025f};

/// Opacities and scales that wander, with noise from frame to frame.
std::vector<SplatCloud> histories(std::size_t count, int frames, float wander, unsigned seed) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    SplatCloud now(count, 0);
    for (std::size_t i = 0; i < count; ++i) {
        now.channel(SplatCloud::kOpacity)[i] = 2 * normal(random);
        for (int a = 0; a < 3; ++a) now.channel(SplatCloud::kScale + a)[i] = -5 + normal(random);
    }
    std::vector<SplatCloud> out;
    for (int f = 0; f < frames; ++f) {
        out.push_back(now);
        for (int c = SplatCloud::kScale; c <= SplatCloud::kOpacity; ++c)
            for (float& v : now.channel(c)) v += wander * normal(random);
    }
    return out;
}

double value_of(const SplatCloud& cloud, std::size_t lookup, std::size_t i) {
    if (lookup) return cloud.channel(SplatCloud::kScale + int(lookup) - 1)[i];
    return 1 / (1 + std::exp(-double(cloud.channel(SplatCloud::kOpacity)[i])));
}

SkinSegment segment_of(const std::vector<SplatCloud>& frames, LookupShape shape) {
    SkinSegment s;
    s.splat_count = std::uint32_t(frames.front().count), s.frame_count = int(frames.size());
    s.lookup = shape;
    return s;
}

void check_round_trip(const std::vector<SplatCloud>& frames, LookupShape shape) {
    SkinSegment s = segment_of(frames, shape);
    const Pictures pictures = draw_lookups(frames, kSteps, s);
    REQUIRE(pictures.size() == shape.pictures);
    for (const auto& picture : pictures) s.luma.insert(s.luma.end(), picture.begin(), picture.end());
    REQUIRE(s.luma.size() ==
            std::size_t(shape.pictures) * std::size_t(shape.width) * std::size_t(shape.height));
    const std::size_t n = s.splat_count;
    double worst = 0;
    std::set<std::size_t> taken;
    for (std::size_t l = 0; l < kLookups; ++l) {
        const LookupScale& scale = s.lookup_scale[l];
        CHECK(scale.step >= (l ? kSteps.scale : kSteps.opacity));
        for (std::size_t i = 0; i < n; ++i)
            for (std::size_t f = 0; f < frames.size(); ++f) {
                const std::size_t at = s.lookup.row_begin(l * n + s.row[l * n + i]) + f;
                REQUIRE(taken.insert(at).second);
                const double value = scale.low + double(scale.step) * s.mean[l * n + i] +
                                     double(scale.change_step) * (double(s.luma.at(at)) - 128);
                worst = std::max(worst, std::abs(value - value_of(frames[f], l, i)) / scale.change_step);
            }
        std::vector<std::size_t> by_row(n);
        for (std::size_t i = 0; i < n; ++i) by_row.at(s.row[l * n + i]) = i;
        for (std::size_t r = 1; r < n; ++r) {
            const std::uint8_t above = s.mean[l * n + by_row[r - 1]], here = s.mean[l * n + by_row[r]];
            REQUIRE((above < here || (above == here && by_row[r - 1] < by_row[r])));
        }
    }
    CHECK(worst <= 0.5 + 1e-3);
}

}  // namespace

TEST_CASE("look-ups: values within half a step, each sample in a place of its own") {
    constexpr unsigned kSeed = 61;
    MESSAGE("seed " << kSeed);
    for (const float wander : {0.0f, 0.01f, 0.1f, 1.5f})
        for (const int frames : {1, 7, 8, 50}) {
            CAPTURE(wander);
            CAPTURE(frames);
            check_round_trip(histories(200, frames, wander, kSeed), fit_lookups(200, frames));
        }
    check_round_trip(histories(1, 1, 0, kSeed), fit_lookups(1, 1));
}

TEST_CASE("look-ups: several pictures, strips that are shorter than the picture, columns without a frame") {
    const auto frames = histories(700, 20, 0.1f, 62);
    LookupShape shape = fit_lookups(700, 20, 256, 256);
    // 24 columns: 10 strips of 256 rows a picture hold 2560 of 2800 rows.
    CHECK(shape.columns == 24);
    CHECK(shape.pictures == 2);
    check_round_trip(frames, shape);
    shape.columns = 21, shape.strip_rows = 100;
    shape.pictures = 3;
    REQUIRE(shape.holds(4 * 700, 20));
    check_round_trip(frames, shape);
    shape.pictures = 2;
    CHECK(!shape.holds(4 * 700, 20));
}

TEST_CASE("look-ups: strips stand side by side, then in the next picture") {
    const LookupShape shape{.width = 256, .height = 320, .columns = 30, .strip_rows = 300, .pictures = 2};
    CHECK(shape.strips_per_picture() == 8);
    CHECK(shape.row_begin(0) == 0);
    CHECK(shape.row_begin(1) == 256);
    CHECK(shape.row_begin(299) == 299 * 256);
    CHECK(shape.row_begin(300) == 30);
    CHECK(shape.row_begin(7 * 300 + 5) == 5 * 256 + 210);
    CHECK(shape.row_begin(8 * 300) == 320 * 256);
    CHECK(shape.holds(2 * 8 * 300, 30));
    CHECK(!shape.holds(2 * 8 * 300 + 1, 30));
    CHECK(!shape.holds(1, 31));
}

TEST_CASE("look-ups: pictures are of sizes that decoders take, and hold all there is room for") {
    for (const std::size_t splats : {1, 100, 5000, 60000, 200000, 1 << 20})
        for (const int frames : {1, 2, 30, 50, 600}) {
            CAPTURE(splats);
            CAPTURE(frames);
            LookupShape shape;
            try {
                shape = fit_lookups(splats, frames);
            } catch (const InputError&) {
                // Then even the largest pictures do not hold them.
                const std::uint64_t columns = std::uint64_t(frames + 7) / 8 * 8;
                const std::uint64_t in_picture = kMaxAtlasWidth / columns * (kMaxAtlasHeight / 64 * 64);
                CHECK(in_picture * std::min<std::uint64_t>(kMaxLookupPictures, std::uint64_t(frames)) <
                      4 * splats);
                continue;
            }
            CHECK(shape.holds(kLookups * splats, std::uint32_t(frames)));
            CHECK(shape.width % kAtlasAlign == 0);
            CHECK(shape.height % kAtlasAlign == 0);
            CHECK((shape.width >= kMinAtlasSide && shape.width <= kMaxAtlasWidth));
            CHECK((shape.height >= kMinAtlasSide && shape.height <= kMaxAtlasHeight));
            CHECK(shape.pictures <= std::min(kMaxLookupPictures, std::uint32_t(frames)));
        }
}

TEST_CASE("rows by mean: splats by their mean, those of one mean by their index") {
    const std::vector<std::uint8_t> means{200, 0, 255, 0, 7, 200};
    CHECK(rows_by_mean(means) == std::vector<std::uint32_t>{3, 0, 5, 1, 2, 4});
    CHECK(rows_by_mean({}).empty());
}

TEST_CASE("order by joint: each splat once, with its nearest joint, joint after joint") {
    constexpr unsigned kSeed = 63;
    MESSAGE("seed " << kSeed);
    std::mt19937 random(kSeed);
    std::uniform_real_distribution<float> place(-1, 1);
    std::vector<glm::vec3> splats(500), joints(40);
    for (glm::vec3& p : splats) p = {place(random), place(random), place(random)};
    for (glm::vec3& p : joints) p = {place(random), place(random), place(random)};
    const OwnedOrder out = order_by_joint(splats, joints);
    REQUIRE(out.owned.size() == joints.size());
    REQUIRE(out.order.size() == splats.size());
    CHECK(std::set(out.order.begin(), out.order.end()).size() == splats.size());
    std::size_t i = 0;
    for (std::size_t j = 0; j < joints.size(); ++j)
        for (std::uint32_t k = 0; k < out.owned[j]; ++k, ++i)
            for (const glm::vec3& other : joints)
                REQUIRE(glm::distance(splats[out.order[i]], joints[j]) <=
                        glm::distance(splats[out.order[i]], other) * 1.00001f);
    CHECK(i == splats.size());
    // One joint owns all, in Morton order.
    CHECK(order_by_joint(splats, std::vector<glm::vec3>(1)).order == morton_order(splats));
}

TEST_CASE("Morton order: along an axis the points follow each other, and equal ones keep their order") {
    std::vector<glm::vec3> points;
    for (int i = 0; i < 50; ++i) points.emplace_back(0, float((i * 37) % 50), 0);
    const auto order = morton_order(points);
    for (std::size_t i = 1; i < order.size(); ++i) CHECK(points[order[i - 1]].y < points[order[i]].y);
    CHECK(morton_order(std::vector<glm::vec3>(4, glm::vec3(3))) == std::vector<std::size_t>{0, 1, 2, 3});
}
