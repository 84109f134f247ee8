// The still surroundings: where they start, what they must not hide, and that a take is trained with them.
#include "encoder/train/stage.h"

#include <doctest/doctest.h>

#include "encoder/model.h"
#include "encoder/train/stage_seeds.h"
#include "encoder/train/train.h"
#include "formats/core/error.h"
#include "tests/encoder/masks/scene.h"

using namespace volumen;
using namespace volumen::train;

namespace {

/// The empty room.
TrainingFrame room(const masks::Scene& scene) {
    TrainingFrame frame;
    for (int v = 0; v < scene.views; ++v) {
        TrainingView view;
        view.view = v, view.camera = scene.camera(v);
        view.colour = PlanarImage(scene.size, scene.size);
        view.weight.assign(view.colour.area(), 1);
        for (int i = 0; i < int(view.colour.area()); ++i)
            for (int c = 0; c < 3; ++c)
                view.colour.plane(c)[std::size_t(i)] = scene.wall(v, i % scene.size, i / scene.size)[c] / 255;
        frame.views.push_back(std::move(view));
    }
    return frame;
}

}  // namespace

TEST_CASE("seeds lie on the walls") {
    masks::Scene scene;
    scene.views = 12;
    std::mt19937_64 random(5);
    const PointCloud seeds = stage_seeds(room(scene), {0, 0, 1}, 400, random);
    REQUIRE(seeds.count() == 400);
    REQUIRE(seeds.colours.size() == 1200);
    int close = 0;
    for (std::size_t i = 0; i < seeds.count(); ++i) {
        const glm::vec3 p(seeds.positions[3 * i], seeds.positions[3 * i + 1], seeds.positions[3 * i + 2] - 1);
        close += std::abs(std::max({std::abs(p.x), std::abs(p.y), std::abs(p.z)}) - 4) < 0.5f;
    }
    CHECK(close > 240);  // at random depths a fifth of that would be
}

TEST_CASE("nothing stands where a view never saw past the performer") {
    masks::Scene scene;
    scene.views = 4;
    TrainingFrame frame = room(scene);
    const TrainingView& view = frame.views[0];
    const std::size_t middle = std::size_t(scene.size / 2) * std::size_t(scene.size + 1);
    for (std::size_t d = 0; d < 3; ++d) frame.views[0].weight[middle + d] = 0;
    SplatCloud cloud(3, 0);
    const glm::vec3 eye = view.camera.centre(), ahead = view.camera.forward();
    const auto put = [&](std::size_t i, glm::vec3 p) {
        for (int a = 0; a < 3; ++a) cloud.channel(a)[i] = p[a];
    };
    put(0, eye + ahead), put(1, eye + 6.0f * ahead), put(2, glm::vec3(0, 0, 3));
    const SplatCloud left = without_obstacles(cloud, frame, {0, 0, 1});
    REQUIRE(left.count == 2);
    CHECK(left.channel(0)[0] == cloud.channel(0)[1]);
}

TEST_CASE("a take without masks is trained in front of a stage of its own") {
    const TemporaryFolder folder;
    masks::Scene scene;
    scene.room = true, scene.size = 48, scene.frames = 2, scene.views = 6;
    scene.write(folder, true);
    TrainOptions options;
    options.settings.splats = 200, options.settings.stage_splats = 300;
    options.settings.first_iterations = 30, options.settings.coarse_iterations = 5;
    options.settings.fine_iterations = 5, options.settings.graph_nodes = 10;
    std::vector<std::string> prepared;
    options.preparation = [&](const char* what, double) {
        if (prepared.empty() || prepared.back() != what) prepared.push_back(what);
    };
    train_capture(folder.path(), folder / "model", options);
    CHECK(prepared == std::vector<std::string>{"stage"});
    const SplatCloud stage = read_stage(folder / "model").value();
    CHECK(stage.count > 100);
    CHECK(stage.count <= 300);
    CHECK(read_model_info(folder / "model").take.background == glm::vec3(0));
    // The performer's bounds are the performer's.
    CHECK(read_model_info(folder / "model").take.bounds_max.x < 2);

    options.stage = StageMode::off;
    train_capture(folder.path(), folder / "without", options);
    CHECK(!read_stage(folder / "without"));
    CHECK(read_model_info(folder / "without").take.background == glm::vec3(1));

    options.stage = StageMode::on, options.masks = masks::MaskMode::none;
    CHECK_THROWS_WITH_AS(train_capture(folder.path(), folder / "none", options),
                         doctest::Contains("a stage needs masks"), InputError);
    CHECK_THROWS_AS(parse_stage_mode("yes"), UsageError);
}
