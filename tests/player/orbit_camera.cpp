#include "player/view/orbit_camera.h"

#include <doctest/doctest.h>

#include <random>

using namespace volumen;

namespace {

constexpr ViewSize kView{640, 480};

glm::vec2 project(const OrbitCamera& orbit, glm::vec3 point, ViewSize view = kView) {
    const Camera camera = orbit.viewpoint().camera(view);
    const glm::vec3 c = camera.to_camera(point);
    CHECK(c.z > 0);
    return {camera.fx * c.x / c.z + camera.cx, camera.fy * c.y / c.z + camera.cy};
}

/// The target is in the middle, and up points up.
void check_upright(const OrbitCamera& orbit, glm::vec3 up) {
    const glm::vec2 middle = project(orbit, orbit.target());
    CHECK(middle.x == doctest::Approx(320).epsilon(1e-3));
    CHECK(middle.y == doctest::Approx(240).epsilon(1e-3));
    const glm::vec2 above = project(orbit, orbit.target() + 0.01f * orbit.distance() * glm::normalize(up));
    CHECK(std::abs(above.x - middle.x) < 0.05f);
    CHECK(above.y < middle.y);
}

const Viewpoint kHome{.eye = {1, -3, 1.5f}, .target = {0.2f, 0, 1}, .up = {0, 0, 1}, .fov = 0.7f};

}  // namespace

TEST_CASE("the home view is the one that was given, for any up axis") {
    const unsigned seed = std::random_device{}();
    MESSAGE("seed " << seed);
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    for (int i = 0; i < 100; ++i) {
        Viewpoint home;
        home.up = {normal(random), normal(random), normal(random)};
        home.target = {normal(random), normal(random), normal(random)};
        const glm::vec3 up = glm::normalize(home.up);
        glm::vec3 side = glm::cross(up, glm::vec3(normal(random), normal(random), normal(random)));
        home.eye = home.target + 3.0f * glm::normalize(glm::normalize(side) + normal(random) * 0.3f * up);
        OrbitCamera orbit(home);
        CHECK(glm::length(orbit.eye() - home.eye) < 1e-4f);
        CHECK(glm::length(orbit.target() - home.target) < 1e-4f);
        for (int step = 0; step < 20; ++step) {
            orbit.orbit(normal(random) * 100, normal(random) * 100, kView);
            CHECK(orbit.distance() == doctest::Approx(3).epsilon(1e-4));
            CHECK(glm::length(orbit.target() - home.target) < 1e-4f);
            check_upright(orbit, up);
        }
        orbit.reset();
        CHECK(glm::length(orbit.eye() - home.eye) < 1e-4f);
    }
}

TEST_CASE("dragging right turns what is in front to the right, dragging down turns it down") {
    OrbitCamera orbit(kHome);
    const glm::vec3 front = orbit.target() - 0.3f * orbit.forward();
    const glm::vec2 before = project(orbit, front);
    orbit.orbit(30, 0, kView);
    CHECK(project(orbit, front).x > before.x + 1);
    orbit.orbit(-30, 30, kView);
    CHECK(project(orbit, front).y > before.y + 1);
}

TEST_CASE("orbiting stops short of the poles") {
    OrbitCamera orbit(kHome);
    for (int i = 0; i < 50; ++i) orbit.orbit(7, 200, kView);
    CHECK(orbit.forward().z < -0.99f);
    check_upright(orbit, kHome.up);
    for (int i = 0; i < 50; ++i) orbit.orbit(7, -200, kView);
    CHECK(orbit.forward().z > 0.99f);
    check_upright(orbit, kHome.up);
}

TEST_CASE("panning keeps the direction and takes what is under the pointer along") {
    for (const ViewSize view : {kView, ViewSize{300, 800}}) {
        OrbitCamera orbit(kHome);
        const glm::vec3 direction = orbit.forward(), point = orbit.target();
        const glm::vec2 before = project(orbit, point, view);
        orbit.pan(40, -25, view);
        CHECK(glm::length(orbit.forward() - direction) < 1e-6f);
        const glm::vec2 after = project(orbit, point, view);
        CHECK(after.x - before.x == doctest::Approx(40).epsilon(1e-3));
        CHECK(after.y - before.y == doctest::Approx(-25).epsilon(1e-3));
    }
}

TEST_CASE("the wheel nears the target and never passes it") {
    OrbitCamera orbit(kHome);
    const float start = orbit.distance();
    const glm::vec3 direction = orbit.forward(), target = orbit.target();
    orbit.dolly(1);
    CHECK(orbit.distance() < start);
    for (int i = 0; i < 1000; ++i) orbit.dolly(10);
    CHECK(orbit.distance() > 0);
    CHECK(glm::dot(target - orbit.eye(), direction) > 0);
    for (int i = 0; i < 1000; ++i) orbit.dolly(-10);
    CHECK(std::isfinite(orbit.distance()));
    CHECK(orbit.target() == target);
    CHECK(glm::length(orbit.forward() - direction) < 1e-6f);
}

TEST_CASE("looking around keeps the eye; flying keeps the direction") {
    OrbitCamera orbit(kHome);
    const glm::vec3 eye = orbit.eye(), seen = orbit.target();
    const glm::vec2 before = project(orbit, seen);
    orbit.look(20, 10, kView);
    CHECK(glm::length(orbit.eye() - eye) < 1e-5f);
    CHECK(project(orbit, seen).x < before.x - 1);
    CHECK(project(orbit, seen).y < before.y - 1);
    check_upright(orbit, kHome.up);

    const glm::vec3 direction = orbit.forward(), from = orbit.eye();
    orbit.fly(0.5f, 0, 0);
    CHECK(glm::length(orbit.eye() - (from + 0.5f * orbit.distance() * direction)) < 1e-5f);
    orbit.fly(0, 0, 0.25f);
    CHECK(orbit.eye().z - (from + 0.5f * orbit.distance() * direction).z ==
          doctest::Approx(0.25f * orbit.distance()));
    CHECK(glm::length(orbit.forward() - direction) < 1e-6f);
}

TEST_CASE("a picture higher than wide shows the same width as a square one") {
    const glm::vec3 aside = kHome.target + glm::vec3(0.2f, 0.1f, 0);
    const OrbitCamera orbit(kHome);
    const float square = project(orbit, aside, {400, 400}).x;
    CHECK(project(orbit, aside, {400, 1000}).x == doctest::Approx(square).epsilon(1e-4));
}
