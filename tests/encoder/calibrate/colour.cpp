// Exposure and white balance, read off the subject's surface.
#include <doctest/doctest.h>

#include <cmath>

#include "encoder/calibrate/surface.h"
#include "encoder/calibrate/vote_hull.h"
#include "tests/encoder/calibrate/samples.h"

using namespace volumen;

TEST_CASE("the hull of the others has a view's silhouette, and a wrong mask is outvoted") {
    Samples samples = ball_samples(10, 1, {}, {}, true);
    const std::vector<int> offsets(10, 0);
    {
        const VoteHull hull(samples, 0, offsets);
        REQUIRE_FALSE(hull.empty(0));
        for (std::size_t v = 0; v < 10; ++v)
            CHECK(overlap(samples.views[v].pictures[0].mask, hull.silhouette(v, 0)) > 0.8);
    }
    std::ranges::fill(samples.views[4].pictures[0].mask, std::uint8_t(0));
    const VoteHull hull(samples, 0, offsets);
    CHECK(hull.empty(0));
    CHECK_FALSE(hull.empty(1));
    CHECK(overlap(samples.views[4].pictures[0].mask, hull.silhouette(4, 0)) == 0);
    CHECK(overlap(samples.views[3].pictures[0].mask, hull.silhouette_of_all(samples.views[3].camera, 1)) > 0.8);
}

TEST_CASE("gains of the views are found") {
    const std::map<int, glm::vec3> tints{{1, glm::vec3(0.8f)}, {6, {1.1f, 1, 0.9f}}};
    const Samples samples = ball_samples(12, 1, {}, tints, true);
    const Surface surface = surface_of(samples, 0, std::vector<int>(12, 0), 1);
    REQUIRE(surface.points.size() > 500);
    REQUIRE(surface.sightings.size() > 1000);
    const std::vector<glm::vec3> gains = view_gains(surface, 12);
    for (int v = 0; v < 12; ++v) {
        CAPTURE(v);
        const glm::vec3 expected = tints.contains(v) ? tints.at(v) : glm::vec3(1);
        for (int k = 0; k < 3; ++k)
            CHECK(gains[std::size_t(v)][k] == doctest::Approx(expected[k]).epsilon(0.03));
    }
}

TEST_CASE("who sees what: nothing from behind, most of it by several") {
    const Samples samples = ball_samples(8, 1, {}, {}, true);
    const Surface surface = surface_of(samples, 0, std::vector<int>(8, 0), 0);
    std::size_t several = 0;
    for (const SurfacePoint& point : surface.points) {
        CHECK(point.seen_by < 7);
        several += point.seen_by >= 2;
    }
    CHECK(several > surface.points.size() / 2);
    for (const Sighting& s : surface.sightings) {
        const SurfacePoint& point = surface.points[s.point];
        CHECK(glm::dot(point.normal, samples.views[s.view].camera.centre() - point.position) > 0);
    }
    const Samples maskless = ball_samples(3, 1, {}, {}, false);
    CHECK(surface_of(maskless, 0, {0, 0, 0}, 0).points.empty());
    for (const glm::vec3& gain : view_gains({}, 3)) CHECK(std::isnan(gain.r));
}
