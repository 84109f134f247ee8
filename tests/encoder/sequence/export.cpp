#include "encoder/export.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "encoder/model.h"
#include "encoder/pack/pack.h"
#include "encoder/sequence/frame_files.h"
#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/splats/read_splats.h"
#include "formats/stream/reader.h"
#include "tests/encoder/pack/synthetic.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

TEST_CASE("export: a stream's frames as PLYs that pack again, metadata and all") {
    const TemporaryFolder folder;
    ModelInfo info = write_synthetic_model(folder / "model", 300, 1, {3, 2}, 6);
    info.take.fps = {24000, 1001};
    info.take.up = {0, 1, 0};
    info.take.background = {0.5f, 0, 0};
    write_model_info(folder / "model", info);
    pack(folder / "model", folder / "stream", {});
    CHECK(export_take(folder / "stream", folder / "plys", {}) == 5);
    CHECK(list_frame_files(folder / "plys").size() == 5);
    const Stream stream = Stream::open(folder / "stream");
    FrameDecoder decoder(stream, 0, HwAccel::none);
    for (int f = 0; f < 5; ++f)
        CHECK(read_ply(model_frame_path(folder / "plys", f)).values == reconstruct(*decoder.next()).values);

    pack(folder / "plys", folder / "again", {});
    const Stream again = Stream::open(folder / "again");
    CHECK(again.frame_count() == 5);
    CHECK(again.info().fps.denominator == 1001);
    CHECK(again.info().up.y == 1);
    CHECK(again.info().background.x == 0.5f);
    CHECK(again.info().bounds_max == info.take.bounds_max);

    ExportOptions some;
    some.first_frame = 1, some.end_frame = 3;
    CHECK(export_take(folder / "model", folder / "plys", some) == 2);  // replaces what was there
    CHECK(list_frame_files(folder / "plys").size() == 2);
    CHECK(read_ply(model_frame_path(folder / "plys", 2)).values ==
          read_ply(model_frame_path(folder / "model", 2)).values);
    CHECK(export_take(folder / "plys", folder / "copy", {}) == 2);
}

TEST_CASE("export: a folder of .spz packs again, one frame alone is a .ply or an .spz") {
    const TemporaryFolder folder;
    ModelInfo info = write_synthetic_model(folder / "model", 300, 1, {3}, 6);
    info.take.up = {0, 0, 1};
    write_model_info(folder / "model", info);
    pack(folder / "model", folder / "stream", {});
    ExportOptions options;
    options.extension = ".spz";
    for (const char* source : {"model", "stream"}) {
        CHECK(export_take(folder / source, folder / "spz", options) == 3);
        CHECK(std::filesystem::exists(folder / "spz/frame_000002.spz"));
        CHECK_FALSE(read_sequence_info(folder / "spz").value().levels);
        pack(folder / "spz", folder / "again", {});
        CHECK(Stream::open(folder / "again").frame_count() == 3);
        CHECK(Stream::open(folder / "again").info().up.z == 1);
    }
    // The last of the loop is the stream's.
    const SplatCloud cloud = read_splats(folder / "spz/frame_000001.spz").cloud;

    ExportOptions second;
    second.first_frame = 1, second.end_frame = 2;
    export_frame(folder / "stream", folder / "b.spz", second);
    CHECK(read_splats(folder / "b.spz").cloud.values == cloud.values);
    export_frame(folder / "model", folder / "b.ply", second);
    CHECK(read_ply(folder / "b.ply").values == read_ply(model_frame_path(folder / "model", 1)).values);
    export_frame(folder / "b.spz", folder / "c.ply", {});  // a file alone has one frame
    CHECK(read_ply(folder / "c.ply").values == cloud.values);
    CHECK(export_take(folder / "b.spz", folder / "one", {}) == 1);

    CHECK_THROWS_WITH_AS(export_frame(folder / "model", folder / "d.ply", {}), doctest::Contains("not 3"),
                         UsageError);
    second.end_frame = 4;
    CHECK_THROWS_AS(export_frame(folder / "model", folder / "d.ply", second), UsageError);
    CHECK_FALSE(std::filesystem::exists(folder / "d.ply"));
}

TEST_CASE("export: decoded frames keep their order and their levels when they are packed again") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 1000, 1, {4}, 6);
    const auto bytes = double(pack(folder / "model", folder / "first", {}).bytes);
    export_take(folder / "first", folder / "plys", {});
    const auto bytes_again = double(pack(folder / "plys", folder / "second", {}).bytes);
    CHECK(bytes_again < 1.25 * bytes);
    const Stream first = Stream::open(folder / "first"), second = Stream::open(folder / "second");
    FrameDecoder decoder(first, 0, HwAccel::none), again(second, 0, HwAccel::none);
    const PackedFrame a = *decoder.next(), b = *again.next();
    // Static detail, plane by plane: the second stream's levels are the first's.
    int same_step = 0, same_phase = 0;
    for (std::size_t p = kPlaneRotation; p < a.layout->plane_step.size(); ++p) {
        const float step = a.layout->plane_step[p];
        const float shift = (b.layout->plane_min[p] - a.layout->plane_min[p]) / step;
        same_step += std::abs(b.layout->plane_step[p] / step - 1) < 1e-3f;
        same_phase += std::abs(shift - std::round(shift)) < 0.1f;
    }
    const int planes = int(a.layout->plane_step.size()) - kPlaneRotation;
    CHECK(same_step >= planes - 1);
    CHECK(same_phase >= planes - 1);
    // And splats stand where they stood.
    const SplatCloud x = reconstruct(a), y = reconstruct(b);
    double squares = 0;
    for (int c = 0; c < 3; ++c)
        for (std::size_t i = 0; i < x.count; ++i) squares += std::pow(x.channel(c)[i] - y.channel(c)[i], 2);
    CHECK(std::sqrt(squares / double(3 * x.count)) < 0.002);
}

TEST_CASE("export: segments begin where they began, and are cut where they are too long") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 200, 1, {2, 4}, 6);
    pack(folder / "model", folder / "stream", {});
    const auto begins_again = [&](int first_frame, std::optional<int> segment_frames = {}) {
        ExportOptions from;
        from.first_frame = first_frame;
        export_take(folder / "stream", folder / "plys", from);
        PackOptions options;
        options.segment_frames = segment_frames;
        pack(folder / "plys", folder / "again", options);
        const Stream again = Stream::open(folder / "again");
        std::vector<int> begins;
        for (const SegmentInfo& s : again.segments(0)) begins.push_back(s.first_frame);
        return begins;
    };
    CHECK(begins_again(0) == std::vector{0, 2});
    CHECK(begins_again(1) == std::vector{0, 1});
    CHECK(begins_again(2) == std::vector{0});
    CHECK(begins_again(0, 3) == std::vector{0, 2, 4});
    const nlohmann::json good = nlohmann::json::parse(read_file(folder / "plys/take.json", 1 << 20));
    for (const char* wrong : {"[0, 4, 2]", "[-1]", "[0.5]", "7"}) {
        nlohmann::json bad = good;
        bad["segment_begins"] = nlohmann::json::parse(wrong);
        folder.write("plys/take.json", bad.dump());
        CHECK_THROWS_WITH_AS(pack(folder / "plys", folder / "again", {}), doctest::Contains("segment_begins"),
                             InputError);
    }
}

TEST_CASE("export: the stage goes along, and is packed again") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 200, 1, {3}, 6);
    const SplatCloud stage = synthetic_cloud(150, 1, 0, 99);
    write_ply(folder / "model" / kStageFile, stage);
    pack(folder / "model", folder / "stream", {});
    CHECK(export_take(folder / "stream", folder / "plys", {}) == 3);
    CHECK(list_frame_files(folder / "plys").size() == 3);
    const SplatCloud decoded = Stream::open(folder / "stream").read_stage().value();
    CHECK(read_stage(folder / "plys").value().values == decoded.values);
    CHECK(export_take(folder / "plys", folder / "copy", {}) == 3);
    CHECK(read_stage(folder / "copy").value().values == decoded.values);

    pack(folder / "copy", folder / "again", {});
    const Stream again = Stream::open(folder / "again");
    CHECK(again.frame_count() == 3);
    const SplatCloud twice = again.read_stage().value();
    REQUIRE(twice.count == 150);
    // Packing sorts splats: compare what does not depend on the order.
    for (int channel = 0; channel < 3; ++channel) {
        std::vector<float> a(stage.channel(channel).begin(), stage.channel(channel).end()),
            b(twice.channel(channel).begin(), twice.channel(channel).end());
        std::sort(a.begin(), a.end()), std::sort(b.begin(), b.end());
        for (std::size_t i = 0; i < a.size(); ++i)
            CHECK(b[i] == doctest::Approx(a[i]).epsilon(0.03).scale(1));
    }
    folder.write("copy/stage/stage.ply", "ply");
    CHECK_THROWS_WITH_AS(pack(folder / "copy", folder / "again", {}), doctest::Contains("stage.ply"),
                         InputError);
    write_ply(folder / "copy/stage/stage.ply", SplatCloud(0, 1));
    CHECK_THROWS_WITH_AS(pack(folder / "copy", folder / "again", {}), doctest::Contains("has no splats"),
                         InputError);
}

TEST_CASE("export: never over something else, never half") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 20, 0, {2}, 6);
    folder.write("letters/dear.txt", "do not lose me");
    CHECK_THROWS_AS(export_take(folder / "model", folder / "letters", {}), UsageError);
    CHECK_THROWS_AS(export_take(folder / "model", folder / "model", {}), UsageError);
    CHECK_THROWS_AS(export_take(folder / "nothing", folder / "plys", {}), InputError);
    ExportOptions beyond;
    beyond.end_frame = 3;
    CHECK_THROWS_AS(export_take(folder / "model", folder / "plys", beyond), UsageError);
    std::filesystem::resize_file(model_frame_path(folder / "model", 1), 500);
    CHECK_THROWS_AS(export_take(folder / "model", folder / "plys", {}), InputError);
    CHECK_FALSE(std::filesystem::exists(folder / "plys"));
    folder.write("sequence/0.ply", "ply\n");
    folder.write("sequence/take.json", "{\"up\": 3}");
    CHECK_THROWS_AS(pack(folder / "sequence", folder / "stream", {}), InputError);
}
