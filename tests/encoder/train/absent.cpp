// Images that are not there: left out of training, told once.
#include <doctest/doctest.h>

#include "encoder/train/train.h"
#include "encoder/train/training_frame.h"
#include "formats/core/error.h"
#include "tests/formats/media/rig_writer.h"

using namespace volumen;
using namespace volumen::train;

TEST_CASE("absent views are left out of their frame, and views know their index") {
    const TemporaryFolder folder;
    write_sequence(folder, 4, 3);
    std::filesystem::remove(folder / "image/1/2.png");
    const std::vector<int> views{0, 2, 3};
    const auto frames = [&](const Capture& capture) {
        std::vector<TrainingFrame> out;
        FrameReader reader(capture, views, 0, 3);
        while (const std::optional<CaptureFrame> frame = reader.next())
            out.push_back(make_training_frame(capture, views, *frame));
        return out;
    };
    const Capture capture = Capture::open(folder.path(), {.offsets = {0, 0, 0, 1}});
    const std::vector<TrainingFrame> got = frames(capture);
    const std::vector<std::vector<int>> expected{{0, 2, 3}, {0, 3}, {0, 2}};
    for (std::size_t f = 0; f < 3; ++f) {
        REQUIRE(got[f].views.size() == expected[f].size());
        const TrainingFrame half = half_size(got[f]);
        for (std::size_t k = 0; k < got[f].views.size(); ++k) {
            const TrainingView& view = got[f].views[k];
            CHECK(view.view == expected[f][k]);
            CHECK(half.views[k].view == view.view);
            const Camera& camera = capture.views()[std::size_t(view.view)].camera;
            CHECK(view.camera.translation == camera.translation);
            // Red is the frame, premultiplied by alpha: 10 times the view.
            const float alpha = float(10 * view.view) / 255, own = float(f) + (view.view == 3);
            CHECK(view.colour.plane(0)[0] == doctest::Approx(alpha * own / 255));
        }
    }
    for (const char* name : {"0", "2", "3"})
        std::filesystem::remove(folder / (std::string("image/2/") + name + ".png"));
    CHECK_THROWS_WITH_AS(frames(Capture::open(folder.path())),
                         doctest::Contains("frame 2: no view has an image"), InputError);
}

TEST_CASE("training goes on without a bad image, says so once, and ends where it is strict") {
    const TemporaryFolder folder;
    for (int view = 0; view < 4; ++view)
        for (int frame = 0; frame < 3; ++frame)
            put_image(folder / fmt::format("image/{}/{}.png", frame, view),
                      flat_image(32, 24, {40 * frame, 60 * view, 200, 255}));
    nlohmann::json rig;
    for (int view = 0; view < 4; ++view)
        rig["frames"].push_back(rig_entry(fmt::format("image/0/{}.png", view), ring_camera(view, 4, 32, 24)));
    folder.write("transforms.json", rig.dump());
    folder.write("image/1/2.png", "not an image");
    folder.write("image/0/3.png", "nor this");
    TrainOptions options;
    options.settings.splats = 100, options.settings.first_iterations = 20;
    options.settings.coarse_iterations = options.settings.fine_iterations = 5;
    std::vector<std::string> warnings;
    options.warn = [&](const std::string& line) { warnings.push_back(line); };
    CHECK(train_capture(folder.path(), folder / "model", options).frames == 3);
    const auto told = [&](const char* text) {
        return std::ranges::count_if(warnings, [&](const std::string& w) { return w.find(text) != w.npos; });
    };
    CHECK(told("frame 1, view 2 is left out") == 1);
    CHECK(told("image/1/2.png") == 1);
    CHECK(told("frame 0, view 3 is left out") == 1);
    options.strict = true;
    CHECK_THROWS_WITH_AS(train_capture(folder.path(), folder / "strict", options),
                         doctest::Contains("image/0/3.png"), InputError);
    CHECK_FALSE(std::filesystem::exists(folder / "strict"));
}
