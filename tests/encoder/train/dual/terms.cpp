// The terms of joints and skin against central finite differences, and looks that stay.
#include <doctest/doctest.h>

#include <cmath>

#include "encoder/train/dual/joint_terms.h"
#include "encoder/train/dual/timeline.h"
#include "encoder/train/photometric.h"
#include "encoder/train/quaternion.h"
#include "encoder/train/skinning.h"
#include "tests/encoder/train/clouds.h"

using namespace volumen;
using namespace volumen::train;

namespace {

/// Joints over a sheet of splats, turned any way.
SplatCloud joints_over(const SplatCloud& skin, std::size_t stride, std::mt19937_64& random) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < skin.count; i += stride) order.push_back(i);
    SplatCloud joints = gather(skin, order);
    jitter(joints, {0, 1, 2}, 0.02f, random);
    for (std::size_t k = 0; k < joints.count; ++k) {
        const Quaternion q = glm::normalize(rotation(joints, k));
        for (int a = 0; a < 4; ++a) joints.channel(SplatCloud::kRotation + a)[k] = q[a];
    }
    return joints;
}

double weighted(const SplatCloud& weights, const SplatCloud& cloud) {
    double sum = 0;
    for (int c = 0; c < 7; ++c)
        for (std::size_t i = 0; i < cloud.count; ++i)
            sum += double(weights.channel(c)[i]) * double(cloud.channel(c)[i]);
    return sum;
}

}  // namespace

TEST_CASE("joints' and canonical skin's gradients through the posed skin match finite differences") {
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    SplatCloud skin = sheet(10, random);
    const SplatCloud first = joints_over(skin, 7, random);
    SplatCloud now = first;
    jitter(now, {0, 1, 2}, 0.05f, random);
    jitter(now, {3, 4, 5, 6}, 0.15f, random);
    for (int a = 3; a < 7; ++a) now.channel(a)[2] *= -1.5f;  // the other sign, and not unit
    const Skinning hung = skin_on_joints(skin, first);
    SplatCloud weights(skin.count, 0), posed, d_joints;
    jitter(weights, {0, 1, 2, 3, 4, 5, 6}, 1, random);

    SUBCASE("joints") {
        hung.pull_back(motion_since(first, now), weights, d_joints);
        pull_back_to_joints(first, d_joints);
        check_gradient(now, d_joints, {0, 1, 2, 3, 4, 5, 6}, 1, [&](const SplatCloud& at) {
            hung.warp(motion_since(first, at), posed);
            return weighted(weights, posed);
        });
    }
    SUBCASE("canonical skin") {
        const SplatCloud motion = motion_since(first, now);
        SplatCloud d_skin(skin.count, 0);
        hung.pull_back_base(motion, weights, d_skin);
        check_gradient(skin, d_skin, {0, 1, 2, 3, 4, 5, 6}, 9, [&](const SplatCloud& at) {
            Skinning moved = hung;
            moved.set_base(at);
            moved.warp(motion, posed);
            return weighted(weights, posed);
        });
    }
}

TEST_CASE("a rigid motion of all joints moves the skin rigidly") {
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const SplatCloud skin = sheet(10, random), first = joints_over(skin, 7, random);
    const Quaternion q = glm::normalize(Quaternion(normal(random), normal(random), normal(random), 1));
    const glm::vec3 shift(normal(random), normal(random), normal(random));
    const auto moved = [&](const SplatCloud& cloud) {
        SplatCloud out = cloud;
        for (std::size_t i = 0; i < cloud.count; ++i) {
            const glm::vec3 p = rotation_matrix(q) * position(cloud, i) + shift;
            const Quaternion r = glm::normalize(multiply(q, rotation(cloud, i)));
            for (int a = 0; a < 3; ++a) out.channel(SplatCloud::kPosition + a)[i] = p[a];
            for (int a = 0; a < 4; ++a) out.channel(SplatCloud::kRotation + a)[i] = r[a];
        }
        return out;
    };
    SplatCloud posed;
    skin_on_joints(skin, first).warp(motion_since(first, moved(first)), posed);
    const SplatCloud wanted = moved(skin);
    float error = 0;
    for (int c = 0; c < 7; ++c)
        for (std::size_t i = 0; i < skin.count; ++i)
            error = std::max(error, std::abs(posed.channel(c)[i] - wanted.channel(c)[i]));
    CHECK(error < 2e-5f);
}

TEST_CASE("the terms that keep joints round and even match finite differences") {
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    SplatCloud cloud = sheet(6, random), gradient(cloud.count, 0), unused(cloud.count, 0);
    // Apart from each other and from the bends of the terms, so that a step does not cross one.
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const float longest = i % 9 == 0 ? 3.5f : i % 7 == 0 ? -3 : 0.05f * normal(random);
        cloud.channel(7)[i] = longest;
        cloud.channel(8)[i] = longest - 0.5f - 0.1f * uniform(random);
        cloud.channel(9)[i] = longest - (i % 2 ? 1 : 2 + uniform(random));
    }
    SUBCASE("isotropic") {
        CHECK(isotropic_term(cloud, 2, gradient) > 0);
        check_gradient(cloud, gradient, {7, 8, 9}, 1,
                       [&](const SplatCloud& at) { return double(isotropic_term(at, 2, unused)); });
    }
    SUBCASE("even") {
        CHECK(even_term(cloud, 2, gradient) > 0);
        check_gradient(cloud, gradient, {7, 8, 9}, 1,
                       [&](const SplatCloud& at) { return double(even_term(at, 2, unused)); });
        SplatCloud larger = cloud, again(cloud.count, 0);
        for (int c = 7; c < 10; ++c)
            for (float& s : larger.channel(c)) s += 2;
        CHECK(even_term(larger, 2, again) == doctest::Approx(even_term(cloud, 2, unused)).epsilon(1e-3));
    }
    SUBCASE("what is round and of a size costs nothing") {
        for (int c = 7; c < 10; ++c) std::ranges::fill(cloud.channel(c), -3.0f + 0.4f * float(c - 7));
        CHECK(isotropic_term(cloud, 2, gradient) == 0);
        CHECK(even_term(cloud, 2, gradient) == 0);
    }
}

TEST_CASE("looks stay exactly unless their gradient insists") {
    constexpr int kFrames = 60;
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    const SplatCloud before(40, 1);
    SplatCloud now = before, gradients(40, 1);
    const std::vector<float> rates(std::size_t(now.channels()), 1e-3f);
    Adam adam;
    for (int i = 0; i < kFrames; ++i) {
        for (float& g : gradients.values) g = normal(random);  // noise, as of views that disagree
        for (int c = SplatCloud::kSh; c < SplatCloud::kSh + 3; ++c) gradients.channel(c)[5] = 4;
        gradients.channel(SplatCloud::kOpacity)[9] = -4;
        adam.step(now, gradients, rates);
        keep_steady(now, before, adam, rates, {1, 1, 1});
    }
    const std::vector<Attribute> attributes = looks(1);
    REQUIRE(attributes.size() == 4);
    CHECK(changed(now, before, attributes[2]) >= 1);
    CHECK(changed(now, before, attributes[2]) <= 3);
    CHECK(now.channel(SplatCloud::kSh)[5] < -0.01f);
    CHECK(now.channel(SplatCloud::kOpacity)[9] > 0.01f);
    CHECK(changed(now, before, attributes[0]) <= 4);
    CHECK(changed(now, before, attributes[3]) <= 4);
}

TEST_CASE("a timeline hands out what it was given, and trains a run by all its frames") {
    const std::uint64_t seed = std::random_device{}();
    INFO("seed " << seed);
    std::mt19937_64 random(seed);
    constexpr int kFrames = 5;
    std::vector<SplatCloud> clouds(1, SplatCloud(30, 2));
    for (float& v : clouds[0].values) v = normal(random);
    Timeline timeline;
    timeline.begin(clouds[0]);
    for (int f = 1; f < kFrames; ++f) {
        SplatCloud next = clouds.back();
        for (float& v : next.values)
            if (random() % 20 == 0) v = normal(random);
        timeline.add(next);
        clouds.push_back(std::move(next));
    }
    const auto check_same = [&](const Timeline& of) {
        for (int f = 0; f < kFrames; ++f) {
            SplatCloud read(30, 2);
            of.read(f, read);
            for (int c = SplatCloud::kScale; c < read.channels(); ++c)
                CHECK(std::ranges::equal(read.channel(c), clouds[std::size_t(f)].channel(c)));
        }
    };
    check_same(timeline);
    Archive written;
    timeline.fields(written);
    const Bytes bytes = written.release();
    Timeline again;
    Archive archive(bytes, "timeline");
    again.fields(archive);
    archive.finish();
    CHECK_FALSE(again.adopt(29, 2, kFrames));
    CHECK_FALSE(again.adopt(30, 1, kFrames));
    CHECK_FALSE(again.adopt(30, 2, kFrames + 1));
    REQUIRE(again.adopt(30, 2, kFrames));
    check_same(again);

    timeline.forget();
    SplatCloud gradients(30, 2);
    std::ranges::fill(gradients.values, 1.0f);
    timeline.step(2, gradients, std::vector<float>(std::size_t(gradients.channels()), 0.5f));
    for (int f = 0; f < kFrames; ++f) {
        SplatCloud read(30, 2);
        timeline.read(f, read);
        for (const Attribute& attribute : looks(2))
            for (std::size_t i = 0; i < 30; ++i) {
                bool same_run = true;  // as in frame 2
                for (int g = std::min(f, 2); g < std::max(f, 2); ++g)
                    for (int c = attribute.channel; c < attribute.channel + attribute.width; ++c)
                        same_run = same_run && clouds[std::size_t(g)].channel(c)[i] ==
                                                   clouds[std::size_t(g) + 1].channel(c)[i];
                const float moved =
                    read.channel(attribute.channel)[i] - clouds[std::size_t(f)].channel(attribute.channel)[i];
                CHECK(moved == doctest::Approx(same_run ? -0.5 : 0).epsilon(1e-3));
            }
    }
}

TEST_CASE("a timeline joins the runs whose change matters least, to their mean") {
    // One splat, five frames, three changes of opacity: 0 0 1 1.25 3.
    SplatCloud cloud(4, 0);
    Timeline timeline;
    timeline.begin(cloud);
    for (const float opacity : {0.0f, 1.0f, 1.25f, 3.0f}) {
        cloud.channel(SplatCloud::kOpacity)[2] = opacity;
        timeline.add(cloud);
    }
    CHECK(timeline.changes(1) == doctest::Approx(3.0 / 4 / 4));
    timeline.forget();
    SplatCloud gradients(4, 0);
    std::ranges::fill(gradients.values, 1.0f);
    const std::vector<float> rates(std::size_t(cloud.channels()), 0);
    for (int f = 0; f < 5; ++f) timeline.step(f, gradients, rates);
    const auto opacities = [&] {
        std::vector<float> out;
        for (int f = 0; f < 5; ++f) {
            timeline.read(f, cloud);
            out.push_back(cloud.channel(SplatCloud::kOpacity)[2]);
        }
        return out;
    };
    timeline.join(2.0f / 4 / 4);
    CHECK(timeline.changes(1) == doctest::Approx(2.0 / 4 / 4));
    CHECK(opacities() == std::vector<float>{0, 0, 1.125f, 1.125f, 3});
    for (int f = 0; f < 5; ++f) timeline.step(f, gradients, rates);
    timeline.join(0);
    CHECK(timeline.changes(1) == 0);
    CHECK(opacities()[0] == doctest::Approx(1.05));
    CHECK(opacities()[4] == doctest::Approx(1.05));
}
