#include "encoder/evaluate/evaluate.h"

#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "encoder/evaluate/frame_source.h"
#include "encoder/evaluate/metrics.h"
#include "encoder/model.h"
#include "encoder/pack/pack.h"
#include "encoder/train/rasteriser.h"
#include "formats/core/error.h"
#include "formats/media/image_file.h"
#include "formats/splats/ply.h"

using namespace volumen;
namespace fs = std::filesystem;

namespace {

constexpr int kViews = 3, kFrames = 4, kSize = 40;

SplatCloud a_cloud() {
    std::mt19937 random(5);
    std::uniform_real_distribution<float> unit(-1, 1);
    SplatCloud cloud(60, 1);
    for (std::size_t i = 0; i < cloud.count; ++i) {
        for (int c = 0; c < 3; ++c) {
            cloud.channel(SplatCloud::kPosition + c)[i] = 0.5f * unit(random);
            cloud.channel(SplatCloud::kScale + c)[i] = -2.2f + 0.3f * unit(random);
        }
        for (int c = 0; c < 4; ++c) cloud.channel(SplatCloud::kRotation + c)[i] = unit(random);
        cloud.channel(SplatCloud::kOpacity)[i] = 2;
        for (int c = SplatCloud::kSh; c < cloud.channels(); ++c) cloud.channel(c)[i] = 0.4f * unit(random);
    }
    return cloud;
}

/// The cloud of a frame: it drifts.
SplatCloud frame_cloud(int frame) {
    SplatCloud cloud = a_cloud();
    for (float& x : cloud.channel(0)) x += 0.02f * float(frame);
    return cloud;
}

Camera camera(int view) {
    const float angle = float(view) * 2.1f;
    return Camera::look_at({3 * std::sin(angle), -3 * std::cos(angle), 0.4f}, {0, 0, 0}, {0, 0, 1}, 0.6f,
                           kSize, kSize);
}

/// A capture that the frames' clouds were rendered into, and a model of the same clouds.
struct Scene {
    fs::path root, capture, model;

    explicit Scene(bool masked) {
        root = fs::temp_directory_path() / fmt::format("volumen_evaluate_{}", fmt::ptr(this));
        capture = root / "capture", model = root / "model";
        fs::remove_all(root);
        fs::create_directories(model);
        nlohmann::json transforms{{"fps", 20}, {"frame_count", kFrames}};
        for (int v = 0; v < kViews; ++v) {
            const Camera c = camera(v);
            const glm::mat3 r = glm::transpose(c.rotation);
            nlohmann::json rows;
            for (int i = 0; i < 3; ++i) rows.push_back({r[0][i], -r[1][i], -r[2][i], c.centre()[i]});
            rows.push_back({0, 0, 0, 1});
            transforms["frames"].push_back({{"file_path", fmt::format("image/0/{}.png", v)},
                                            {"transform_matrix", rows},
                                            {"w", kSize},
                                            {"h", kSize},
                                            {"fl_x", c.fx},
                                            {"fl_y", c.fy},
                                            {"cx", c.cx},
                                            {"cy", c.cy}});
        }
        ModelInfo info;
        info.take.fps = {20, 1}, info.sh_degree = 1, info.width = info.height = kSize;
        info.segments = {{0, kFrames}};
        for (int f = 0; f < kFrames; ++f) {
            write_ply(model_frame_path(model, f), frame_cloud(f));
            fs::create_directories(capture / "image" / std::to_string(f));
            for (int v = 0; v < kViews; ++v)
                write_image(capture / "image" / std::to_string(f) / fmt::format("{}.png", v),
                            draw(frame_cloud(f), v, masked));
        }
        write_model_info(model, info);
        std::ofstream(capture / "transforms.json") << transforms;
    }
    ~Scene() { fs::remove_all(root); }

    static Image8 draw(const SplatCloud& cloud, int view, bool masked) {
        train::Rasteriser rasteriser;
        const Image8 rgb = to_8_bit(rasteriser.forward(cloud, camera(view), {}));
        if (!masked) return rgb;
        Image8 rgba(kSize, kSize, 4);
        for (int i = 0; i < kSize * kSize; ++i) {
            for (int c = 0; c < 3; ++c)
                rgba.pixels[std::size_t(4 * i + c)] = rgb.pixels[std::size_t(3 * i + c)];
            // Opaque inside; outside transparent, its colour of no meaning.
            const bool inside = rasteriser.alpha()[std::size_t(i)] > 0.002f;
            rgba.pixels[std::size_t(4 * i + 3)] = inside ? 255 : 0;
            if (!inside) rgba.pixels[std::size_t(4 * i)] = 77;
        }
        return rgba;
    }
};

EvaluateOptions on_cpu() {
    EvaluateOptions options;
    options.use_gpu = false;
    return options;
}

}  // namespace

TEST_CASE("a model against its own pictures is perfect") {
    for (const bool masked : {false, true}) {
        CAPTURE(masked);
        const Scene scene(masked);
        const Evaluation e = evaluate(scene.model, scene.capture, on_cpu());
        CHECK(e.frames == kFrames);
        CHECK(e.views == kViews);
        // The camera goes through text: a rounded value may tip over here and there.
        CHECK(e.psnr > 75);
        CHECK(e.ssim > 0.9999);
        CHECK(e.flicker < 0.01);
        CHECK(std::isnan(e.psnr_masked) == !masked);
        if (masked) CHECK(e.psnr_masked > 70);
        CHECK(e.splats == 60);
        CHECK(e.raw_bytes_per_frame == 60 * 4 * (3 + 3 + 4 + 3 + 1 + 12));
        CHECK(e.bytes_per_frame > e.raw_bytes_per_frame);
        CHECK(e.mbit_per_s == doctest::Approx(e.bytes_per_frame * 8 * 20 / 1e6));
    }
}

TEST_CASE("one wrong frame is found, its figures are right, and the report shows it") {
    const Scene scene(true);
    SplatCloud wrong = frame_cloud(2);
    for (float& v : wrong.channel(SplatCloud::kSh)) v += 0.3f;
    write_ply(model_frame_path(scene.model, 2), wrong);

    EvaluateOptions options = on_cpu();
    options.views = {2, 0};
    options.json = scene.root / "figures.json", options.html = scene.root / "report.html";
    options.images = scene.root / "renders", options.contact_sheet = scene.root / "sheet.png";
    int done = 0;
    options.progress = [&](int frame, int of) {
        CHECK(of == kFrames);
        done = frame;
    };
    const Evaluation e = evaluate(scene.model, scene.capture, options);
    CHECK(done == kFrames);
    CHECK(e.views == 2);
    double expected = 0, changed = 0;
    for (const int view : options.views) {
        const Image8 truth = Scene::draw(frame_cloud(2), view, false),
                     render = Scene::draw(wrong, view, false);
        expected += psnr(render, truth).value() / 2;
        const Image8 before = Scene::draw(frame_cloud(1), view, false);
        changed += flicker(render, before, truth, before).value() / 2;
    }
    CHECK(e.frame_psnr[2] == doctest::Approx(expected).epsilon(1e-3));
    CHECK(e.frame_psnr[2] < 40);
    CHECK(e.frame_psnr[1] > 75);
    CHECK(e.flicker == doctest::Approx(changed * 2 / 3).epsilon(0.01));  // in and out again, of three steps

    std::ifstream in(scene.root / "figures.json");
    const auto root = nlohmann::json::parse(in);
    CHECK(root["psnr"].get<double>() == doctest::Approx(e.psnr));
    CHECK(root["per_frame"][2]["psnr"].get<double>() == doctest::Approx(e.frame_psnr[2]));
    CHECK(root["per_view"][0]["view"] == 2);
    std::ifstream html_file(scene.root / "report.html");
    const std::string html{std::istreambuf_iterator<char>(html_file), {}};
    CHECK(html.find("Worst frame: 2") != html.npos);
    const Image8 render = read_image(scene.root / "renders" / "2" / "0.png");
    CHECK(psnr(render, Scene::draw(wrong, 0, false)).value() > 75);
    const Image8 sheet = read_image(scene.root / "sheet.png");
    CHECK(sheet.width > kFrames * kSize);
    CHECK(sheet.height > 2 * kSize);
}

TEST_CASE("a later start, and what cannot be done") {
    const Scene scene(false);
    EvaluateOptions options = on_cpu();
    options.first_capture_frame = 1;
    const Evaluation e = evaluate(scene.model, scene.capture, options);
    CHECK(e.frames == kFrames - 1);
    CHECK(e.psnr < 60);  // every frame is compared with the one after it
    options.first_capture_frame = 0, options.end_capture_frame = 1;
    CHECK(evaluate(scene.model, scene.capture, options).frames == 1);
    // A model knows which frames it was trained on.
    ModelInfo info = read_model_info(scene.model);
    info.first_capture_frame = 1;
    write_model_info(scene.model, info);
    CHECK(evaluate(scene.model, scene.capture, on_cpu()).psnr == e.psnr);
    options.end_capture_frame = -1;
    CHECK(evaluate(scene.model, scene.capture, options).psnr > e.psnr);
    options.first_capture_frame = kFrames;
    CHECK_THROWS_AS(evaluate(scene.model, scene.capture, options), InputError);
    options = on_cpu();
    options.views = {kViews};
    CHECK_THROWS_AS(evaluate(scene.model, scene.capture, options), UsageError);
    CHECK_THROWS_AS(evaluate(scene.root / "nothing", scene.capture, on_cpu()), InputError);
}

TEST_CASE("an image that is missing is told by name, never skipped; an offset leaves frames out aloud") {
    const Scene scene(true);
    const fs::path lost = scene.capture / "image" / "2" / "1.png";
    fs::rename(lost, scene.root / "kept.png");
    CHECK_THROWS_WITH_AS(evaluate(scene.model, scene.capture, on_cpu()), doctest::Contains("image/2/1.png"),
                         InputError);
    EvaluateOptions others = on_cpu();
    others.views = {0, 2};
    CHECK(evaluate(scene.model, scene.capture, others).psnr > 75);
    fs::rename(scene.root / "kept.png", lost);

    // View 0 is a frame late: its files are moved by hand, and the offset moves them back.
    for (int f = kFrames - 1; f >= 0; --f)
        fs::rename(scene.capture / "image" / std::to_string(f) / "0.png",
                   f + 1 < kFrames ? scene.capture / "image" / std::to_string(f + 1) / "0.png"
                                   : scene.root / "last.png");
    fs::copy(scene.root / "last.png", scene.capture / "image" / "0" / "0.png");
    std::ifstream in(scene.capture / "transforms.json");
    auto transforms = nlohmann::json::parse(in);
    transforms["offsets"] = {{"0", 1}};
    std::ofstream(scene.capture / "transforms.json") << transforms;
    EvaluateOptions options = on_cpu();
    options.views = {0}, options.html = scene.root / "report.html", options.json = scene.root / "f.json";
    options.contact_sheet = scene.root / "sheet.png";
    CHECK(evaluate(scene.model, scene.capture, options).psnr > 75);
    std::ifstream json_file(scene.root / "f.json");
    CHECK(nlohmann::json::parse(json_file)["per_frame"][kFrames - 1]["psnr"].is_null());
    transforms["offsets"] = {{"0", kFrames}};
    std::ofstream(scene.capture / "transforms.json") << transforms;
    CHECK_THROWS_WITH_AS(evaluate(scene.model, scene.capture, options), doctest::Contains("offset of 4"),
                         InputError);
}

TEST_CASE("a stream is measured as what it decodes to, with the bytes that it has") {
    const Scene scene(true);
    PackOptions packing;
    packing.segment_frames = 2;
    const PackResult packed = pack(scene.model, scene.root / "stream", packing);
    EvaluateOptions options = on_cpu();
    options.json = scene.root / "figures.json";
    const Evaluation e = evaluate(scene.root / "stream", scene.capture, options);
    CHECK(e.frames == kFrames);
    CHECK(e.splats == 60);
    CHECK(e.psnr > 25);
    CHECK(e.psnr < 75);
    CHECK(e.raw_bytes_per_frame == 60 * 4 * (3 + 3 + 4 + 3 + 1 + 12));
    CHECK(e.bytes_per_frame * kFrames <= double(packed.bytes));
    CHECK(e.bytes_per_frame * kFrames > 0.1 * double(packed.bytes));

    // The same, of the decoded frames as a model.
    const fs::path decoded = scene.root / "decoded";
    fs::create_directories(decoded);
    const auto source = open_frame_source(scene.root / "stream");
    while (auto frame = source->next()) write_ply(model_frame_path(decoded, frame->index), frame->unpacked());
    const Evaluation again = evaluate(decoded, scene.capture, on_cpu());
    for (std::size_t i = 0; i < std::size_t(kFrames); ++i)
        CHECK(again.frame_psnr[i] == doctest::Approx(e.frame_psnr[i]).epsilon(1e-6));

    std::ifstream in(scene.root / "figures.json");
    const auto root = nlohmann::json::parse(in);
    double bytes = 0;
    for (const auto& track : root["tracks"]) bytes += track["bytes"].get<double>();
    CHECK(bytes >= e.bytes_per_frame * kFrames * 0.99);
    CHECK(root["tracks"].size() >= 2);
}

TEST_CASE("streams of one take are measured beside each other, each as if it were alone") {
    const Scene scene(true);
    const fs::path coarse = scene.root / "coarse", fine = scene.root / "fine";
    pack(scene.model, coarse, {.codec = "hevc", .quality = 40});
    pack(scene.model, fine, {.quality = 90});
    EvaluateOptions options = on_cpu();
    options.views = {0, 2};
    const Evaluation alone = evaluate(fine, scene.capture, options);
    options.json = scene.root / "figures.json", options.html = scene.root / "report.html";
    options.images = scene.root / "renders";
    // Whatever a path is written like, a stream counts once.
    options.against = {fine / "manifest.mpd", scene.model, coarse / "", fine};
    int done = 0;
    options.progress = [&](int frame, int of) {
        CHECK(of == 3 * kFrames);
        CHECK(frame == ++done);
    };
    const Evaluation e = evaluate(coarse, scene.capture, options);
    CHECK(done == 3 * kFrames);
    CHECK(e.frames == kFrames);

    std::ifstream in(scene.root / "figures.json");
    const auto root = nlohmann::json::parse(in);
    const auto& points = root["rate_distortion"];
    REQUIRE(points.size() == 3);
    CHECK(points[0]["stream"] == coarse.string());
    CHECK(points[0]["codec"] == "hevc");
    CHECK(points[0]["profile"] == "auto");
    CHECK(points[0]["quality"] == 40);
    CHECK(points[0]["psnr"] == root["psnr"]);
    CHECK(points[0]["bytes_per_frame"] == root["bytes_per_frame"]);
    CHECK(points[1]["codec"] == "h264");
    CHECK(points[1]["quality"] == 90);
    CHECK(points[1]["psnr"].get<double>() == doctest::Approx(alone.psnr));
    CHECK(points[1]["psnr_masked"].get<double>() == doctest::Approx(alone.psnr_masked));
    CHECK(points[1]["ssim"].get<double>() == doctest::Approx(alone.ssim));
    CHECK(points[1]["flicker"].get<double>() == doctest::Approx(alone.flicker));
    CHECK(points[1]["mbit_per_s"].get<double>() == doctest::Approx(alone.mbit_per_s));
    CHECK(points[1]["psnr"] > points[0]["psnr"]);
    CHECK(points[2]["codec"].is_null());
    CHECK(points[2]["quality"].is_null());
    CHECK(points[2]["psnr"] > 75);
    // All else is the first stream's.
    const Image8 render = read_image(scene.root / "renders" / "0" / "0.png");
    CHECK(psnr(render, Scene::draw(frame_cloud(0), 0, false)).value() < 60);
    std::ifstream html_file(scene.root / "report.html");
    const std::string html{std::istreambuf_iterator<char>(html_file), {}};
    CHECK(html.find("auto, HEVC") != html.npos);
    CHECK(html.find("model, not packed") != html.npos);
}

TEST_CASE("streams of different takes are told apart, before anything is measured") {
    const Scene scene(false), other(false);
    EvaluateOptions options = on_cpu();
    options.progress = [](int, int) { FAIL("measured"); };
    options.against = {other.model};
    ModelInfo info = read_model_info(other.model);
    info.first_capture_frame = 1;
    write_model_info(other.model, info);
    CHECK_THROWS_WITH_AS(evaluate(scene.model, scene.capture, options),
                         doctest::Contains("begins at the capture's frame 1"), InputError);
    write_ply(stage_path(other.model), frame_cloud(0));
    CHECK_THROWS_WITH_AS(evaluate(scene.model, scene.capture, options), doctest::Contains("has a stage"),
                         InputError);
    fs::remove(stage_path(other.model));
    info.first_capture_frame = 0, info.take.background = glm::vec3(0);
    write_model_info(other.model, info);
    CHECK_THROWS_WITH_AS(evaluate(scene.model, scene.capture, options),
                         doctest::Contains("another background"), InputError);
    fs::remove(model_frame_path(other.model, kFrames - 1));
    info.segments = {{0, kFrames - 1}};
    write_model_info(other.model, info);
    CHECK_THROWS_WITH_AS(evaluate(scene.model, scene.capture, options),
                         doctest::Contains((other.model.string() + ": has 3 frames").c_str()), InputError);
    options.against = {scene.root / "nothing"};
    CHECK_THROWS_WITH_AS(evaluate(scene.model, scene.capture, options), doctest::Contains("does not exist"),
                         InputError);
}
