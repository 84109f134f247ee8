// What training does for rigs of few cameras: gradients against central differences, bounds, and unseen
// views.
#include "encoder/train/few_cameras.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "encoder/train/depth_terms.h"
#include "encoder/train/dropout.h"
#include "encoder/train/hull.h"
#include "encoder/train/photometric.h"
#include "encoder/train/surface.h"
#include "encoder/train/take_trainer.h"
#include "formats/core/error.h"
#include "tests/encoder/train/ball.h"
#include "tests/encoder/train/gradients.h"

using namespace volumen;
using namespace volumen::train;

namespace {

constexpr std::uint64_t kSeed = 11;

/// Overlapping splats around the origin.
SplatCloud heap(std::size_t count, std::mt19937_64& random) {
    SplatCloud cloud(count, 0);
    for (std::size_t i = 0; i < count; ++i) {
        for (int a = 0; a < 3; ++a) {
            cloud.channel(a)[i] = 0.3f * normal(random);
            cloud.channel(SplatCloud::kScale + a)[i] = -1.8f + 0.3f * normal(random);
        }
        for (int a = 0; a < 4; ++a) cloud.channel(SplatCloud::kRotation + a)[i] = normal(random);
        cloud.channel(SplatCloud::kOpacity)[i] = normal(random);
    }
    return cloud;
}

/// Compares d value / d parameter of each channel as a whole. `tolerance`: relative, of the vectors'
/// distance.
void check_gradient(const SplatCloud& at, const SplatCloud& gradient, std::initializer_list<int> channels,
                    float step, double tolerance, const std::function<double(const SplatCloud&)>& value) {
    for (const int c : channels) {
        const std::vector<double> measured = central_differences(at, c, 1, step, value);
        double error = 0, size = 0;
        for (std::size_t i = 0; i < at.count; ++i)
            error += std::pow(measured[i] - double(gradient.channel(c)[i]), 2),
                size += measured[i] * measured[i];
        CAPTURE(c);
        CAPTURE(size);
        CHECK(size > 0);
        CHECK(error < tolerance * tolerance * size);
    }
}

std::vector<Camera> ring(int count) {
    std::vector<Camera> cameras;
    for (int i = 0; i < count; ++i) {
        const float angle = 2 * std::numbers::pi_v<float> * float(i) / float(count);
        cameras.push_back(Camera::look_at({3 * std::cos(angle), 3 * std::sin(angle), 0}, glm::vec3(0),
                                          {0, 0, 1}, 0.6f, 64, 64));
    }
    return cameras;
}

TrainingFrame every_other(const TrainingFrame& frame, std::size_t first) {
    TrainingFrame out{frame.index, {}};
    for (std::size_t v = first; v < frame.views.size(); v += 2) out.views.push_back(frame.views[v]);
    return out;
}

}  // namespace

TEST_CASE("the spread of depths and its gradient") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const SplatCloud cloud = heap(20, random);
    TrainingView view;
    view.camera = ring(5)[1];
    view.colour = PlanarImage(view.camera.width, view.camera.height);
    DepthTerms terms;
    SplatCloud gradient(cloud.count, 0), ignored(cloud.count, 0);
    const auto spread = [&](const SplatCloud& at, glm::vec3 centre, float unit, SplatCloud& into) {
        return terms(at, view, centre, unit, {.spread = 100}, into);
    };
    const glm::vec3 centre(0.1f, 0, 0);
    const float value = spread(cloud, centre, 0.5f, gradient);
    CHECK(value > 0);
    // Where depths are counted from does not matter, their unit does.
    CHECK(spread(cloud, glm::vec3(0), 0.5f, ignored) == doctest::Approx(value).epsilon(1e-3));
    CHECK(spread(cloud, centre, 1, ignored) == doctest::Approx(value / 4).epsilon(1e-3));
    // Differences see pixels enter and leave at the cut of alpha, which gradients do not; those of the
    // moments are held against the reference, exactly, in test_raster.
    check_gradient(cloud, gradient, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 4e-3f, 0.1,
                   [&](const SplatCloud& at) { return double(spread(at, centre, 0.5f, ignored)); });
    // Gradients are added to what is there, and one splat alone has no spread.
    SplatCloud twice = gradient;
    spread(cloud, centre, 0.5f, twice);
    CHECK(twice.values[3] == doctest::Approx(2 * gradient.values[3]));
    const std::size_t only[] = {0};
    SplatCloud one = gather(cloud, only), none(1, 0);
    CHECK(spread(one, centre, 0.5f, none) == doctest::Approx(0).epsilon(1e-3).scale(value));
}

TEST_CASE("the unevenness of depths and its gradient") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    constexpr int kWidth = 31, kHeight = 23;
    DepthImage depth{kWidth, kHeight, std::vector<float>(kWidth * kHeight)};
    PlanarImage colour(kWidth, kHeight);
    // A slanted plane before another one; a corner is not known.
    const auto fill = [&](float roughness) {
        for (int y = 0; y < kHeight; ++y)
            for (int x = 0; x < kWidth; ++x)
                depth.z[std::size_t(y * kWidth + x)] = x + y < 8 ? 0
                                                                 : 2 + 0.004f * float(x) - 0.002f * float(y) +
                                                                       (x > 15 ? 1.0f : 0.0f) +
                                                                       roughness * normal(random);
    };
    std::vector<float> d_z(depth.z.size(), 0), ignored(depth.z.size(), 0);
    fill(0);
    CHECK(smooth_term(depth, colour, 1, 100, ignored) == doctest::Approx(0).epsilon(1e-3));
    fill(0.003f);
    const float value = smooth_term(depth, colour, 1, 100, d_z);
    CHECK(value > 0.1f);
    for (std::size_t i = 0; i < depth.z.size(); ++i) {
        const float before = depth.z[i];
        if (before <= 0) {
            CHECK(d_z[i] == 0);
            continue;
        }
        depth.z[i] = before + 2e-4f;
        const double up = double(smooth_term(depth, colour, 1, 100, ignored));
        depth.z[i] = before - 2e-4f;
        const double down = double(smooth_term(depth, colour, 1, 100, ignored));
        depth.z[i] = before;
        CHECK(double(d_z[i]) == doctest::Approx((up - down) / 4e-4).epsilon(0.02).scale(1));
    }
    // An edge of the picture may be one of the surface.
    for (float& v : colour.values) v = uniform(random);
    CHECK(smooth_term(depth, colour, 1, 100, ignored) < 0.5f * value);
}

TEST_CASE("the gradient of unevenness reaches the splats") {
    // A sheet of splats with a dent: a step down the gradient flattens it.
    SplatCloud cloud(121, 0);
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const int x = int(i % 11) - 5, y = int(i / 11) - 5;
        cloud.channel(0)[i] = x == 0 && y == 0 ? 0.02f : 0.0f;
        cloud.channel(1)[i] = 0.05f * float(x), cloud.channel(2)[i] = 0.05f * float(y);
        for (int a = 0; a < 3; ++a) cloud.channel(SplatCloud::kScale + a)[i] = a == 0 ? -6.0f : -3.2f;
        cloud.channel(SplatCloud::kRotation)[i] = 1;
        cloud.channel(SplatCloud::kOpacity)[i] = 3;
    }
    TrainingView view;
    view.camera = ring(1)[0];
    view.colour = PlanarImage(view.camera.width, view.camera.height);
    DepthTerms terms;
    SplatCloud gradient(cloud.count, 0), ignored(cloud.count, 0);
    const auto value = [&] { return terms(cloud, view, glm::vec3(0), 0.5f, {.smooth = 1}, ignored); };
    const float before = terms(cloud, view, glm::vec3(0), 0.5f, {.smooth = 1}, gradient);
    CHECK(gradient.channel(0)[60] > 0);  // towards the camera is up the gradient
    const float x = cloud.channel(0)[60];
    cloud.channel(0)[60] = x + 1e-3f;
    const float up = value();
    cloud.channel(0)[60] = x - 1e-3f;
    const float down = value();
    CHECK(gradient.channel(0)[60] == doctest::Approx((up - down) / 2e-3f).epsilon(0.1));
    cloud.channel(0)[60] = 0;
    CHECK(value() < 0.2f * before);
}

TEST_CASE("flatness and its gradient: discs are left alone") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    SplatCloud cloud = heap(12, random);
    for (int a = 0; a < 3; ++a) cloud.channel(SplatCloud::kScale + a)[0] = a == 1 ? -5.0f : -2.0f;
    SplatCloud gradient(cloud.count, 0), ignored(cloud.count, 0);
    flat_term(cloud, 2, gradient);
    for (int c = 0; c < cloud.channels(); ++c) CHECK(gradient.channel(c)[0] == 0);
    check_gradient(cloud, gradient, {7, 8, 9}, 1e-3f, 0.01,
                   [&](const SplatCloud& at) { return double(flat_term(at, 2, ignored)); });
}

TEST_CASE("dropout takes its share, makes up for it, and carries gradients back") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const SplatCloud cloud = heap(4000, random);
    constexpr float kShare = 0.25f;
    Dropout dropout;
    const SplatCloud& thinned = dropout.thin(cloud, kShare, random);
    const auto opacity = [](float logit) { return 1 / (1 + std::exp(-logit)); };
    std::size_t left = 0;
    SplatCloud gradient(cloud.count, 0);
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const float before = opacity(cloud.channel(SplatCloud::kOpacity)[i]),
                    after = opacity(thinned.channel(SplatCloud::kOpacity)[i]);
        gradient.channel(SplatCloud::kOpacity)[i] = after * (1 - after);  // of Σ opacities
        if (after < 1e-6f) continue;
        ++left;
        CHECK(after ==
              doctest::Approx(std::min(before / (1 - kShare), std::max(0.995f, before))).epsilon(1e-4));
    }
    CHECK(double(left) == doctest::Approx((1 - kShare) * 4000).epsilon(0.05));
    dropout.pull_back(gradient);
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const float before = opacity(cloud.channel(SplatCloud::kOpacity)[i]),
                    after = opacity(thinned.channel(SplatCloud::kOpacity)[i]);
        const float wanted = after < 1e-6f || after > 0.9949f ? 0 : before * (1 - before) / (1 - kShare);
        CHECK(gradient.channel(SplatCloud::kOpacity)[i] == doctest::Approx(wanted).epsilon(2e-3));
    }
    // All other channels, and all of a cloud with a share of 0, stay.
    CHECK(std::equal(cloud.values.begin(), cloud.values.begin() + std::ptrdiff_t(10 * cloud.count),
                     thinned.values.begin()));
}

TEST_CASE("a rig's geometry decides, and the user's own numbers stay") {
    const auto views = [](int count) { return views_of_a_surface(ring(count), glm::vec3(0)); };
    CHECK(views(1) == doctest::Approx(1));
    CHECK(views(4) == doctest::Approx(1).epsilon(1e-3));
    CHECK(views(6) == doctest::Approx(1.5).epsilon(1e-3));
    CHECK(views(12) == doctest::Approx(3).epsilon(1e-3));
    CHECK(views_of_a_surface({}, glm::vec3(0)) == 0);
    // Cameras beside one another see the same.
    CHECK(views_of_a_surface(std::vector<Camera>(20, ring(1)[0]), glm::vec3(0)) == doctest::Approx(20));

    const TrainSettings settings;
    const TrainSettings eight = for_few_cameras(settings, 8, false, false);
    CHECK(eight.dropout > 0);
    CHECK(eight.sh_degree == 1);
    CHECK(eight.pixels_per_splat > 0);
    CHECK(for_few_cameras(settings, 4, false, false).sh_degree == 0);
    TrainSettings own = settings;
    own.sh_degree = 3;
    CHECK(for_few_cameras(own, 4, false, true).sh_degree == 3);
    CHECK(for_few_cameras(own, 40, false, false).sh_degree == 3);
    CHECK(for_few_cameras(own, 4, true, true).pixels_per_splat == 0);
    CHECK(few_cameras_mode("auto") == FewCameras::automatic);
    CHECK(few_cameras_mode("off") == FewCameras::off);
    CHECK_THROWS_AS(few_cameras_mode("yes"), UsageError);
}

TEST_CASE("splats outside of a mask are outside the hull") {
    const TrainingFrame frame = ball(6, 64, glm::vec3(0));
    SplatCloud cloud(4, 0);
    cloud.channel(0)[1] = 0.52f;  // the ball's radius is 0.5
    cloud.channel(1)[2] = 0.9f;
    cloud.channel(2)[3] = -40;  // far out of all views
    CHECK(outside_hull(frame, cloud, 0.1f) == std::vector<char>{0, 0, 1, 0});
    CHECK(outside_hull(ball(6, 64, glm::vec3(0), 0, false), cloud, 0.1f) == std::vector<char>(4));
    CHECK(subject_pixels(frame) > 6 * 100);
    CHECK(subject_pixels(frame) < 6 * 64 * 64 / 2);
    CHECK(subject_pixels(ball(6, 64, glm::vec3(0), 0, false)) == 6 * 64 * 64);
}

TEST_CASE("views between few cameras are better for it, with no more splats" *
          doctest::test_suite("measures")) {
    const TrainingFrame all = ball(10, 96, glm::vec3(0));
    const TrainingFrame seen = every_other(all, 0), unseen = every_other(all, 1);
    TakeInfo info;
    info.bounds_min = glm::vec3(-1.5f), info.bounds_max = glm::vec3(1.5f);
    TrainSettings settings = small_settings();
    settings.splats = 1500, settings.first_iterations = 700;
    const auto trained = [&](const TrainSettings& with) {
        TakeTrainer trainer(info, {}, with);
        return trainer.next(seen);
    };
    const SplatCloud plain = trained(settings), honest = trained(for_few_cameras(settings, 5, false, false));
    CHECK(honest.count <= std::min<std::size_t>(plain.count, subject_pixels(seen) / 8));
    const double before = psnr(plain, unseen), after = psnr(honest, unseen);
    MESSAGE("unseen views: " << before << " dB, for few cameras " << after << " dB");
    CHECK(after > before + 0.3);
    CHECK(after > 24);
}
