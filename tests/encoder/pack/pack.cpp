#include "encoder/pack/pack.h"

#include <doctest/doctest.h>

#include <fstream>

#include "formats/core/error.h"
#include "formats/stream/reader.h"
#include "tests/encoder/pack/synthetic.h"
#include "tests/formats/media/temporary_folder.h"
#include "tests/formats/stream/stream_files.h"

using namespace volumen;

TEST_CASE("pack: long segments are cut, and plain directories of PLYs work") {
    const TemporaryFolder folder;
    const auto plys = folder / "plys";
    std::filesystem::create_directories(plys);
    for (int i = 0; i < 7; ++i)
        write_ply(plys / fmt::format("{:03}.ply", i), synthetic_cloud(i < 5 ? 100 : 130, 0, i, 2));
    PackOptions options;
    options.segment_frames = 2;
    options.fps = FrameRate{24, 1};
    int reported = 0;
    options.progress = [&](int done, int of) {
        CHECK(of == 7);
        reported = done;
    };
    const PackResult result = pack(plys, folder / "stream", options);
    CHECK(reported == 7);
    const Stream stream = Stream::open(folder / "stream");
    CHECK(stream.info().fps.numerator == 24);
    CHECK(stream.frame_count() == 7);
    std::vector<int> lengths;
    for (const SegmentInfo& s : stream.segments()) lengths.push_back(s.frame_count);
    CHECK(lengths == std::vector<int>{1, 2, 2, 2});
    CHECK(stream.segments()[2].splat_count == 100);
    CHECK(stream.segments()[3].splat_count == 130);
    CHECK(integer_checksums(folder / "stream").size() == 7);
    std::uint64_t bytes = std::filesystem::file_size(folder / "stream/manifest.mpd");
    for (const TrackInfo& track : stream.rungs()[0].tracks) bytes += track.bytes;
    CHECK(result.bytes == bytes);
    CHECK(!std::filesystem::exists(folder / "stream.part"));
}

TEST_CASE("pack: quality is monotonous, and a bit rate is kept") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 600, 1, {6}, 4);
    std::uint64_t before = 0;
    for (const double quality : {0.0, 30.0, 60.0, 90.0, 100.0}) {
        PackOptions options;
        options.quality = quality;
        const std::uint64_t bytes = pack(folder / "model", folder / "stream", options).bytes;
        CHECK(bytes > before);
        before = bytes;
    }
    const double finest_rate = double(before) * 8 * 30 / 6;
    PackOptions options;
    options.bit_rate = finest_rate / 3;
    const PackResult result = pack(folder / "model", folder / "stream", options);
    const double rate = double(result.bytes) * 8 * 30 / 6;
    CHECK(rate <= *options.bit_rate);
    CHECK(rate > 0.8 * *options.bit_rate);
    CHECK(verify(folder / "stream").problems.empty());
    options.bit_rate = 1000;
    CHECK_THROWS_AS(pack(folder / "model", folder / "stream", options), InputError);
    // what was there stays
    CHECK(verify(folder / "stream").problems.empty());
}

TEST_CASE("pack: same model, same bytes") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 200, 0, {3}, 6);
    pack(folder / "model", folder / "a", {});
    pack(folder / "model", folder / "b", {});
    for (const char* name : {"manifest.mpd", "side.vol", "atlas.mp4"})
        CHECK(read_bytes(folder / "a" / name) == read_bytes(folder / "b" / name));
}

TEST_CASE("pack: wrong usage and wrong models are told, and destroy nothing") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 100, 0, {2}, 6);
    PackOptions options;
    options.codec = "mpeg2";
    CHECK_THROWS_AS(pack(folder / "model", folder / "stream", options), UsageError);
    options = {};
    options.segment_frames = 0;
    CHECK_THROWS_AS(pack(folder / "model", folder / "stream", options), UsageError);
    options = {};
    CHECK_THROWS_AS(pack(folder / "nothing", folder / "stream", options), InputError);
    folder.write("letters/dear.txt", "do not lose me");
    CHECK_THROWS_AS(pack(folder / "model", folder / "letters", options), UsageError);
    CHECK(std::filesystem::exists(folder / "letters/dear.txt"));

    pack(folder / "model", folder / "stream", options);
    std::filesystem::resize_file(model_frame_path(folder / "model", 1), 500);
    CHECK_THROWS_AS(pack(folder / "model", folder / "stream", options), InputError);
    CHECK(integer_checksums(folder / "stream").size() == 2);
    CHECK(!std::filesystem::exists(folder / "stream.part"));
    write_ply(model_frame_path(folder / "model", 1), synthetic_cloud(99, 0, 1, 6));
    CHECK_THROWS_AS(pack(folder / "model", folder / "stream", options), InputError);
}

TEST_CASE("model.json comes back as it was written") {
    const TemporaryFolder folder;
    ModelInfo info = write_synthetic_model(folder / "model", 10, 0, {2, 1}, 6);
    info.take.fps = {24000, 1001};
    info.held_out_views = {3, 9};
    info.first_capture_frame = 12;
    info.width = 640, info.height = 480;
    write_model_info(folder / "model", info);
    const ModelInfo again = read_model_info(folder / "model");
    CHECK(again.take.fps.denominator == 1001);
    CHECK(again.take.bounds_max == info.take.bounds_max);
    CHECK(again.held_out_views == info.held_out_views);
    CHECK(again.first_capture_frame == 12);
    CHECK(again.height == 480);
    REQUIRE(again.segments.size() == 2);
    CHECK(again.segments[1].first_frame == 2);
    CHECK(again.frame_count() == 3);
    folder.write("model/model.json", "{\"take\": 3}");
    CHECK_THROWS_AS(read_model_info(folder / "model"), InputError);
    folder.write("model/model.json", "not json");
    CHECK_THROWS_AS(read_model_info(folder / "model"), InputError);
}
