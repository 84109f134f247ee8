// Takes whose planes need several videos.
#include <doctest/doctest.h>

#include <algorithm>

#include "encoder/pack/atlas.h"
#include "encoder/pack/pack.h"
#include "formats/core/error.h"
#include "formats/stream/frame.h"
#include "formats/stream/reader.h"
#include "tests/encoder/pack/synthetic.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

TEST_CASE("fit_atlas takes as few tracks as possible, and no plane lies in two") {
    struct {
        std::size_t splats;
        int degree, tracks;
    } const kTakes[] = {{100'000, 3, 1}, {200'000, 0, 1}, {200'000, 2, 1},  {200'000, 3, 2},
                        {400'000, 3, 3}, {500'000, 0, 1}, {1'000'000, 3, 8}};
    for (const auto& [splats, degree, tracks] : kTakes) {
        CAPTURE(splats);
        CAPTURE(degree);
        const AtlasShape a = fit_atlas(splats, degree, {30, 1});
        CHECK(a.tracks == tracks);
        REQUIRE(a.height % a.tracks == 0);
        const int height = a.picture_height();
        CHECK(a.width <= kMaxAtlasWidth);
        CHECK(height <= kMaxAtlasHeight);
        CHECK(height % kAtlasAlign == 0);
        CHECK(double(a.width) * height * 30 <= kEveryDecoder.max_rate);
        const int rows = int((splats + 63) / 64 + a.blocks_per_row - 1) / int(a.blocks_per_row) * kBlockSide;
        std::vector<int> planes(std::size_t(a.tracks), 0);
        for (std::size_t p = 0; p < a.plane_y.size(); ++p) {
            CHECK(a.plane_y[p] % height + rows <= height);
            ++planes.at(std::size_t(a.plane_y[p] / height));
        }
        CHECK(*std::ranges::min_element(planes) > 0);
    }
}

TEST_CASE("a take in several tracks is what it is in one") {
    const TemporaryFolder folder;
    // So many planes that the smallest videos do not hold them; a stage of its own beside them.
    write_synthetic_model(folder / "model", 2500, 2, {3, 2}, 31);
    write_ply(folder / "model" / kStageFile, synthetic_cloud(1300, 3, 0, 97));
    PackOptions options;
    options.quality = 90, options.find_steps = false;
    std::vector<std::string> told;
    options.tell = [&](const std::string& line) { told.push_back(line); };
    pack(folder / "model", folder / "one", options);
    CHECK(told.empty());
    options.track_limits = TrackLimits{256, 256, 1e9};
    const PackResult result = pack(folder / "model", folder / "several", options);
    REQUIRE(told.size() == 2);
    CHECK(told[0].find("2500 splats of SH degree 2") != std::string::npos);
    CHECK(told[0].find("videos of 256×256") != std::string::npos);
    CHECK(told[1].find("1300 splats of SH degree 3") != std::string::npos);

    const Stream one = Stream::open(folder / "one"), several = Stream::open(folder / "several");
    const std::size_t tracks = several.rungs()[0].tracks.size() - 1;
    CHECK(tracks >= 2);
    std::uint64_t bytes = std::filesystem::file_size(folder / "several/manifest.mpd");
    for (const TrackInfo& track : several.rungs()[0].tracks) bytes += track.bytes;
    const RungInfo stage = several.stage().value();
    for (const TrackInfo& track : stage.tracks) bytes += track.bytes;
    CHECK(stage.tracks.size() > 2);
    CHECK(result.bytes == bytes);
    const VerifyReport report = verify(folder / "several");
    CHECK(report.problems.empty());
    CHECK(report.frames == 5);

    const auto close = [](const SplatCloud& a, const SplatCloud& b) {
        REQUIRE(a.count == b.count);
        // Packing orders splats by the shape of the planes: compare what does not depend on it.
        for (int channel = 0; channel < 3; ++channel) {
            std::vector<float> x(a.channel(channel).begin(), a.channel(channel).end()),
                y(b.channel(channel).begin(), b.channel(channel).end());
            std::ranges::sort(x), std::ranges::sort(y);
            for (std::size_t i = 0; i < x.size(); ++i) REQUIRE(std::abs(x[i] - y[i]) < 0.02f);
        }
    };
    FrameDecoder a(one, 0, HwAccel::none), b(several, 0, HwAccel::none);
    for (int f = 0; f < 5; ++f) close(reconstruct(*a.next()), reconstruct(*b.next()));
    CHECK(!b.next());
    close(*one.read_stage(), *several.read_stage());
}

TEST_CASE("eight tracks are the most") {
    const TemporaryFolder folder;
    write_synthetic_model(folder / "model", 9000, 3, {1}, 32);
    PackOptions options;
    options.track_limits = TrackLimits{256, 256, 1e9};
    CHECK_THROWS_AS(pack(folder / "model", folder / "stream", options), InputError);
    CHECK(!std::filesystem::exists(folder / "stream"));
}
