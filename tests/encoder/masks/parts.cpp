// Noise, volume, checks.
#include <doctest/doctest.h>

#include "encoder/masks/choose.h"
#include "encoder/masks/noise.h"
#include "encoder/masks/volume.h"
#include "formats/core/error.h"
#include "tests/encoder/masks/scene.h"

using namespace volumen;
using namespace volumen::masks;

namespace {

/// All views of one frame, exact labels.
std::vector<LabelledView> labelled(const Scene& scene) {
    std::vector<LabelledView> out;
    for (int v = 0; v < scene.views; ++v) {
        LabelledView view{scene.camera(v), {}};
        for (const glm::vec4& pixel : scene.truth(v, 0))
            view.labels.push_back(pixel.w >= 0.5f ? Label::performer : Label::background);
        out.push_back(std::move(view));
    }
    return out;
}

/// A capture whose images carry the truth as alpha, for which `change` may do what it likes to a mask.
template <class Change>
void write_masked(const TemporaryFolder& folder, const Scene& scene, const Change& change) {
    nlohmann::json rig;
    for (int view = 0; view < scene.views; ++view) {
        rig["frames"].push_back(rig_entry("image/0/" + std::to_string(view) + ".png", scene.camera(view)));
        Image8 image(scene.size, scene.size, 4);
        const std::vector<glm::vec4> truth = scene.truth(view, 0);
        for (std::size_t i = 0; i < truth.size(); ++i) {
            for (int k = 0; k < 3; ++k) image.pixels[4 * i + std::size_t(k)] = std::uint8_t(truth[i][k]);
            image.pixels[4 * i + 3] = change(view, int(i), std::uint8_t(255 * truth[i].w));
        }
        put_image(folder / ("image/0/" + std::to_string(view) + ".png"), image);
    }
    folder.write("transforms.json", rig.dump());
}

void check(const TemporaryFolder& folder, const std::vector<int>& views, CaptureFrame* out = nullptr,
           bool strict = false) {
    const Capture capture = Capture::open(folder.path());
    CaptureFrame frame = *FrameReader(capture, views, 0, 1).next();
    check_masks(capture, views, frame, true, strict);
    if (out) *out = std::move(frame);
}

}  // namespace

TEST_CASE("noise is measured in spite of what moves") {
    MESSAGE("seed " << kSeed);
    Scene scene;
    for (const float deviation : {2.0f, 5.0f}) {
        scene.noise = deviation;
        NoiseMeter meter;
        for (int frame = 0; frame < 4; ++frame) meter.add(scene.plate(0), scene.photograph(0, frame));
        const NoiseModel model = meter.model();
        CHECK(std::sqrt(model.variance(110)) > 0.95 * deviation);
        CHECK(std::sqrt(model.variance(110)) < 1.35 * deviation);
        // A level that hardly occurs.
        CHECK(std::sqrt(model.variance(250)) == doctest::Approx(deviation).epsilon(0.5));
    }
    CHECK(NoiseMeter().model().variance(100) > 0);
}

TEST_CASE("the other views fill holes and refuse what only one sees") {
    const Scene scene;
    std::vector<LabelledView> views = labelled(scene);
    Volume volume({0, 0, 1}, 1.5f);
    const std::size_t filled = [&] {
        volume.support(views);
        return volume.filled();
    }();
    CHECK(filled > 1000);
    // A hole in the middle of view 0, a blob in its corner.
    const auto at = [&](int x, int y) { return std::size_t(y * scene.size + x); };
    const glm::vec3 c = scene.camera(0).to_camera({0, 0, 1});
    const int x = int(scene.camera(0).fx * c.x / c.z + scene.camera(0).cx),
              y = int(scene.camera(0).fy * c.y / c.z + scene.camera(0).cy);
    for (int v = -3; v <= 3; ++v)
        for (int u = -3; u <= 3; ++u) {
            views[0].labels[at(x + u, y + v)] = Label::background;
            views[0].labels[at(8 + u, 8 + v)] = Label::performer;
        }
    const std::vector<std::vector<Support>> support = volume.support(views);
    CHECK(support[0][at(x, y)] == Support::sure);
    CHECK(support[0][at(8, 8)] == Support::none);
    CHECK(support[1][at(4, 4)] == Support::none);
    // Two views cannot judge each other.
    views.resize(2);
    CHECK(volume.support(views)[0][at(x, y)] == Support::unjudged);
}

TEST_CASE("masks that cannot be right are told by frame and view") {
    const Scene scene;
    const std::vector<int> views{0, 1, 2, 3, 4, 5, 6, 7};
    {
        const TemporaryFolder good;
        write_masked(good, scene, [](int, int, std::uint8_t a) { return a; });
        CHECK_NOTHROW(check(good, views));
    }
    {
        const TemporaryFolder empty;
        write_masked(empty, scene, [](int, int, std::uint8_t) { return std::uint8_t(0); });
        CHECK_THROWS_WITH_AS(check(empty, views),
                             doctest::Contains("frame 0: the masks of all views are empty: 0 (0.png)"),
                             InputError);
    }
    {
        const TemporaryFolder one;
        write_masked(one, scene,
                     [](int view, int, std::uint8_t a) { return view == 5 ? std::uint8_t(0) : a; });
        CaptureFrame frame;
        check(one, views, &frame);
        CHECK(frame.images[5].absent());
        CHECK(frame.images[5].problem.find("the mask of view 5 (5.png) is empty") != std::string::npos);
        CHECK(!frame.images[4].absent());
        CHECK_THROWS_WITH_AS(check(one, views, nullptr, true), doctest::Contains("view 5 (5.png)"),
                             InputError);
    }
    {
        // Every other view has its lowest rows in the mask, the rest their highest.
        const TemporaryFolder apart;
        write_masked(apart, scene, [&](int view, int i, std::uint8_t) {
            const int row = i / scene.size;
            return std::uint8_t((view % 2 ? row < 4 : row >= scene.size - 4) ? 255 : 0);
        });
        CHECK_THROWS_WITH_AS(check(apart, {0, 1, 2, 3}), doctest::Contains("agree on no place in space"),
                             InputError);
    }
}
