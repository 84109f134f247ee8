// Masks as files, which become the capture's own.
#include <doctest/doctest.h>

#include "encoder/masks/write_masks.h"
#include "formats/core/error.h"
#include "tests/encoder/masks/scene.h"

using namespace volumen;
using namespace volumen::masks;

TEST_CASE("masks are written where the capture looks for them") {
    const TemporaryFolder folder;
    Scene scene;
    scene.views = 5, scene.frames = 2;
    scene.write(folder, true);
    WriteOptions options;
    options.held_out_views = {4};
    int told = 0;
    options.progress = [&](int done, int of) {
        CHECK(done == ++told);
        CHECK(of == 2);
    };
    const TemporaryFolder elsewhere;
    const WriteResult result = write_masks(folder.path(), elsewhere.path(), options);
    CHECK(result.mode == MaskMode::plate);
    CHECK(result.frames == 2);
    CHECK(result.files == 8);
    CHECK(!std::filesystem::exists(elsewhere / "mask/0/4.png"));
    const Image8 written = read_image(elsewhere / "mask/1/2.png");
    Image8 alpha(written.width, written.height, 1);
    for (std::size_t i = 0; i < alpha.pixels.size(); ++i)
        alpha.pixels[i] = written.pixels[i * std::size_t(written.channels)];
    CHECK(overlap(alpha, scene.truth(2, 1)) > 0.9);

    options.held_out_views = {};
    told = 0;
    CHECK(write_masks(folder.path(), folder.path(), options).files == 10);
    const Capture masked = Capture::open(folder.path());
    CHECK(masked.has_masks());
    CHECK(overlap(masked.read(3, 1).alpha, scene.truth(3, 1)) > 0.9);
    CHECK_THROWS_WITH_AS(write_masks(folder.path(), folder.path(), {}),
                         doctest::Contains("has masks already"), InputError);
    options.mode = MaskMode::none;
    CHECK_THROWS_AS(write_masks(folder.path(), folder.path(), options), UsageError);
}

TEST_CASE("a stored mask lies over the distorted, padded image") {
    const TemporaryFolder folder;
    const Camera camera = ring_camera(0, 4, 60, 40);
    nlohmann::json entry = rig_entry("image/0/0.png", camera);
    entry["k1"] = -0.2, entry["p1"] = 0.01;
    folder.write("transforms.json", nlohmann::json{{"frames", {entry}}}.dump());
    // A disc, stored with four pixels of padding at either side; blue inside.
    Image8 image(68, 40, 3);
    for (int y = 0; y < 40; ++y)
        for (int x = 0; x < 68; ++x) image.at(x, y)[2] = std::hypot(x - 50, y - 12) < 9 ? 255 : 0;
    put_image(folder / "image/0/0.png", image);
    const Capture capture = Capture::open(folder.path(), {.width = 120});
    const ViewImage seen = capture.read(0, 0);
    REQUIRE(seen.rgb.width == 120);
    Image8 mask(120, 80, 1);
    for (std::size_t i = 0; i < mask.pixels.size(); ++i) mask.pixels[i] = seen.rgb.pixels[3 * i + 2];
    const Image8 stored = capture.stored_mask(0, mask);
    REQUIRE(stored.width == 68);
    int wrong = 0;
    for (int y = 0; y < 40; ++y)
        for (int x = 0; x < 68; ++x) wrong += (*stored.at(x, y) >= 128) != (image.at(x, y)[2] >= 128);
    CHECK(wrong < 12);  // of 255 in the disc, along its edge
    CHECK(capture.mask_file(0, 0) == std::filesystem::path("mask/0/0.png"));
}
