// Photos of neighbouring views as a term of depth: against geometry that is known, and central differences.
#include "encoder/train/neighbour_photos.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "encoder/train/few_cameras.h"
#include "encoder/train/photometric.h"
#include "encoder/train/take_trainer.h"
#include "tests/encoder/train/ball.h"

using namespace volumen;
using namespace volumen::train;

namespace {

constexpr std::uint64_t kSeed = 5;
constexpr float kDegree = std::numbers::pi_v<float> / 180;

/// Cameras on a level arc around the origin, at these degrees, 3 units away.
std::vector<Camera> arc(std::initializer_list<float> degrees, int size = 64) {
    std::vector<Camera> cameras;
    for (const float at : degrees)
        cameras.push_back(Camera::look_at(3.0f * glm::vec3(std::cos(at * kDegree), std::sin(at * kDegree), 0),
                                          glm::vec3(0), {0, 0, 1}, 0.6f, size, size));
    return cameras;
}

/// A textured wall x = 0, and the depth that a camera sees of it.
struct Wall {
    TrainingFrame frame{0, {}};
    std::vector<DepthImage> depths;
};

Wall wall(const std::vector<Camera>& cameras) {
    Wall out;
    for (const Camera& camera : cameras) {
        TrainingView view;
        view.camera = camera;
        view.colour = PlanarImage(camera.width, camera.height);
        DepthImage depth{camera.width, camera.height, std::vector<float>(view.colour.area())};
        for (int y = 0; y < camera.height; ++y)
            for (int x = 0; x < camera.width; ++x) {
                const glm::vec3 ray((float(x) + 0.5f - camera.cx) / camera.fx,
                                    (float(y) + 0.5f - camera.cy) / camera.fy, 1);
                const glm::vec3 d = glm::transpose(camera.rotation) * ray, o = camera.centre();
                const std::size_t i = std::size_t(y) * std::size_t(camera.width) + std::size_t(x);
                depth.z[i] = -o.x / d.x;
                const glm::vec3 p = o + depth.z[i] * d;
                for (int k = 0; k < 3; ++k)
                    view.colour.plane(k)[i] =
                        0.5f + 0.2f * std::sin(9 * p.y + 4 * p.z) + 0.2f * std::sin(13 * p.z - 5 * p.y);
            }
        out.frame.views.push_back(std::move(view));
        out.depths.push_back(std::move(depth));
    }
    return out;
}

DepthImage moved(DepthImage depth, float by) {
    for (float& z : depth.z) z += by;
    return depth;
}

/// Of view 0, weight 1, its neighbours' depths being those of the wall; adds the gradient to `d_z`.
float term(const Wall& wall, const DepthImage& depth, std::vector<float>& d_z, float angle = 30) {
    NeighbourPhotos photos(wall.frame, glm::vec3(0), 1, angle);
    std::vector<float> ignored(depth.z.size(), 0);
    for (std::size_t v = 1; v < wall.depths.size(); ++v) photos(v, wall.depths[v], 1, ignored);
    d_z.assign(depth.z.size(), 0);
    return photos(0, depth, 1, d_z);
}

/// Of a cloud's surface against the ball, in units of the world: mean over the frame's pixels of both.
double depth_error(const SplatCloud& cloud, const TrainingFrame& frame) {
    DepthTerms terms;
    SplatCloud ignored(cloud.count, cloud.sh_degree);
    double sum = 0, pixels = 0;
    for (const TrainingView& view : frame.views)
        terms(cloud, view, glm::vec3(0), 0.5f, {}, ignored, [&](const DepthImage& depth, std::span<float>) {
            for (std::size_t i = 0; i < depth.z.size(); ++i) {
                const glm::vec3 ray(
                    (float(i % std::size_t(depth.width)) + 0.5f - view.camera.cx) / view.camera.fx,
                    (float(i / std::size_t(depth.width)) + 0.5f - view.camera.cy) / view.camera.fy, 1);
                const glm::vec3 o = view.camera.translation;  // the ball's centre, as the camera sees it
                const float b = glm::dot(o, ray), a = glm::dot(ray, ray);
                const float root = b * b - a * (glm::dot(o, o) - 0.25f);
                if (depth.z[i] <= 0 || root <= 0) continue;
                sum += std::abs(double(depth.z[i] - (b - std::sqrt(root)) / a)), ++pixels;
            }
            return 0.0f;
        });
    return sum / pixels;
}

}  // namespace

TEST_CASE("neighbours stand within an angle, nearest first") {
    const std::vector<Camera> cameras = arc({0, 49, 20, -15, 24, 180});
    using Indices = std::vector<std::size_t>;
    const std::vector<Indices> found = close_neighbours(cameras, glm::vec3(0), 30);
    CHECK(found[0] == Indices{3, 2});  // 24 degrees away is one too many
    CHECK(found[1] == Indices{4, 2});
    CHECK(found[5].empty());
    for (const Indices& of_view : close_neighbours(cameras, glm::vec3(0), 3)) CHECK(of_view.empty());
    // From another point they stand elsewhere.
    CHECK(close_neighbours(arc({0, 50}), glm::vec3(-9, 0, 0), 30)[0] == Indices{1});
    CHECK(close_neighbours(arc({0, 50}), glm::vec3(0), 30)[0].empty());
}

TEST_CASE("windows correlate whatever the exposure, and the gradient of it") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    constexpr int kWidth = 17, kHeight = 14;
    constexpr std::size_t kPixels = kWidth * kHeight;
    std::vector<float> truth(kPixels), image(kPixels), counts(kPixels, 1), weight(kPixels);
    for (std::size_t i = 0; i < kPixels; ++i) {
        truth[i] = 0.5f + 0.2f * normal(random), image[i] = 0.4f * truth[i] + 0.3f;
        counts[i] = i % 11 == 3 || i < 5 ? 0.0f : 1.0f;
    }
    WindowCorrelation correlation;
    const auto cost = [&](std::size_t i) { return correlation(truth, image, counts, kWidth, kHeight)[i]; };
    for (std::size_t i = 0; i < kPixels; ++i)
        if (counts[i] > 0 && cost(i) != WindowCorrelation::kNotCompared) CHECK(cost(i) < 0.1f);
    CHECK(cost(3) == WindowCorrelation::kNotCompared);
    CHECK(cost(kPixels - 1) == WindowCorrelation::kNotCompared);  // a corner has a third of a window

    for (std::size_t i = 0; i < kPixels; ++i) {
        image[i] += 0.1f * normal(random);
        weight[i] = cost(i) == WindowCorrelation::kNotCompared ? 0 : uniform(random);
    }
    const auto value = [&] {
        const std::span<const float> costs = correlation(truth, image, counts, kWidth, kHeight);
        double sum = 0;
        for (std::size_t i = 0; i < kPixels; ++i) sum += double(weight[i]) * double(costs[i]);
        return sum;
    };
    value();
    std::vector<float> gradient(kPixels, 0);
    correlation.pull_back(weight, gradient);
    constexpr float kStep = 1e-3f;
    for (std::size_t i = 0; i < kPixels; ++i) {
        const float before = image[i];
        image[i] = before + kStep;
        const double up = value();
        image[i] = before - kStep;
        const double down = value();
        image[i] = before;
        CHECK(double(gradient[i]) ==
              doctest::Approx((up - down) / (2 * double(kStep))).epsilon(0.01).scale(1));
    }
}

TEST_CASE("photos agree at the true depth, and the term's gradient") {
    Wall scene = wall(arc({0, 20, -25}));
    std::vector<float> d_z, ignored;
    const float at_truth = term(scene, scene.depths[0], ignored);
    CHECK(at_truth < 1e-3f);
    for (const float by : {-0.04f, 0.04f}) {
        CHECK(term(scene, moved(scene.depths[0], by), d_z) > 10 * at_truth + 2e-3f);
        // Downhill is towards the truth.
        double sum = 0;
        for (const float d : d_z) sum += double(d);
        CHECK(sum * double(by) > 0);
    }
    // Another exposure of the neighbours changes nothing.
    for (std::size_t v = 1; v < 3; ++v)
        for (float& value : scene.frame.views[v].colour.values) value = 0.1f + 0.7f * value;
    CHECK(term(scene, scene.depths[0], ignored) == doctest::Approx(at_truth).scale(1).epsilon(0.02));

    // Bilinear photos bend at pixels' centres, and pixels are seen or not: all depths go up and down
    // together, by steps in which few cross either.
    const DepthImage off = moved(scene.depths[0], 0.03f);
    std::mt19937_64 random(kSeed);
    std::vector<float> direction(off.z.size());
    for (float& d : direction) d = uniform(random);
    term(scene, off, d_z);
    double slope = 0;
    for (std::size_t i = 0; i < d_z.size(); ++i) slope += double(d_z[i]) * double(direction[i]);
    constexpr float kStep = 2e-4f;
    const auto along = [&](float step) {
        DepthImage at = off;
        for (std::size_t i = 0; i < at.z.size(); ++i) at.z[i] += step * direction[i];
        return double(term(scene, at, ignored));
    };
    CHECK(slope == doctest::Approx((along(kStep) - along(-kStep)) / (2 * double(kStep))).epsilon(0.03));
}

TEST_CASE("a neighbour is asked where it sees the point") {
    Wall scene = wall(arc({0, 20}));
    const DepthImage off = moved(scene.depths[0], 0.04f);
    std::vector<float> d_z;
    const auto silent = [&](const Wall& of, float angle = 30) {
        const float value = term(of, off, d_z, angle);
        return value == 0 && std::ranges::all_of(d_z, [](float d) { return d == 0; });
    };
    CHECK_FALSE(silent(scene));
    SUBCASE("too far apart") {
        CHECK(silent(scene, 15));
    }
    SUBCASE("not in its mask") {
        scene.frame.views[1].alpha.assign(scene.frame.views[1].colour.area(), 0);
        CHECK(silent(scene));
    }
    SUBCASE("nothing in its image") {
        scene.frame.views[1].weight.assign(scene.frame.views[1].colour.area(), 0);
        CHECK(silent(scene));
    }
    SUBCASE("something stands before it") {
        scene.depths[1] = moved(scene.depths[1], -0.5f);
        CHECK(silent(scene));
    }
    SUBCASE("its depth is not known") {
        std::ranges::fill(scene.depths[1].z, 0.0f);
        CHECK(silent(scene));
    }
    SUBCASE("its depth has not been asked for") {
        scene.depths.pop_back();
        CHECK(silent(scene));
    }
}

TEST_CASE("cameras in pairs see depths better, and cameras far apart train as without it" *
          doctest::test_suite("measures")) {
    const TrainingFrame all = ball(32, 64, glm::vec3(0));
    const auto some = [&](std::initializer_list<std::size_t> views) {
        TrainingFrame out{0, {}};
        for (const std::size_t view : views) out.views.push_back(all.views[view]);
        return out;
    };
    TakeInfo info;
    info.bounds_min = glm::vec3(-1.5f), info.bounds_max = glm::vec3(1.5f);
    TrainSettings with = for_few_cameras(small_settings(), 6, false, false);
    CHECK(with.photo_weight > 0);
    with.first_iterations = 500;
    with.photo_weight = 1;  // the ball's texture is coarse
    TrainSettings without = with;
    without.photo_weight = 0;
    const auto trained = [&](const TrainingFrame& frame, const TrainSettings& settings) {
        TakeTrainer trainer(info, {}, settings);
        return trainer.next(frame);
    };
    const TrainingFrame apart = some({0, 5, 10, 16, 21, 26});
    CHECK(trained(apart, with).values == trained(apart, without).values);

    const TrainingFrame pairs = some({0, 2, 10, 12, 20, 22});
    const double before = depth_error(trained(pairs, without), pairs),
                 after = depth_error(trained(pairs, with), pairs);
    MESSAGE("depths are off by " << before << ", with the neighbours' photos " << after);
    CHECK(after < 0.8 * before);
}
