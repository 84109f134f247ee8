#include "encoder/sequence/match.h"

#include <doctest/doctest.h>

#include <cmath>

#include "encoder/pack/rotation.h"
#include "encoder/sequence/fill.h"
#include "tests/encoder/pack/synthetic.h"
#include "tests/encoder/sequence/shuffle.h"

using namespace volumen;

namespace {

/// The share of splats of `to`, which is `order` of the frame after `from`, whose partner is itself.
double share_right(const Match& match, const std::vector<std::size_t>& order) {
    std::size_t right = 0;
    for (std::size_t j = 0; j < order.size(); ++j) right += match.partner[j] == order[j];
    return double(right) / double(order.size());
}

}  // namespace

TEST_CASE("match: shuffled splats are found again, slow or fast") {
    // The limbs swing by up to 7 degrees, and 20, where shapes have turned as well.
    for (const auto& expected : {std::pair(0, 1.0), std::pair(1, 0.99), std::pair(3, 0.9)}) {
        CAPTURE(expected.first);
        const SplatCloud from = synthetic_cloud(3000, 0, 10, 4),
                         to = synthetic_cloud(3000, 0, 10 + expected.first, 4);
        const auto order = random_order(3000, 7);
        const Match match = match_splats(from, gather(to, order), {});
        CHECK(share_right(match, order) >= expected.second);
        std::vector<bool> named(3000);
        for (const std::uint32_t partner : match.partner) {
            if (partner == kNoPartner) continue;
            CHECK_FALSE(named[partner]);
            named[partner] = true;
        }
    }
}

TEST_CASE("match: newcomers find no partner among those who stay") {
    const SplatCloud from = synthetic_cloud(2000, 0, 5, 4), to = synthetic_cloud(2000, 0, 6, 4);
    auto order = random_order(2000, 8);
    std::vector<std::size_t> stay(1900);
    std::iota(stay.begin(), stay.end(), std::size_t(0));
    const Match match = match_splats(gather(from, stay), gather(to, order), {});
    std::size_t right = 0;
    for (std::size_t j = 0; j < order.size(); ++j) right += match.partner[j] == order[j];
    CHECK(right > 1860);
}

TEST_CASE("match: a cloud elsewhere, and one splat") {
    const SplatCloud one = synthetic_cloud(1, 0, 0, 4);
    CHECK(match_splats(one, one, {}).partner == std::vector<std::uint32_t>{0});
    SplatCloud cloud = synthetic_cloud(500, 0, 0, 4), away = synthetic_cloud(500, 0, 0, 99);
    for (float& x : away.channel(0)) x += 100;
    for (float& c : away.channel(SplatCloud::kSh)) c = 5;
    std::size_t partners = 0;
    for (const std::uint32_t p : match_splats(cloud, away, {}).partner) partners += p != kNoPartner;
    CHECK(partners == 0);
}

TEST_CASE("match: the same for any number of splats that look alike") {
    SplatCloud grid(1000, 0);
    for (std::size_t i = 0; i < 1000; ++i) {
        for (std::size_t a = 0, n = i; a < 3; ++a, n /= 10) grid.channel(int(a))[i] = 0.1f * float(n % 10);
        grid.channel(SplatCloud::kRotation)[i] = 1;
    }
    SplatCloud moved = grid;
    for (float& x : moved.channel(0)) x += 0.02f;
    CHECK(same_order(grid, moved));
    const auto order = random_order(1000, 3);
    CHECK_FALSE(same_order(grid, gather(moved, order)));
    CHECK(share_right(match_splats(grid, gather(moved, order), {}), order) == 1);
}

TEST_CASE("same_order: kept places are recognised, all others not") {
    const SplatCloud a = synthetic_cloud(2000, 0, 3, 4), b = synthetic_cloud(2000, 0, 4, 4);
    CHECK(same_order(a, b));
    CHECK(same_order(a, synthetic_cloud(2000, 0, 8, 4)));
    CHECK_FALSE(same_order(a, shuffled(b, 1)));
    CHECK_FALSE(same_order(a, synthetic_cloud(1999, 0, 4, 4)));
    // Sorted along an axis, frame by frame: neighbours in the file are neighbours in space.
    const auto sorted = [](const SplatCloud& cloud) {
        std::vector<std::size_t> order = random_order(cloud.count, 1);
        std::sort(order.begin(), order.end(),
                  [&](std::size_t i, std::size_t j) { return cloud.channel(2)[i] < cloud.channel(2)[j]; });
        return gather(cloud, order);
    };
    CHECK_FALSE(same_order(sorted(a), sorted(b)));
    // One splat gone in front and one more at the end: everything stands one place off.
    std::vector<std::size_t> shifted(2000);
    for (std::size_t i = 0; i < 2000; ++i) shifted[i] = (i + 1) % 2000;
    CHECK_FALSE(same_order(a, gather(b, shifted)));
}

TEST_CASE("axes: named anew in each frame, they follow the frame before") {
    const SplatCloud a = synthetic_cloud(200, 0, 3, 4);
    SplatCloud b = a;
    // A quarter turn about x, with y and z exchanged, is the same Gaussian.
    const float h = std::sqrt(0.5f);
    for (std::size_t i = 0; i < b.count; i += 2) {
        const float w = a.channel(3)[i], x = a.channel(4)[i], y = a.channel(5)[i], z = a.channel(6)[i];
        b.channel(3)[i] = h * (w - x), b.channel(4)[i] = h * (x + w);
        b.channel(5)[i] = h * (y + z), b.channel(6)[i] = h * (z - y);
        std::swap(b.channel(SplatCloud::kScale + 1)[i], b.channel(SplatCloud::kScale + 2)[i]);
    }
    align_axes(a, b);
    for (std::size_t i = 0; i < b.count; ++i) {
        float dot = 0;
        for (int q = 3; q < 7; ++q) dot += a.channel(q)[i] * b.channel(q)[i];
        CHECK(std::abs(dot) == doctest::Approx(1).epsilon(1e-4));
        for (int s = 0; s < 3; ++s)
            CHECK(b.channel(SplatCloud::kScale + s)[i] == a.channel(SplatCloud::kScale + s)[i]);
    }
}

TEST_CASE("absent splats are invisible and go with their neighbours") {
    // Two groups, one of which moves; splat 0 of it is absent at first, splat 1 in the end.
    std::vector<SplatCloud> frames;
    std::vector<std::uint32_t> places;
    for (int f = 0; f < 4; ++f) {
        SplatCloud cloud(8, 0);
        for (std::size_t i = 0; i < 8; ++i) {
            cloud.channel(0)[i] = (i < 4 ? 0.0f : 10.0f) + 0.1f * float(i) + (i < 4 ? float(f) : 0.0f);
            cloud.channel(SplatCloud::kOpacity)[i] = 3;
            cloud.channel(SplatCloud::kRotation)[i] = 1;
        }
        std::vector<std::uint32_t> place(8);
        std::iota(place.begin(), place.end(), 0u);
        if (f < 2) place[0] = kNoPartner;
        if (f > 1) place[1] = kNoPartner;
        frames.push_back(take_places(cloud, place));
        places.insert(places.end(), place.begin(), place.end());
    }
    fill_absent(frames, places);
    for (int f = 0; f < 4; ++f) {
        const SplatCloud& cloud = frames[std::size_t(f)];
        CHECK(cloud.channel(0)[0] == doctest::Approx(float(f)));
        CHECK(cloud.channel(0)[1] == doctest::Approx(0.1f + float(f)));
        CHECK((cloud.channel(SplatCloud::kOpacity)[0] < -10) == (f < 2));
        CHECK((cloud.channel(SplatCloud::kOpacity)[1] < -10) == (f > 1));
        CHECK(cloud.channel(SplatCloud::kRotation)[0] == 1);
    }
}
