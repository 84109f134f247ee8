// Masks as files, which become the capture's own.
#include <doctest/doctest.h>

#include "encoder/masks/write_masks.h"
#include "formats/core/error.h"
#include "tests/encoder/masks/scene.h"

using namespace volumen;
using namespace volumen::masks;
namespace fs = std::filesystem;

namespace {

/// What training sees of some views of a frame.
CaptureFrame masked_frame(const Capture& capture, const Masks& masks, const std::vector<int>& views,
                          int frame) {
    CaptureFrame out = *FrameReader(capture, views, frame, frame + 1).next();
    masks.apply(out);
    return out;
}

}  // namespace

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

TEST_CASE("masks that were written are read back in every layout, as they were computed") {
    for (const char* files :
         {"image/{frame}/{view}.png", "{view}.mp4", "video/{view}.mp4", "{frame}/images/{view}.png",
          "cam{view}/{frame:04}.png", "images/cam{view}/{frame}.png", "{frame:03}/{view}.png"}) {
        CAPTURE(files);
        const TemporaryFolder folder;
        Scene scene;
        scene.views = 4, scene.frames = 2, scene.size = 48, scene.files = files;
        scene.write(folder, true);
        const std::vector<int> views{0, 1, 2, 3};
        const Capture plain = Capture::open(folder.path());
        CHECK_FALSE(plain.has_masks());
        const Masks plates(plain, views, MaskMode::plate);
        std::vector<CaptureFrame> computed;
        for (int frame = 0; frame < 2; ++frame) computed.push_back(masked_frame(plain, plates, views, frame));
        CHECK(write_masks(folder.path(), folder.path(), {}).files == 8);
        const Capture masked = Capture::open(folder.path());
        REQUIRE(masked.has_masks());
        CHECK(masked.warnings() == plain.warnings());
        CHECK(masked.frame_count() == 2);
        for (int frame = 0; frame < 2; ++frame) {
            const CaptureFrame read =
                masked_frame(masked, Masks(masked, views, MaskMode::file), views, frame);
            for (std::size_t v = 0; v < views.size(); ++v)
                CHECK(read.images[v].alpha.pixels == computed[std::size_t(frame)].images[v].alpha.pixels);
        }
        // Computed again from the plates, as if they were not there.
        const Capture passed_over = Capture::open(folder.path(), {.masks = false});
        CHECK_FALSE(passed_over.has_masks());
        CHECK(masked_frame(passed_over, plates, views, 1).images[2].alpha.pixels ==
              computed[1].images[2].alpha.pixels);
        // And over those that are there.
        write_image(folder / masked.mask_file(2, 1).string(), flat_image(48, 48, {0}));
        WriteOptions again;
        again.mode = MaskMode::plate;
        CHECK(write_masks(folder.path(), folder.path(), again).files == 8);
        CHECK(masked.read(2, 1).alpha.pixels == computed[1].images[2].alpha.pixels);
    }
}

TEST_CASE("masks of some frames and views are read back for those") {
    for (const char* files : {"image/{frame}/{view}.png", "{view}.mp4"}) {
        CAPTURE(files);
        const TemporaryFolder folder;
        Scene scene;
        scene.views = 5, scene.frames = 4, scene.files = files;
        scene.write(folder, true);
        WriteOptions options;
        options.held_out_views = {1};
        options.first_frame = 2;
        CHECK(write_masks(folder.path(), folder.path(), options).files == 8);
        const Capture masked = Capture::open(folder.path());
        REQUIRE(masked.has_masks());
        CHECK(overlap(masked.read(3, 2).alpha, scene.truth(3, 2)) > 0.9);
        // A frame without one is absent, and says which file is wanted.
        const CaptureFrame first = *FrameReader(masked, {0, 2}, 0, 1).next();
        CHECK(first.images[1].absent());
        CHECK(first.images[1].problem.find("mask/0/2.png") != std::string::npos);
        CHECK_THROWS_WITH_AS(FrameReader(masked, {0, 1}, 2, 3).next(), doctest::Contains("frames[1]"),
                             InputError);
        CHECK_THROWS_WITH_AS(masked.read(1, 2), doctest::Contains("has no mask, unlike other views"),
                             InputError);
        std::vector<std::string> problems;
        CHECK(Capture::open(folder.path(), {.problems = &problems}).views().size() == 4);
        REQUIRE(problems.size() == 1);
        CHECK(problems[0].find("has no mask") != std::string::npos);
    }
}

TEST_CASE("masks are not written where others would hide them") {
    const TemporaryFolder folder;
    Scene scene;
    scene.views = 3, scene.frames = 2, scene.files = "{view}.mp4";
    scene.write(folder, true);
    fs::create_directory(folder / "mask");
    for (const char* video : {"0.mp4", "1.mp4", "2.mp4"})
        fs::copy_file(folder / video, folder / "mask" / video);
    REQUIRE(Capture::open(folder.path()).has_masks());
    WriteOptions options;
    options.mode = MaskMode::plate;
    CHECK_THROWS_WITH_AS(write_masks(folder.path(), folder.path(), options),
                         doctest::Contains("move that away"), InputError);
}

TEST_CASE("many frames without a mask do not end a video") {
    const TemporaryFolder folder;
    Scene scene;
    scene.views = 1, scene.frames = 20, scene.size = 16, scene.files = "{view}.mp4";
    scene.write(folder, false);
    put_image(folder / "mask/19/0.png", flat_image(16, 16, {77}));
    const Capture capture = Capture::open(folder.path());
    FrameReader reader(capture, {0}, 0, 20);
    for (int frame = 0; frame < 20; ++frame) CHECK(reader.next()->images[0].absent() == (frame < 19));
}
