#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "encoder/pack/order.h"
#include "encoder/pack/pack.h"
#include "encoder/pack/rotation.h"
#include "encoder/pack/segment.h"
#include "formats/core/error.h"
#include "formats/stream/reader.h"
#include "tests/encoder/pack/synthetic.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

namespace {

constexpr std::size_t kSplats = 500;
const std::vector<int> kSegments{5, 3};

/// What the decoder should give: the model's frame in the stream's order, rotations canonical.
std::vector<SplatCloud> expected_segment(const std::filesystem::path& model, const PackedFrame& first) {
    std::vector<SplatCloud> frames;
    for (int i = 0; i < first.layout->frame_count; ++i)
        frames.push_back(read_ply(model_frame_path(model, first.layout->first_frame + i)));
    const auto order = order_splats(frames, first.layout->blocks_per_row);
    for (SplatCloud& cloud : frames) cloud = gather(cloud, order);
    canonicalise_rotations(frames);
    return frames;
}

float channel_rms(const SplatCloud& a, const SplatCloud& b, int from, int count) {
    double sum = 0;
    for (int c = from; c < from + count; ++c)
        for (std::size_t i = 0; i < a.count; ++i) {
            double d = a.channel(c)[i] - b.channel(c)[i];
            if (c == SplatCloud::kOpacity)
                d = 1 / (1 + std::exp(-a.channel(c)[i])) - 1 / (1 + std::exp(-b.channel(c)[i]));
            sum += d * d;
        }
    return float(std::sqrt(sum / double(count) / double(a.count)));
}

}  // namespace

TEST_CASE("round trip: every attribute within its bound, in every codec") {
    const TemporaryFolder folder;
    const auto model = folder / "model";
    write_synthetic_model(model, kSplats, 1, kSegments, 3);
    for (const std::string codec : {"h264", "hevc", "av1"}) {
        CAPTURE(codec);
        PackOptions options;
        options.codec = codec;
        options.quality = 85;
        const PackResult result = pack(model, folder / codec, options);
        CHECK(result.quality == 85);
        const Stream stream = Stream::open(folder / codec);
        CHECK(stream.frame_count() == 8);
        REQUIRE(stream.segments().size() == 2);
        CHECK(stream.segments()[1].first_frame == 5);
        CHECK(stream.segments()[1].splat_count == kSplats);
        FrameDecoder decoder(stream, 0, HwAccel::none);
        std::vector<SplatCloud> expected;
        for (int i = 0; i < 8; ++i) {
            const std::optional<PackedFrame> frame = decoder.next();
            REQUIRE(frame);
            CHECK(frame->index == i);
            if (i == frame->layout->first_frame) expected = expected_segment(model, *frame);
            const SplatCloud cloud = reconstruct(*frame);
            const SplatCloud& truth = expected[std::size_t(i - frame->layout->first_frame)];
            REQUIRE(cloud.count == kSplats);
            CHECK(channel_rms(cloud, truth, SplatCloud::kPosition, 3) < 0.002f);
            CHECK(channel_rms(cloud, truth, SplatCloud::kRotation, 4) < 0.03f);
            CHECK(channel_rms(cloud, truth, SplatCloud::kScale, 3) < 0.06f);
            CHECK(channel_rms(cloud, truth, SplatCloud::kOpacity, 1) < 0.02f);
            CHECK(channel_rms(cloud, truth, SplatCloud::kSh, 3) < 0.06f);
            CHECK(channel_rms(cloud, truth, SplatCloud::kSh + 3, 9) < 0.06f);
        }
        CHECK(!decoder.next());
        CHECK(decoder.device() == "software");
        const VerifyReport report = verify(folder / codec);
        CHECK(report.problems.empty());
        CHECK(report.frames == 8);
    }
}
