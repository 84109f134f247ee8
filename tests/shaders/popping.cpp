// What jumps in the picture while the camera turns by half a degree a frame.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "shaders/renderer.h"
#include "shaders/shared.h"
#include "tests/shaders/device.h"
#include "tests/shaders/reference.h"
#include "tests/shaders/scenes.h"

using namespace volumen;
using namespace volumen::test;

namespace {

constexpr double kStep = 0.5 * std::numbers::pi / 180;
constexpr int kSide = 32;
/// Rounding to 8 bits on both sides, and what single precision adds.
constexpr double kTolerance = 1.5;

using Picture = std::vector<double>;

/// How much a turn's pictures change: what moves changes every frame alike, what pops changes one of them.
struct Jumps {
    double largest = 0;  ///< of a value from one picture to the next, levels
    double pop = 0;      ///< root mean square of second differences, of the worst frame

    void add(Picture next) {
        if (!before_.empty()) {
            double squares = 0;
            for (std::size_t i = 0; i < next.size(); ++i) {
                largest = std::max(largest, std::abs(next[i] - last_[i]));
                squares += std::pow(next[i] - 2 * last_[i] + before_[i], 2);
            }
            pop = std::max(pop, std::sqrt(squares / double(next.size())));
        }
        before_ = std::move(last_), last_ = std::move(next);
    }

  private:
    Picture before_, last_;
};

enum class Turn { in_place, around };

Camera camera_at(Turn turn, int step) {
    const float angle = float(kStep * step);
    const glm::vec3 direction{std::cos(angle), std::sin(angle), 0.2f};
    return turn == Turn::in_place
               ? Camera::look_at({0, 0, 0}, direction, {0, 0, 1}, 0.9f, kSide, kSide)
               : Camera::look_at(3.0f * direction, {0, 0, 0}, {0, 0, 1}, 0.7f, kSide, kSide);
}

/// Around in place: a shell of splats, far enough for none to reach into the camera.
SplatCloud scene(Turn turn, std::uint32_t seed) {
    SplatCloud cloud = random_cloud(seed, {.count = 200,
                                           .sh_degree = 0,
                                           .log_scale = turn == Turn::in_place ? -1.9f : -1.6f,
                                           .opacity_deviation = 1});
    for (std::size_t i = 0; turn == Turn::in_place && i < cloud.count; ++i) {
        glm::vec3 p{cloud.channel(0)[i], cloud.channel(1)[i], cloud.channel(2)[i]};
        p *= (3 + 0.5f * glm::length(p)) / std::max(glm::length(p), 1e-3f);
        for (int k = 0; k < 3; ++k) cloud.channel(k)[i] = p[k];
    }
    return cloud;
}

Picture to_picture(const Image8& image) {
    return {image.pixels.begin(), image.pixels.end()};
}

struct Turned {
    Jumps shown, reference;
};

Turned turn_camera(Renderer& renderer, const SplatCloud& cloud, Turn turn, Order order, int steps) {
    Turned out;
    renderer.set_cloud(cloud);
    for (int step = 0; step < steps; ++step) {
        const Camera camera = camera_at(turn, step);
        out.shown.add(to_picture(renderer.render(camera, {.order = order})));
        out.reference.add(render_reference(cloud, camera, {.order = order}).values);
    }
    return out;
}

/// All around, in each order: no pixel jumps more than the reference's. What pops, by order.
std::array<double, gpu::kOrders> pops(Turn turn, std::uint32_t seed) {
    CAPTURE(seed);
    const std::string names[] = {"depth", "distance", "pixel"};
    Renderer renderer(device());
    std::array<double, gpu::kOrders> out{};
    for (const Order order : {Order::depth, Order::distance, Order::pixel}) {
        const Turned turned = turn_camera(renderer, scene(turn, seed), turn, order, 720);
        MESSAGE(std::string(turn == Turn::in_place ? "in place" : "around")
                << ", by " << names[int(order)] << ": jump " << turned.shown.largest << " (reference "
                << turned.reference.largest << ") levels, pop " << turned.shown.pop << " ("
                << turned.reference.pop << ")");
        CHECK(turned.shown.largest <= turned.reference.largest + kTolerance);
        out[std::size_t(order)] = turned.shown.pop;
    }
    return out;
}

}  // namespace

TEST_CASE("a camera that turns all around in place pops less by distance than by depth") {
    const Silence silence;
    const auto [depth, distance, pixel] = pops(Turn::in_place, 5);
    CHECK(distance < 0.8 * depth);
}

TEST_CASE("a camera that goes around the splats: resorting leaves less that pops") {
    const Silence silence;
    const auto [depth, distance, pixel] = pops(Turn::around, 6);
    CHECK(pixel < 0.6 * depth);
}
