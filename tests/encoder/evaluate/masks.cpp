// Figures inside masks that the capture does not have.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "encoder/evaluate/evaluate.h"
#include "encoder/masks/write_masks.h"
#include "encoder/model.h"
#include "formats/core/file.h"
#include "tests/encoder/masks/scene.h"

using namespace volumen;
using masks::MaskMode;

namespace {

constexpr int kFrames = 2;

/// A grey ball of splats where the performer is, over a background; with a stage far away.
void write_model(const std::filesystem::path& folder, glm::vec3 background, bool stage) {
    std::filesystem::create_directories(folder);
    SplatCloud cloud(1, 0);
    cloud.channel(2)[0] = 1;
    for (int axis = 0; axis < 3; ++axis) cloud.channel(SplatCloud::kScale + axis)[0] = std::log(0.25f);
    cloud.channel(SplatCloud::kRotation)[0] = 1;
    cloud.channel(SplatCloud::kOpacity)[0] = 4;
    ModelInfo info;
    info.take.background = background, info.width = info.height = 48;
    info.segments = {{0, kFrames}};
    for (int frame = 0; frame < kFrames; ++frame) write_ply(model_frame_path(folder, frame), cloud);
    write_model_info(folder, info);
    cloud.channel(2)[0] = -1000;
    if (stage) write_ply(stage_path(folder), cloud);
}

nlohmann::json figures(const TemporaryFolder& folder, const char* model, MaskMode mode,
                       std::vector<int> views = {}) {
    EvaluateOptions options;
    options.use_gpu = false;
    options.masks = mode, options.views = std::move(views);
    options.json = folder / "figures.json", options.html = folder / "report.html";
    options.contact_sheet = folder / "sheet.png";
    evaluate(folder / model, folder.path(), options);
    return nlohmann::json::parse(read_file(*options.json, 1 << 20));
}

}  // namespace

TEST_CASE("masks are computed for the figures inside them") {
    const TemporaryFolder folder;
    masks::Scene scene;
    scene.views = 5, scene.frames = kFrames, scene.size = 48;
    scene.write(folder, true);
    write_model(folder / "staged", glm::vec3(0), true);
    write_model(folder / "cut_out", glm::vec3(1), false);
    write_model(folder / "whole", glm::vec3(0), false);

    const nlohmann::json none = figures(folder, "whole", MaskMode::none);
    CHECK(none["masks"] == "none");
    CHECK(none["psnr_masked"].is_null());
    const nlohmann::json whole = figures(folder, "whole", MaskMode::automatic);
    CHECK(whole["masks"] == "plate");
    CHECK(whole["psnr"] == none["psnr"]);  // the whole image is what was trained
    REQUIRE(whole["psnr_masked"].is_number());
    // Views judge each other's masks, also those that are not compared.
    const nlohmann::json some = figures(folder, "whole", MaskMode::plate, {3, 1});
    REQUIRE(some["per_view"].size() == 2);
    CHECK(some["per_view"][0] == whole["per_view"][3]);
    CHECK(some["per_view"][1] == whole["per_view"][1]);

    // White behind the performer alone: the render's own white is right there.
    const nlohmann::json cut_out = figures(folder, "cut_out", MaskMode::automatic);
    CHECK(double(cut_out["psnr"]) > double(figures(folder, "cut_out", MaskMode::none)["psnr"]) + 5);
    CHECK(double(cut_out["psnr_masked"]) < double(cut_out["psnr"]));

    const nlohmann::json staged = figures(folder, "staged", MaskMode::automatic);
    CHECK(staged["psnr"] == none["psnr"]);
    CHECK(staged["psnr_masked"] == whole["psnr_masked"]);
    // The same from files: a stage is part of what is compared.
    masks::write_masks(folder.path(), folder.path(), {});
    const nlohmann::json from_files = figures(folder, "staged", MaskMode::automatic);
    CHECK(from_files["masks"] == "file");
    CHECK(from_files["psnr"] == staged["psnr"]);
    CHECK(from_files["psnr_masked"] == staged["psnr_masked"]);
    CHECK(figures(folder, "whole", MaskMode::plate)["per_frame"][1]["psnr_masked"] ==
          whole["per_frame"][1]["psnr_masked"]);
}
