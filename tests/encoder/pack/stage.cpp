// A model's stage through the stream.
#include <doctest/doctest.h>

#include <fstream>

#include "encoder/pack/pack.h"
#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/stream/manifest.h"
#include "formats/stream/reader.h"
#include "tests/encoder/pack/synthetic.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

TEST_CASE("a stage is stored once, decodes to what it was, and costs the take nothing") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 300, 1, {4}, 11);
    const PackResult without = pack(folder / "model", folder / "plain", {});
    CHECK(!Stream::open(folder / "plain").stage());
    CHECK(!Stream::open(folder / "plain").read_stage());

    SplatCloud stage = synthetic_cloud(500, 1, 0, 99);
    for (int axis = 0; axis < 3; ++axis)
        for (float& p : stage.channel(SplatCloud::kPosition + axis)) p *= 5;
    write_ply(folder / "model" / kStageFile, stage);
    CHECK(read_stage(folder / "model")->count == 500);
    CHECK(model_frames(folder / "model").size() == 4);
    const PackResult with = pack(folder / "model", folder / "stream", {});
    CHECK(with.bytes > without.bytes);

    const Stream stream = Stream::open(folder / "stream");
    CHECK(stream.frame_count() == 4);
    CHECK(stream.rungs().size() == 1);
    REQUIRE(stream.stage());
    CHECK(stream.stage()->max_splats == 500);
    CHECK(stream.segments()[0].bytes == Stream::open(folder / "plain").segments()[0].bytes);
    const SplatCloud read = stream.read_stage().value();
    REQUIRE(read.count == 500);
    // Packing sorts splats: compare what does not depend on the order.
    for (int channel = 0; channel < 3; ++channel) {
        std::vector<float> a(stage.channel(channel).begin(), stage.channel(channel).end()),
            b(read.channel(channel).begin(), read.channel(channel).end());
        std::sort(a.begin(), a.end()), std::sort(b.begin(), b.end());
        for (std::size_t i = 0; i < a.size(); ++i)
            CHECK(b[i] == doctest::Approx(a[i]).epsilon(0.03).scale(1));
    }
    const VerifyReport report = verify(folder / "stream");
    CHECK(report.problems.empty());
    CHECK(report.frames == 4);
}

TEST_CASE("a damaged stage is told, and never read beyond its files") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 100, 0, {2}, 12);
    write_ply(folder / "model" / kStageFile, synthetic_cloud(100, 0, 0, 98));
    pack(folder / "model", folder / "stream", {});
    const auto bytes = read_file(folder / "stream/stage.mp4", 1 << 24);
    const auto put = [&](const std::vector<std::uint8_t>& content) {
        std::ofstream(folder / "stream/stage.mp4", std::ios::binary)
            .write(reinterpret_cast<const char*>(content.data()), std::streamsize(content.size()));
    };
    std::vector<std::uint8_t> damaged = bytes;
    damaged[damaged.size() - 10] ^= 0x55;
    put(damaged);
    CHECK_THROWS_AS(Stream::open(folder / "stream").read_stage(), InputError);
    CHECK(!verify(folder / "stream").problems.empty());
    for (std::size_t size = 0; size < bytes.size(); size += 97) {
        put({bytes.begin(), bytes.begin() + std::ptrdiff_t(size)});
        CHECK_THROWS_AS(Stream::open(folder / "stream").read_stage(), InputError);
    }
    // A stage of several frames, two stages, a name that leads out.
    put(bytes);
    const auto text = read_file(folder / "stream/manifest.mpd", 1 << 20);
    const std::string manifest(text.begin(), text.end());
    const auto refuse = [&](const std::string& from, const std::string& to) {
        std::string changed = manifest;
        const std::size_t at = changed.rfind(from);
        REQUIRE(at != std::string::npos);
        changed.replace(at, from.size(), to);
        folder.write("stream/manifest.mpd", changed);
        CHECK_THROWS_AS(Stream::open(folder / "stream").read_stage(), InputError);
    };
    refuse("stage.mp4", "../stage.mp4");
    refuse("stage.vol", "side.vol");
    const std::size_t set = manifest.rfind("<AdaptationSet"), end = manifest.rfind("</Period>");
    REQUIRE(set != std::string::npos);
    refuse("</Period>", manifest.substr(set, end - set) + "</Period>");
}
