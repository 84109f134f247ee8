// Limbs that are lost are noticed; joints gather where neighbours part.
#include <doctest/doctest.h>

#include "encoder/train/residual.h"
#include "encoder/train/dual/revise_joints.h"
#include "encoder/train/skinning.h"
#include "formats/splats/quaternion.h"
#include "tests/encoder/train/ball.h"
#include "tests/encoder/train/clouds.h"

using namespace volumen;
using namespace volumen::train;

namespace {

/// A body of splats and a limb beside it, `lift` higher.
SplatCloud body_with_limb(float lift) {
    SplatCloud cloud(60, 0);
    for (std::size_t i = 0; i < 60; ++i) {
        const bool limb = i >= 50;
        const float along = limb ? 0.06f * float(i - 50) : 0.1f * float(i % 10) - 0.5f;
        cloud.channel(0)[i] = limb ? 0.6f + along : along;
        cloud.channel(1)[i] = limb ? 0 : 0.1f * float(i / 10) - 0.2f;
        cloud.channel(2)[i] = limb ? lift : 0;
        cloud.channel(SplatCloud::kRotation)[i] = 1;
        for (int a = 0; a < 3; ++a) cloud.channel(SplatCloud::kScale + a)[i] = -3;
        cloud.channel(SplatCloud::kOpacity)[i] = 3;
    }
    return cloud;
}

TrainingFrame filmed(const SplatCloud& cloud) {
    TrainingFrame frame = ball(5, 64, glm::vec3(0));
    Rasteriser rasteriser;
    RasterSettings raster;
    raster.background = glm::vec3(0), raster.compensate = true;
    for (TrainingView& view : frame.views) {
        view.colour = rasteriser.forward(cloud, view.camera, raster);
        view.alpha.assign(rasteriser.alpha().begin(), rasteriser.alpha().end());
    }
    return frame;
}

}  // namespace

TEST_CASE("a limb elsewhere is a peak of the residual, and no usual one") {
    const TrainingFrame frame = filmed(body_with_limb(0));
    Rasteriser rasteriser;
    CHECK(residual(rasteriser, body_with_limb(0), frame).peak < 1e-6f);
    const Residual near = residual(rasteriser, body_with_limb(0.02f), frame),
                   far = residual(rasteriser, body_with_limb(0.5f), frame);
    CHECK(far.peak > 2 * near.peak);
    CHECK(far.mean > near.mean);

    LimbWatch watch;
    CHECK_FALSE(watch.lost(far));  // nothing is usual yet
    for (int f = 0; f < 5; ++f) watch.add(near);
    CHECK_FALSE(watch.lost(near));
    CHECK(watch.lost(far));
    Archive written;
    watch.fields(written);
    const Bytes bytes = written.release();
    Archive archive(bytes, "watch");
    LimbWatch again;
    again.fields(archive);
    archive.finish();
    CHECK(again.lost(far));
    CHECK_FALSE(again.lost(near));
}

TEST_CASE("joints gather where neighbours part, and those that carry nothing are dropped") {
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    SplatCloud skin = sheet(20, random);
    for (std::size_t i = 0; i < skin.count; ++i)
        for (int a = 0; a < 4; ++a) skin.channel(SplatCloud::kRotation + a)[i] = a == 0;
    std::vector<std::size_t> every;
    for (std::size_t i = 0; i < skin.count; i += 5) every.push_back(i);
    SplatCloud first = gather(skin, every);
    first.channel(SplatCloud::kPosition + 2)[3] += 5;  // far from all skin
    // The half beyond x = 1 slides along the other.
    SplatCloud parted = first;
    for (std::size_t k = 0; k < parted.count; ++k)
        if (first.channel(0)[k] > 1) parted.channel(1)[k] += 1;
    const std::vector<SplatCloud> history{first, parted, first};
    const SplatCloud revised = revise_joints(history, skin, 2 * first.count);
    REQUIRE(revised.count > first.count - 1);
    CHECK(revised.count <= std::size_t(1.2f * float(first.count)));
    for (std::size_t k = 0; k < revised.count; ++k) CHECK(position(revised, k).z < 2);
    for (std::size_t k = first.count - 1; k < revised.count; ++k)
        CHECK(std::abs(position(revised, k).x - 1) < 0.5f);
    CHECK(revise_joints(history, skin, first.count).count == first.count);
    const std::vector<SplatCloud> still{first, first};
    CHECK(revise_joints(still, skin, 2 * first.count).count == first.count - 1);
}
