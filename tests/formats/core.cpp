#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "formats/core/camera.h"
#include "formats/core/parallel.h"
#include "formats/splats/cloud.h"

using namespace volumen;

TEST_CASE("parallel_for covers every index once, nests, and passes exceptions on") {
    std::vector<std::atomic<int>> seen(1000);
    parallel_for(seen.size(), 7, [&](std::size_t begin, std::size_t end, int thread) {
        CHECK(thread < thread_count());
        for (std::size_t i = begin; i < end; ++i) ++seen[i];
        parallel_for(3, 1, [](std::size_t, std::size_t, int) {});
    });
    for (const auto& n : seen) CHECK(n == 1);
    CHECK_THROWS_AS(
        parallel_for(100, 1, [](std::size_t, std::size_t, int) { throw std::runtime_error("stop"); }),
        std::runtime_error);
}

TEST_CASE("a look_at camera sees its target in the middle, up above it") {
    const Camera camera = Camera::look_at({3, -4, 2}, {0.5f, 0.25f, 1}, {0, 0, 1}, 0.7f, 640, 480);
    const glm::vec3 target = camera.to_camera({0.5f, 0.25f, 1});
    CHECK(target.x == doctest::Approx(0).epsilon(1e-5));
    CHECK(target.y == doctest::Approx(0).epsilon(1e-5));
    CHECK(target.z > 0);
    CHECK(camera.to_camera({0.5f, 0.25f, 1.5f}).y < 0);
    CHECK(glm::length(camera.centre() - glm::vec3(3, -4, 2)) < 1e-5f);
    CHECK(glm::determinant(camera.rotation) == doctest::Approx(1));
}

TEST_CASE("gather reorders and with_sh_degree keeps what both have") {
    SplatCloud cloud(3, 1);
    for (std::size_t i = 0; i < cloud.values.size(); ++i) cloud.values[i] = float(i);
    const std::vector<std::size_t> order{2, 0, 0};
    const SplatCloud picked = gather(cloud, order);
    CHECK(picked.channel(4)[0] == cloud.channel(4)[2]);
    CHECK(picked.channel(4)[2] == cloud.channel(4)[0]);
    const SplatCloud wide = with_sh_degree(cloud, 2);
    CHECK(wide.channel(22)[1] == cloud.channel(22)[1]);
    CHECK(wide.channel(23)[1] == 0);
    CHECK(with_sh_degree(wide, 1).values == cloud.values);
}
