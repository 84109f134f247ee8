// Masks computed from plates and from motion, against what was drawn.
#include <doctest/doctest.h>

#include "encoder/masks/choose.h"
#include "formats/core/error.h"
#include "tests/encoder/masks/scene.h"

using namespace volumen;
using namespace volumen::masks;

namespace {

std::vector<int> all_views(const Capture& capture) {
    std::vector<int> views;
    for (int v = 0; v < int(capture.views().size()); ++v) views.push_back(v);
    return views;
}

/// A scene as a capture on the disk, with the masks that are computed for it.
struct Filmed {
    TemporaryFolder folder;
    Scene scene;
    std::vector<double> shares;  ///< told while masks were learnt
    Capture capture;
    Masks masks;

    explicit Filmed(bool plates)
        : capture(write(plates)),
          masks(capture, all_views(capture), MaskMode::automatic,
                [this](double share) { shares.push_back(share); }) {}

    CaptureFrame masked(int frame) const {
        CaptureFrame images = *FrameReader(capture, all_views(capture), frame, frame + 1).next();
        masks.apply(images);
        return images;
    }

    /// Mean overlap over the views of some frames; the least goes to `worst`.
    double mean_overlap(double& worst) const {
        double sum = 0;
        int count = 0;
        worst = 1;
        for (const int frame : {1, 6, 11}) {
            const CaptureFrame images = masked(frame);
            for (int v = 0; v < scene.views; ++v) {
                const double here = overlap(images.images[std::size_t(v)].alpha, scene.truth(v, frame));
                sum += here, worst = std::min(worst, here), ++count;
            }
        }
        return sum / count;
    }

  private:
    Capture write(bool plates) {
        scene.write(folder, plates);
        return Capture::open(folder.path());
    }
};

}  // namespace

TEST_CASE("masks from plates: edges, and colours without the background") {
    MESSAGE("seed " << kSeed);
    const Filmed filmed(true);
    CHECK(filmed.masks.mode() == MaskMode::plate);
    CHECK(filmed.masks.warnings().empty());
    double worst;
    CHECK(filmed.mean_overlap(worst) > 0.95);
    CHECK(worst > 0.92);

    // Premultiplied colour is what training looks at: the background must be out of it.
    const CaptureFrame images = filmed.masked(6);
    double error = 0, count = 0;
    for (int v = 0; v < filmed.scene.views; ++v) {
        const std::vector<glm::vec4> truth = filmed.scene.truth(v, 6);
        const ViewImage& image = images.images[std::size_t(v)];
        for (std::size_t i = 0; i < truth.size(); ++i) {
            if (truth[i].w < 0.1f || truth[i].w > 0.9f) continue;
            for (std::size_t k = 0; k < 3; ++k)
                error += std::abs(float(image.rgb.pixels[3 * i + k]) * float(image.alpha.pixels[i]) / 255 -
                                  truth[i][int(k)] * truth[i].w);
            count += 3;
        }
    }
    CHECK(error / count < 25);  // the background left in would add fifty
}

TEST_CASE("masks from motion: a body that never leaves, in front of backgrounds never seen empty") {
    MESSAGE("seed " << kSeed);
    const Filmed filmed(false);
    CHECK(filmed.masks.mode() == MaskMode::motion);
    REQUIRE(!filmed.shares.empty());
    CHECK(filmed.shares.back() == doctest::Approx(1));
    CHECK(std::is_sorted(filmed.shares.begin(), filmed.shares.end()));
    REQUIRE(filmed.masks.warnings().size() == 1);
    CHECK(filmed.masks.warnings()[0].find("never seen free of the performer") != std::string::npos);
    double worst;
    CHECK(filmed.mean_overlap(worst) > 0.85);
    CHECK(worst > 0.75);
}

TEST_CASE("views that are held out are not read, and absent images stay absent") {
    const TemporaryFolder folder;
    Scene scene;
    scene.frames = 3;
    scene.write(folder, true);
    folder.write("background/2.png", "not an image");
    std::filesystem::remove(folder / "image/1/3.png");
    const Capture capture = Capture::open(folder.path());
    const std::vector<int> views{0, 1, 3, 4, 5, 6, 7};
    const Masks masks(capture, views, MaskMode::plate);
    CaptureFrame images = *FrameReader(capture, views, 1, 2).next();
    masks.apply(images);
    CHECK(images.images[2].absent());
    CHECK(overlap(images.images[1].alpha, scene.truth(1, 1)) > 0.9);
}

TEST_CASE("where masks cannot be had") {
    const TemporaryFolder folder;
    Scene scene;
    scene.views = 3, scene.frames = 9, scene.size = 32;
    scene.write(folder, true);
    std::filesystem::remove(folder / "background/1.png");
    const Capture capture = Capture::open(folder.path());
    CHECK_THROWS_WITH_AS(Masks(capture, all_views(capture), MaskMode::plate),
                         doctest::Contains("view 1 (1.png) has no background plate"), InputError);
    CHECK_THROWS_WITH_AS(Masks(capture, all_views(capture), MaskMode::file),
                         doctest::Contains("has no masks"), InputError);
    CHECK_THROWS_WITH_AS(parse_mask_mode("maybe"), doctest::Contains("--masks maybe"), UsageError);

    // Nothing moves: the whole image is the take.
    const TemporaryFolder still;
    nlohmann::json rig;
    for (int view = 0; view < 3; ++view) {
        rig["frames"].push_back(rig_entry("image/0/" + std::to_string(view) + ".png", scene.camera(view)));
        for (int frame = 0; frame < 9; ++frame)
            put_image(still / ("image/" + std::to_string(frame) + "/" + std::to_string(view) + ".png"),
                      scene.plate(view));
    }
    still.write("transforms.json", rig.dump());
    const Capture empty = Capture::open(still.path());
    const Masks none(empty, all_views(empty), MaskMode::automatic);
    CHECK(none.mode() == MaskMode::none);
    CHECK(!none.any());

    const TemporaryFolder single;
    scene.frames = 1;
    scene.write(single, false);
    const Capture one = Capture::open(single.path());
    CHECK(Masks(one, all_views(one), MaskMode::automatic).mode() == MaskMode::none);
    CHECK_THROWS_WITH_AS(Masks(one, all_views(one), MaskMode::motion), doctest::Contains("one frame"),
                         InputError);
}
