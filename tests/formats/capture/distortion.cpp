#include "formats/capture/distortion.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "formats/capture/capture.h"
#include "tests/formats/media/rig_writer.h"

using namespace volumen;

namespace {

constexpr Distortion kLens{-0.09, 0.14, -0.02, 0.0011, -0.0007};
constexpr Distortion kRational{-0.3, 0.12, -0.02, 0.001, -0.0007, 0.05, 0.01, -0.003};
constexpr Distortion kFisheye{
    .k1 = 0.05, .k2 = -0.02, .k3 = 0.004, .p1 = 0, .p2 = 0, .k4 = -0.001, .k5 = 0, .k6 = 0, .fisheye = true};

/// Where the pinhole coordinates are that the lens takes to p: Newton's method with a numeric Jacobian.
glm::dvec2 without_lens(const Distortion& lens, glm::dvec2 p) {
    glm::dvec2 guess = p;
    for (int i = 0; i < 50; ++i) {
        constexpr double kStep = 1e-6;
        const glm::dvec2 at = lens.apply(guess);
        const glm::dvec2 dx = (lens.apply(guess + glm::dvec2(kStep, 0)) - at) / kStep;
        const glm::dvec2 dy = (lens.apply(guess + glm::dvec2(0, kStep)) - at) / kStep;
        guess -= glm::inverse(glm::dmat2(dx, dy)) * (at - p);
    }
    return guess;
}

Camera test_camera() {
    Camera camera = Camera::look_at({0, -3, 1}, {0, 0, 1}, {0, 0, 1}, 1.0f, 320, 240);
    camera.cx = 163.4f, camera.cy = 117.2f, camera.fy = camera.fx * 1.01f;
    return camera;
}

/// Points that fill the picture.
std::vector<glm::vec3> points() {
    std::vector<glm::vec3> out;
    for (int z = -3; z <= 3; ++z)
        for (int x = -4; x <= 4; ++x)
            out.push_back({0.4f * float(x), 0.1f * float(x * z), 1 + 0.38f * float(z)});
    return out;
}

glm::dvec2 pinhole(const Camera& camera, glm::vec3 point) {
    const glm::dvec3 c(camera.to_camera(point));
    return {c.x / c.z, c.y / c.z};
}

/// The points as soft white dots where a camera with the lens sees them; four channels: alpha too.
Image8 photograph(const Camera& camera, int channels, const Distortion& lens = kLens) {
    std::vector<float> light(std::size_t(camera.width) * camera.height);
    for (const glm::vec3& point : points()) {
        const glm::dvec2 seen = lens.apply(pinhole(camera, point));
        const double u = seen.x * camera.fx + camera.cx, v = seen.y * camera.fy + camera.cy;
        for (int y = 0; y < camera.height; ++y)
            for (int x = 0; x < camera.width; ++x) {
                const double d2 = (x + 0.5 - u) * (x + 0.5 - u) + (y + 0.5 - v) * (y + 0.5 - v);
                light[std::size_t(y) * camera.width + x] += float(255 * std::exp(-d2 / (2 * 2.2 * 2.2)));
            }
    }
    Image8 image(camera.width, camera.height, channels);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
        const float value = std::min(light[i / std::size_t(channels)], 255.0f);
        image.pixels[i] = channels == 4 && i % 4 != 3 ? 250 : std::uint8_t(std::lround(value));
    }
    return image;
}

/// The largest distance between where a pinhole camera sees the points and the dots' centres.
double worst_distance(const Image8& image, const Camera& camera, int radius) {
    double worst = 0;
    int tested = 0;
    for (const glm::vec3& point : points()) {
        const glm::dvec2 p = pinhole(camera, point);
        const double u = p.x * camera.fx + camera.cx, v = p.y * camera.fy + camera.cy;
        if (u < radius || v < radius || u > camera.width - radius || v > camera.height - radius) continue;
        glm::dvec2 sum(0);
        double total = 0;
        for (int y = int(v) - radius; y <= int(v) + radius; ++y)
            for (int x = int(u) - radius; x <= int(u) + radius; ++x) {
                if (x < 0 || y < 0 || x >= camera.width || y >= camera.height) continue;
                const double light = image.at(x, y)[0];
                total += light, sum += light * glm::dvec2(x + 0.5, y + 0.5);
            }
        worst = std::max(worst, glm::length(sum / total - glm::dvec2(u, v)));
        ++tested;
    }
    CHECK(tested > 40);
    return worst;
}

}  // namespace

TEST_CASE("Brown's model: a worked example") {
    // By hand: r² = 0.13, radial 1 - 0.05 r² + 0.14 r⁴ + 0.01 r⁶ = 0.99588797.
    const glm::dvec2 seen = Distortion{-0.05, 0.14, 0.01, 0.001, 0.0007}.apply({0.3, -0.2});
    CHECK(seen.x == doctest::Approx(0.298863391));
    CHECK(seen.y == doctest::Approx(-0.199051594));
    CHECK(std::isinf(kLens.fold()) == false);
    CHECK(std::isinf(Distortion{0.1, 0, 0, 0, 0}.fold()));
    // 1 - 3 · 0.3 r² = 0
    CHECK(Distortion{-0.3, 0, 0, 0, 0}.fold() == doctest::Approx(1 / 0.9).epsilon(0.02));
}

TEST_CASE("OpenCV's rational and fisheye models: worked examples, computed apart") {
    const glm::dvec2 rational = kRational.apply({0.3, -0.2});
    CHECK(rational.x == doctest::Approx(0.28664621842273136).epsilon(1e-12));
    CHECK(rational.y == doctest::Approx(-0.1910281456151543).epsilon(1e-12));
    // r = 0.36055513, θ = 0.34604693, θ' = 0.34802192.
    const glm::dvec2 fisheye = kFisheye.apply({0.3, -0.2});
    CHECK(fisheye.x == doctest::Approx(0.2895717427203511).epsilon(1e-12));
    CHECK(fisheye.y == doctest::Approx(-0.19304782848023402).epsilon(1e-12));
    CHECK(kFisheye.apply({0, 0}) == glm::dvec2(0, 0));
    // An ideal fisheye lens: 45 degrees fall at π/4.
    Distortion ideal;
    ideal.fisheye = true;
    CHECK_FALSE(ideal.none());
    CHECK(ideal.apply({1, 0}).x == doctest::Approx(std::atan(1.0)));
    CHECK(std::isinf(ideal.fold()));
    // 1 - 3 · 0.2 θ² = 0 at θ = 1.29099, r² = tan² θ.
    ideal.k1 = -0.2;
    CHECK(ideal.fold() == doctest::Approx(std::pow(std::tan(1.2909944), 2)).epsilon(0.01));
    // d/dr r / (1 + 0.5 r²) = 0 at r² = 2.
    CHECK(Distortion{0, 0, 0, 0, 0, 0.5}.fold() == doctest::Approx(2).epsilon(0.01));
    // The divisor falls to nothing at r² = 1 / 0.4.
    CHECK(Distortion{0, 0, 0, 0, 0, -0.4}.fold() == doctest::Approx(2.5).epsilon(0.01));
}

TEST_CASE("there and back through each lens") {
    for (const Distortion& lens : {kLens, kRational, kFisheye})
        for (int i = -8; i <= 8; ++i)
            for (int j = -8; j <= 8; ++j) {
                const glm::dvec2 p(0.07 * i, 0.05 * j);
                CHECK(glm::length(without_lens(lens, lens.apply(p)) - p) < 1e-9);
                CHECK(glm::length(lens.apply(without_lens(lens, p)) - p) < 1e-9);
            }
}

TEST_CASE("undistorted dots lie where the pinhole camera sees them, at any size") {
    // Strong lenses stretch the dots unevenly, so that their centres are not quite their points'.
    const auto check = [](const std::string& model, const Distortion& lens, double tolerance) {
        CAPTURE(model);
        const TemporaryFolder folder;
        const Camera camera = test_camera();
        const Image8 photo = photograph(camera, 3, lens);
        CHECK(worst_distance(photo, camera, 7) > 1);
        put_image(folder / "images/a.png", photo);
        nlohmann::json entry = rig_entry("images/a.png", camera);
        entry["camera_model"] = model;
        entry["k1"] = lens.k1, entry["k2"] = lens.k2, entry["k3"] = lens.k3, entry["k4"] = lens.k4;
        entry["k5"] = lens.k5, entry["k6"] = lens.k6, entry["p1"] = lens.p1, entry["p2"] = lens.p2;
        folder.write("transforms.json", nlohmann::json{{"frames", {entry}}}.dump());

        const Capture capture = Capture::open(folder.path());
        CHECK(worst_distance(capture.read(0, 0).rgb, capture.views()[0].camera, 7) < tolerance);
        const Capture half = Capture::open(folder.path(), {.width = 160});
        CHECK(worst_distance(half.read(0, 0).rgb, half.views()[0].camera, 4) < tolerance);
    };
    check("OPENCV", kLens, 0.1);
    check("FULL_OPENCV", kRational, 0.2);
    check("OPENCV_FISHEYE", kFisheye, 0.2);
}

TEST_CASE("pixels that the lens never saw are marked invalid, and transparent") {
    Camera camera = test_camera();
    const Distortion barrel{0.2, 0, 0, 0, 0};  // pulls beyond the source's corners
    Image8 image(camera.width, camera.height, 4);
    std::fill(image.pixels.begin(), image.pixels.end(), std::uint8_t(200));
    Image8 valid;
    const Image8 out = undistort(image, camera, barrel, valid);
    REQUIRE_FALSE(valid.empty());
    for (int y = 0; y < camera.height; ++y)
        for (int x = 0; x < camera.width; ++x) {
            const double ix = (x + 0.5 - camera.cx) / camera.fx, iy = (y + 0.5 - camera.cy) / camera.fy;
            const double stretch = 1 + 0.2 * (ix * ix + iy * iy);
            const double u = ix * stretch * camera.fx + camera.cx, v = iy * stretch * camera.fy + camera.cy;
            const bool inside = u >= 0 && v >= 0 && u <= camera.width && v <= camera.height;
            REQUIRE((*valid.at(x, y) == 255) == inside);
            REQUIRE(out.at(x, y)[3] == (inside ? 200 : 0));
        }
    CHECK(*valid.at(0, 0) == 0);
    undistort(image, camera, {-0.05, 0, 0, 0, 0}, valid);
    CHECK(valid.empty());
    // A radial part that folds back has no picture beyond its fold.
    camera.fx = camera.fy = 100;
    undistort(image, camera, {-0.3, 0, 0, 0, 0}, valid);
    REQUIRE_FALSE(valid.empty());
    CHECK(*valid.at(0, 0) == 0);
    CHECK(*valid.at(160, 120) == 255);
}

TEST_CASE("undistortion weights colour by alpha") {
    const Camera camera = test_camera();
    Image8 valid;
    const Image8 out = undistort(photograph(camera, 4), camera, kLens, valid);
    int soft = 0;
    for (int y = 0; y < camera.height; ++y)
        for (int x = 0; x < camera.width; ++x)
            if (const std::uint8_t* p = out.at(x, y); p[3] > 0) {
                REQUIRE(p[0] == 250);
                soft += p[3] < 250;
            }
    CHECK(soft > 100);
}
