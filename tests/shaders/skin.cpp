// Segments of joints and skin: what the device decodes and poses, against the processor.
#include <cmath>
#include <cstring>
#include <random>

#include "encoder/pack/segment_coder.h"
#include "shaders/renderer.h"
#include "shaders/skin/motion.h"
#include "tests/shaders/device.h"
#include "tests/shaders/same_cloud.h"

using namespace volumen;
using namespace volumen::test;

namespace {

/// One segment of splats around joints that swing and turn, whose colours and opacities change.
class Swinging final : public TakeSegments {
  public:
    Swinging(std::uint64_t seed, std::size_t splats, std::size_t joints, int frames, int degree) {
        std::mt19937_64 random(seed);
        const auto uniform = [&] { return float(random() >> 40) * 0x1p-23f - 1; };
        sh_degree = degree;
        take.bounds_min = glm::vec3(-1), take.bounds_max = glm::vec3(1);
        segments = {{0, frames}};
        SplatCloud cloud(splats, degree), still(joints, 0);
        for (float& v : cloud.values) v = 0.3f * uniform();
        for (int axis = 0; axis < 3; ++axis) {
            for (float& v : cloud.channel(SplatCloud::kPosition + axis)) v = uniform();
            for (float& v : still.channel(SplatCloud::kPosition + axis)) v = uniform();
            for (float& v : cloud.channel(SplatCloud::kScale + axis)) v -= 4;
        }
        for (float& w : cloud.channel(SplatCloud::kRotation)) w += 1;
        for (int f = 0; f < frames; ++f) {
            for (std::size_t i = 0; i < splats; ++i) {
                if (random() % 10 == 0) cloud.channel(SplatCloud::kSh)[i] += uniform();
                cloud.channel(SplatCloud::kOpacity)[i] += 0.05f * uniform();
            }
            SplatCloud now = still;
            for (std::size_t j = 0; j < joints; ++j) {
                const float angle = 0.15f * float(f) * (1 + 0.2f * float(j % 3));
                now.channel(SplatCloud::kPosition)[j] += 0.2f * std::sin(angle);
                now.channel(SplatCloud::kPosition + 1)[j] += 0.01f * uniform();
                now.channel(SplatCloud::kRotation)[j] = std::cos(angle);
                now.channel(SplatCloud::kRotation + 1 + int(j % 3))[j] = std::sin(angle);
            }
            frames_.push_back(cloud), joints_.push_back(now);
        }
    }
    std::uint32_t splat_count(std::size_t) const override { return std::uint32_t(frames_[0].count); }
    std::vector<SplatCloud> read(std::size_t) const override { return frames_; }
    bool has_joints() const override { return true; }
    std::vector<SplatCloud> read_joints(std::size_t) const override { return joints_; }

  private:
    std::vector<SplatCloud> frames_, joints_;
};

std::shared_ptr<SkinSegment> coded(const TakeSegments& take) {
    const auto coder = make_skin_coder(take, "h264");
    coder->set_quality(75);
    const CodedSegment segment = coder->code(0);
    SideHeader header;
    coder->describe(header);
    SegmentEntry entry;
    entry.frame_count = std::uint32_t(take.frame_count()), entry.splat_count = segment.splat_count;
    const auto out = read_skin_segment(segment.side, entry, header, "a generated segment");
    for (const auto& picture : decode_segment(segment.videos.front(), coder->video()))
        out->luma.insert(out->luma.end(), picture.begin(), picture.end());
    return out;
}

}  // namespace

TEST_CASE("the device decodes the integers that the processor decodes") {
    const Silence silence;
    gpu::Motion motion(device());
    for (const auto& [joints, frames] :
         {std::pair(1, 2), std::pair(40, 2), std::pair(300, 17), std::pair(1500, 50)}) {
        CAPTURE(joints);
        const auto segment = coded(Swinging(11, 400, std::size_t(joints), frames, 0));
        motion.forget_bindings();
        motion.set_segment(*segment);
        device().run([&](VkCommandBuffer commands) { motion.record(commands); });
        std::vector<std::int32_t> got(segment->joints.size());
        gpu::download(device(), motion.joints(), 0, std::as_writable_bytes(std::span(got)));
        CHECK(got == segment->joints);
    }
}

TEST_CASE("joints and skin: the device makes what the processor makes, frames in any order") {
    const Silence silence;
    const unsigned seed = 5;
    CAPTURE(seed);
    std::mt19937 random{seed};
    Renderer renderer{device()};
    for (int degree = 0; degree <= kMaxShDegree; ++degree)
        for (const auto& [splats, joints] : {std::pair(1, 1), std::pair(65, 5), std::pair(3000, 200)}) {
            CAPTURE(degree);
            CAPTURE(splats);
            const int frames = 9;
            const std::shared_ptr<const SkinSegment> segment =
                coded(Swinging(seed, std::size_t(splats), std::size_t(joints), frames, degree));
            for (int step = 0; step < 6; ++step) {
                const PackedFrame frame{.index = int(random() % frames), .skin = segment};
                renderer.set_frame(frame);
                check_same(renderer.read_cloud(), reconstruct(frame));
            }
        }
}

TEST_CASE("a still segment of one frame, and segments that lie, beside an atlas") {
    const Silence silence;
    Renderer renderer{device()};
    const auto one = coded(Swinging(3, 100, 10, 1, 1));
    const PackedFrame still{.index = 0, .skin = one};
    renderer.set_frame(still);
    check_same(renderer.read_cloud(), reconstruct(still));
    const auto refused = [&](auto damage) {
        const auto segment = std::make_shared<SkinSegment>(*one);
        damage(*segment);
        CHECK_THROWS_AS(renderer.set_frame({.index = 0, .skin = segment}), InputError);
    };
    refused([](SkinSegment& s) { s.luma.pop_back(); });
    refused([](SkinSegment& s) { s.place.pop_back(); });
    refused([](SkinSegment& s) { s.frame_count = 0; });
    refused([](SkinSegment& s) { s.anchors.joints.clear(); });
    refused([](SkinSegment& s) { s.lookup.columns = 0; });
    refused([](SkinSegment& s) { s.codebooks.pop_back(); });
    CHECK_THROWS_AS(renderer.set_frame({.index = 1, .skin = one}), InputError);
    renderer.set_frame(still);
    check_same(renderer.read_cloud(), reconstruct(still));
}
