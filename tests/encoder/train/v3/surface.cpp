// The hull's mesh, and points on it.
#include <doctest/doctest.h>

#include <map>

#include "encoder/train/initialise.h"
#include "encoder/train/v3/hull_mesh.h"
#include "tests/encoder/train/ball.h"

using namespace volumen;
using namespace volumen::train;

TEST_CASE("the hull of a ball's masks is meshed: closed, turned outwards, as large as the ball") {
    const glm::vec3 centre(0.2f, -0.1f, 0.05f);
    const TrainingFrame frame = ball(12, 64, centre);
    const Mesh mesh = hull_mesh(frame, glm::vec3(0), 1.5f, 40);
    REQUIRE(mesh.triangles.size() > 500);
    std::map<std::pair<std::uint32_t, std::uint32_t>, int> edges;
    double volume = 0;
    for (const glm::uvec3 t : mesh.triangles) {
        for (int k = 0; k < 3; ++k) {
            REQUIRE(t[k] < mesh.vertices.size());
            ++edges[{t[k], t[(k + 1) % 3]}];
        }
        volume += double(glm::dot(mesh.vertices[t.x] - centre,
                                  glm::cross(mesh.vertices[t.y] - centre, mesh.vertices[t.z] - centre))) /
                  6;
    }
    // Every edge is walked once either way.
    for (const auto& [edge, times] : edges) {
        REQUIRE(times == 1);
        REQUIRE(edges.count({edge.second, edge.first}) == 1);
    }
    const double ball_volume = 4.0 / 3 * std::numbers::pi * 0.125;
    CHECK(volume > 0.95 * ball_volume);
    CHECK(volume < 1.25 * ball_volume);  // a hull is larger than what casts it
    for (const glm::vec3 p : mesh.vertices) {
        CHECK(glm::length(p - centre) > 0.47f);
        CHECK(glm::length(p - centre) < 0.65f);
    }
}

TEST_CASE("points on the hull's mesh: so many as asked for, even by area, coloured as seen") {
    const TrainingFrame frame = ball(12, 64, glm::vec3(0));
    const Mesh mesh = hull_mesh(frame, glm::vec3(0), 1.5f, 40);
    std::mt19937_64 random(3);
    const std::vector<HullPoint> points = sample_mesh(mesh, frame, 4000, random);
    REQUIRE(points.size() == 4000);
    int above = 0, right = 0;
    double error = 0;
    for (const HullPoint& p : points) {
        above += p.position.z > 0, right += p.position.x > 0;
        CHECK(glm::dot(p.normal, glm::normalize(p.position)) > 0.5f);
        for (int k = 0; k < 3; ++k)
            error += std::abs(double(p.colour[k]) - (0.5 + 0.4 * std::sin(8.0 * double(p.position[k]) + k)));
    }
    CHECK(above == doctest::Approx(2000).epsilon(0.1));
    CHECK(right == doctest::Approx(2000).epsilon(0.1));
    CHECK(error / (3 * 4000) < 0.08);
    CHECK(sample_mesh({}, frame, 10, random).empty());
}

TEST_CASE("masks that share no place in space have no mesh") {
    TrainingFrame frame = ball(6, 48, glm::vec3(0));
    std::ranges::fill(frame.views[2].alpha, 0.0f);
    CHECK(hull_mesh(frame, glm::vec3(0), 1.5f, 40).triangles.empty());
}

TEST_CASE("a take may start from the mesh rather than from given points") {
    const TrainingFrame frame = ball(8, 48, glm::vec3(0));
    TakeInfo info;
    info.bounds_min = glm::vec3(-1.5f), info.bounds_max = glm::vec3(1.5f);
    PointCloud far;
    far.positions = {9, 9, 9, 9, 9, 8};
    TrainSettings settings = small_settings();
    std::mt19937_64 random(5);
    CHECK(initial_cloud(frame, info, far, settings, random).channel(0)[0] == 9);
    settings.mesh_start = true;
    const SplatCloud cloud = initial_cloud(frame, info, far, settings, random);
    CHECK(cloud.count == std::size_t(settings.start_share * float(settings.splats)));
    for (const float x : cloud.channel(0)) CHECK(std::abs(x) < 0.7f);
    const TrainingFrame bare = ball(8, 48, glm::vec3(0), 0, false);
    CHECK(initial_cloud(bare, info, far, settings, random).channel(0)[0] == 9);
}
