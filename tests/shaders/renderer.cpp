#include "shaders/renderer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "formats/core/error.h"
#include "shaders/gpu/memory.h"
#include "shaders/shared.h"
#include "tests/shaders/device.h"
#include "tests/shaders/reference.h"
#include "tests/shaders/scenes.h"

using namespace volumen;
using namespace volumen::test;

namespace {

constexpr double kBar = 55;  ///< dB; rounding to 8 bits alone gives 58.9

Camera test_camera(int width, int height) {
    return Camera::look_at({1.5f, -2, 1}, {0, 0, 0}, {0, 0, 1}, 0.8f, width, height);
}

Renderer& renderer() {
    static Renderer* const shared = new Renderer(device());
    return *shared;
}

double score(const SplatCloud& cloud, const Camera& camera, const RenderSettings& settings) {
    renderer().set_cloud(cloud);
    const Image8 image = renderer().render(camera, settings);
    return psnr(image, render_reference(cloud, camera, settings));
}

}  // namespace

TEST_CASE("renders every SH degree, at odd sizes, like the reference") {
    const Silence silence;
    for (int degree = 0; degree <= kMaxShDegree; ++degree) {
        const std::uint32_t seed = 100 + std::uint32_t(degree);
        CAPTURE(seed);
        const SplatCloud cloud = random_cloud(seed, {.sh_degree = degree});
        CHECK(score(cloud, test_camera(97 + 8 * degree, 61 - degree), {.background = {0.2f, 0.5f, 0.9f}}) >
              kBar);
    }
    const SplatCloud cloud = random_cloud(104);
    CHECK(score(cloud, test_camera(64, 64), {.sh_degree = 1}) > kBar);
    CHECK(score(cloud, test_camera(1, 1), {}) > 40);  // four values: no mean to speak of
}

TEST_CASE("a stage is drawn with every cloud, at the cloud's SH degree") {
    const Silence silence;
    const Camera camera = test_camera(90, 70);
    const SplatCloud stage = random_cloud(31, {.count = 70, .sh_degree = 2, .radius = 2});
    renderer().set_stage(stage);
    CHECK(psnr(renderer().render(camera, {}), render_reference(stage, camera, {})) > kBar);
    for (const int degree : {1, 3, 0}) {
        const SplatCloud cloud = random_cloud(32, {.count = 200 + std::size_t(degree), .sh_degree = degree});
        renderer().set_cloud(cloud);
        const SplatCloud both = joined(cloud, stage);
        CHECK(both.count == cloud.count + stage.count);
        CHECK(psnr(renderer().render(camera, {}), render_reference(both, camera, {})) > kBar);
        CHECK(renderer().stats().splats == both.count);
    }
    renderer().set_stage({});
    CHECK(score(random_cloud(33), camera, {}) > kBar);
}

TEST_CASE("honours principal point, unequal focal lengths, dilation and compensation") {
    const Silence silence;
    const SplatCloud cloud = random_cloud(7, {.count = 400, .log_scale = -3.5f});
    Camera camera = test_camera(121, 83);
    camera.cx = 20.25f, camera.cy = 70.5f, camera.fx *= 1.3f;
    CHECK(score(cloud, camera, {}) > kBar);
    CHECK(score(cloud, camera, {.compensate = true}) > kBar);
    CHECK(score(cloud, camera, {.dilation = 1.5f, .compensate = true}) > kBar);
    camera.cx = -30;  // beyond the image
    CHECK(score(cloud, camera, {}) > kBar);
}

TEST_CASE("splats behind, around and across the camera") {
    const Silence silence;
    const SplatCloud cloud = random_cloud(21, {.count = 500, .radius = 2, .log_scale = -2});
    const Camera camera = Camera::look_at({0.1f, 0.2f, 0}, {1, 0.3f, 0.1f}, {0, 0, 1}, 1.2f, 90, 70);
    CHECK(score(cloud, camera, {}) > kBar);
}

TEST_CASE("every order is the reference's") {
    const Silence silence;
    const std::uint32_t seed = 41;
    CAPTURE(seed);
    const SplatCloud cloud = random_cloud(seed, {.count = 400, .log_scale = -2, .opacity_deviation = 1});
    const Camera camera = test_camera(101, 75);
    const double depth = score(cloud, camera, {.order = Order::depth});
    const double distance = score(cloud, camera, {.order = Order::distance});
    const double pixel = score(cloud, camera, {.order = Order::pixel});
    const double unsorted = psnr(renderer().render(camera, {.order = Order::distance}),
                                 render_reference(cloud, camera, {.order = Order::pixel}));
    MESSAGE("depth " << depth << ", distance " << distance << ", pixel " << pixel << " dB, without resorting "
                     << unsorted);
    CHECK(depth > kBar);
    CHECK(distance > kBar);
    // Splats that lie deeper behind each other than the window reaches stay where they were.
    CHECK(pixel > unsorted + 5);
}

TEST_CASE("no splat, none in view, one that fills the view") {
    const Silence silence;
    const Camera camera = test_camera(50, 40);
    CHECK(score(SplatCloud(0, 3), camera, {.background = {0.25f, 0.5f, 1}}) > kBar);

    SplatCloud one = random_cloud(3, {.count = 1});
    for (int k = 0; k < 3; ++k) one.channel(k)[0] = 1000;
    CHECK(score(one, camera, {}) > kBar);
    CHECK(renderer().stats().visible == 0);

    for (int k = 0; k < 3; ++k) one.channel(k)[0] = 0, one.channel(SplatCloud::kScale + k)[0] = 3;
    one.channel(SplatCloud::kOpacity)[0] = 0.5f;
    CHECK(score(one, camera, {}) > kBar);
    CHECK(renderer().stats().visible == 1);
}

TEST_CASE("long thin splats at every angle") {
    const Silence silence;
    SplatCloud cloud = random_cloud(31, {.count = 200});
    for (std::size_t i = 0; i < cloud.count; ++i) {
        cloud.channel(SplatCloud::kScale)[i] = 1;
        cloud.channel(SplatCloud::kScale + 1)[i] = cloud.channel(SplatCloud::kScale + 2)[i] = -7;
    }
    CHECK(score(cloud, test_camera(110, 90), {}) > kBar);
}

TEST_CASE("room for tile entries grows until all fit") {
    const Silence silence;
    Renderer fresh{device()};  // with the least room
    const SplatCloud cloud = random_cloud(11, {.count = 600, .log_scale = 0, .opacity_deviation = 1});
    const Camera camera = test_camera(160, 120);
    fresh.set_cloud(cloud);
    const Image8 image = fresh.render(camera, {});
    CHECK(fresh.stats().tile_entries > 100'000);
    CHECK(psnr(image, render_reference(cloud, camera, {})) > kBar);
}

TEST_CASE("no loop is left early, and no buffer ends, where thousands of splats fill the view") {
    // Software Vulkan leaves a shader's loops after 65,535 rounds; binned in 32 chunks, these would be
    // 144,000.
    const Silence silence;
    Renderer fresh{device()};
    SplatCloud cloud = random_cloud(29, {.count = 36'000, .sh_degree = 0, .radius = 0.1f});
    for (std::size_t i = 0; i < cloud.count; ++i) {
        for (int k = 0; k < 3; ++k) cloud.channel(SplatCloud::kScale + k)[i] = 3;
        cloud.channel(SplatCloud::kOpacity)[i] = -5;
    }
    fresh.set_cloud(cloud);
    Camera camera = test_camera(256, 256);
    const Image8 whole = fresh.render(camera, {});
    CHECK(fresh.stats().visible == cloud.count);
    CHECK(fresh.stats().tile_entries == cloud.count * 32 * 32);
    CHECK(fresh.stats().tile_entries > gpu::kEntriesPerBuffer);
    // The lower half, whose entries lie in two buffers, alone.
    camera.height = 128, camera.cy -= 128;
    const Image8 half = fresh.render(camera, {});
    CHECK(std::equal(half.pixels.begin(), half.pixels.end(), whole.pixels.begin() + half.pixels.size()));
}

TEST_CASE("hostile splats harm nobody") {
    const Silence silence;
    SplatCloud cloud = random_cloud(13, {.count = 400});
    const float nan = std::nanf(""), huge = 1e38f, infinity = INFINITY;
    const float poison[] = {nan, huge, -huge, infinity, -infinity, 0};
    for (std::size_t i = 0; i < 300; ++i)
        cloud.channel(int(i) % cloud.channels())[i] = poison[i / std::size_t(cloud.channels()) % 6];
    renderer().set_cloud(cloud);
    const Camera camera = test_camera(80, 60);
    const Image8 first = renderer().render(camera, {});
    CHECK(renderer().stats().visible >= 100);
    CHECK(first.pixels == renderer().render(camera, {}).pixels);
}

TEST_CASE("the same call gives the same bits, and timings") {
    const Silence silence;
    const SplatCloud cloud = random_cloud(17, {.count = 2000});
    const Camera camera = test_camera(200, 150);
    renderer().set_cloud(cloud);
    const Image8 first = renderer().render(camera, {});
    for (int i = 0; i < 3; ++i) CHECK(renderer().render(camera, {}).pixels == first.pixels);
    const RenderStats& stats = renderer().stats();
    CHECK(stats.splats == 2000);
    CHECK(stats.visible > 1000);
    if (device().timestamp_period_ns > 0) {
        CHECK(stats.project_ms > 0);
        CHECK(stats.sort_ms > 0);
        CHECK(stats.raster_ms > 0);
        CHECK(stats.render_ms ==
              doctest::Approx(stats.reconstruct_ms + stats.project_ms + stats.sort_ms + stats.raster_ms));
    }
}

TEST_CASE("record() draws what render() draws") {
    const Silence silence;
    const SplatCloud cloud = random_cloud(19);
    const Camera camera = test_camera(72, 54);
    renderer().set_cloud(cloud);
    const Image8 expected = renderer().render(camera, {});

    Renderer other{device()};
    other.set_cloud(cloud);
    for (int frame = 0; frame < 10; ++frame)
        device().run([&](VkCommandBuffer commands) { other.record(commands, camera, {}); });
    CHECK(other.read_target().pixels == expected.pixels);
    CHECK(other.stats().splats == cloud.count);
    CHECK(other.stats().visible == renderer().stats().visible);
}

TEST_CASE("every picture is the reference's") {
    const Silence silence;
    const std::uint32_t seed = 43;
    CAPTURE(seed);
    const SplatCloud cloud = random_cloud(seed, {.count = 300, .log_scale = -2.2f});
    const Camera camera = test_camera(101, 75);
    for (const Order order : {Order::depth, Order::distance})
        for (const Picture picture :
             {Picture::depth, Picture::opacity, Picture::overdraw, Picture::outlines, Picture::points}) {
            CAPTURE(int(picture));
            const RenderSettings settings{
                .background = {0.2f, 0.4f, 0.6f}, .order = order, .picture = picture};
            CHECK(score(cloud, camera, settings) > kBar);
        }
    // What orders at each pixel has no other pictures: they are those of the distance.
    const Image8 pixel = renderer().render(camera, {.order = Order::pixel, .picture = Picture::overdraw});
    CHECK(pixel.pixels ==
          renderer().render(camera, {.order = Order::distance, .picture = Picture::overdraw}).pixels);
}

TEST_CASE("work is shared otherwise among a GPU's groups, and the picture is the same") {
    const Silence silence;
    const SplatCloud cloud = random_cloud(37, {.count = 5000});
    const Camera camera = test_camera(320, 200);
    renderer().set_cloud(cloud);
    const Image8 expected = renderer().render(camera, {});

    const bool software = std::exchange(device().software, false);
    Renderer shared{device()};
    shared.set_cloud(cloud);
    const Image8 picture = shared.render(camera, {});
    device().software = software;
    CHECK(shared.stats().bin_chunks != renderer().stats().bin_chunks);
    CHECK(shared.stats().sort_chunks != renderer().stats().sort_chunks);
    CHECK(picture.pixels == expected.pixels);
}

TEST_CASE("the cloud comes back as it went in, SH at half precision") {
    const Silence silence;
    const SplatCloud cloud = random_cloud(23, {.count = 777, .sh_degree = 2});
    renderer().set_cloud(random_cloud(24, {.count = 1000}));  // leaves larger buffers behind
    renderer().set_cloud(cloud);
    const SplatCloud back = renderer().read_cloud();
    const std::uint32_t some[] = {776, 0, 30};
    const std::size_t same[] = {776, 0, 30};
    CHECK(renderer().read_splats(some).values == gather(back, same).values);
    REQUIRE(back.values.size() == cloud.values.size());
    for (int c = 0; c < cloud.channels(); ++c)
        for (std::size_t i = 0; i < cloud.count; ++i) {
            const float error = std::abs(back.channel(c)[i] - cloud.channel(c)[i]);
            if (c < SplatCloud::kSh ? error != 0 : error > 0.0005f * std::abs(cloud.channel(c)[i]) + 1e-7f)
                FAIL("channel " << c << " of splat " << i);
        }
}

TEST_CASE("impossible cameras are refused") {
    renderer().set_cloud(random_cloud(1));
    CHECK_THROWS_AS(renderer().render(test_camera(0, 10), {}), InputError);
    CHECK_THROWS_AS(renderer().render(test_camera(10, kMaxImageSide + 1), {}), InputError);
    Camera flat = test_camera(10, 10);
    flat.fx = 0;
    CHECK_THROWS_AS(renderer().render(flat, {}), InputError);
}
