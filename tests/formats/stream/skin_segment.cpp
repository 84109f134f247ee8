// Segments of joints and skin against a second reader, which follows FORMAT.md word by word.
#include "formats/stream/skin_segment.h"

#include <doctest/doctest.h>

#include <cmath>

#include "formats/core/error.h"
#include "tests/formats/stream/skin_generator.h"
#include "tests/formats/stream/skin_reference.h"

using namespace volumen;

namespace {

ReferenceFacts facts_of(const GeneratedSkin& g) {
    return {g.entry.splat_count, g.entry.frame_count, std::uint64_t(g.header.sh_degree),
            std::uint64_t(g.header.atlas_width), std::uint64_t(g.header.atlas_height)};
}

std::shared_ptr<SkinSegment> read(const GeneratedSkin& g) {
    auto out = read_skin_segment(g.bytes, g.entry, g.header, "generated");
    out->luma = g.luma;
    return out;
}

/// Every integer; one assertion a segment, for there are millions.
bool same_integers(const SkinSegment& s, const ReferenceSkin& r) {
    const std::size_t n = s.splat_count, joints = s.joint_count;
    if (n != r.facts.splats || joints != r.joint_count || s.luma_crc != r.checksums) return false;
    for (std::size_t f = 0; f < std::size_t(s.frame_count); ++f)
        for (std::size_t j = 0; j < joints; ++j)
            for (std::size_t c = 0; c < kJointComponents; ++c)
                if (s.joints[(f * joints + j) * kJointComponents + c] != r.joints[f][j][c]) return false;
    for (std::size_t j = 0; j < joints; ++j)
        if (s.owned[j] != r.owned[j]) return false;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t a = 0; a < 3; ++a)
            if (s.place[3 * i + a] != r.place[i][a] || s.rotation[3 * i + a] != r.level[i][a]) return false;
        for (std::size_t l = 0; l < kLookups; ++l) {
            if (s.mean[l * n + i] != r.mean[l][i] || s.row[l * n + i] != r.rank[l][i]) return false;
            const std::size_t begin = s.lookup.row_begin(l * n + s.row[l * n + i]);
            for (std::size_t f = 0; f < std::size_t(s.frame_count); ++f)
                if (begin + f != r.sample(l, i, f)) return false;
        }
        const std::size_t hung = std::size_t(s.anchors.per_splat);
        if (hung != r.anchors[i].size()) return false;
        for (std::size_t k = 0; k < hung; ++k)
            if (s.anchors.joints[i * hung + k] != r.anchors[i][k] ||
                std::abs(s.anchors.weights[i * hung + k] - r.weights[i][k]) > 1e-6)
                return false;
    }
    if (s.codebooks.size() != r.books.size()) return false;
    for (std::size_t b = 0; b < r.books.size(); ++b) {
        const SegmentCodebook& book = s.codebooks[b];
        if (book.entries() != r.books[b].entry.size()) return false;
        for (std::size_t i = 0; i < book.levels.size(); ++i)
            if (book.levels[i] != r.books[b].entry[i / r.books[b].low.size()][i % r.books[b].low.size()])
                return false;
        for (std::size_t f = 0; f < std::size_t(s.frame_count); ++f)
            for (std::size_t i = 0; i < n; ++i)
                if (book.entry(i, int(f)) != r.books[b].used[f][i]) return false;
    }
    return true;
}

/// The largest difference, each measured by what f32 leaves of values of that size.
double worst_float(const SkinSegment& s, const ReferenceSkin& r, int frame) {
    const SplatCloud cloud = reconstruct_skin(s, frame);
    double worst = 0, farthest = 0, angle = 0;
    for (std::size_t at = 0; at < s.joints.size(); ++at)
        if (at % kJointComponents < 3)
            farthest = std::max(farthest, std::abs(double(s.grid) * s.joints[at] * (1 << s.joint_shift)));
        else
            angle = std::max(angle, std::abs(double(s.turn_step) * s.joints[at]));
    // Of an angle of many turns f32 keeps less.
    const double turned = 1 + angle / 100;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        const std::vector<double> truth = r.splat(i, std::uint64_t(frame), s.luma);
        double reach = 1;
        for (std::size_t a = 0; a < 3; ++a)
            reach = std::max(
                {reach, std::abs(truth[a]), farthest, double(s.grid) * std::abs(double(s.place[3 * i + a]))});
        // q and -q turn alike.
        double sign = 0;
        for (int c = 3; c < 7; ++c) sign += truth[std::size_t(c)] * cloud.channel(c)[i];
        for (int c = 0; c < cloud.channels(); ++c) {
            const double wanted =
                c >= 3 && c < 7 && sign < 0 ? -truth[std::size_t(c)] : truth[std::size_t(c)];
            // Logits at the clamp are steep.
            const double unit = c < 3                       ? reach * turned
                                : c < 7                     ? turned
                                : c == SplatCloud::kOpacity ? 1000
                                                            : 10;
            worst = std::max(worst, std::abs(cloud.channel(c)[i] - wanted) / unit);
        }
    }
    return worst;
}

}  // namespace

TEST_CASE("skin segment: the same integers as FORMAT.md read word by word, 150 segments") {
    constexpr unsigned kSeed = 20261;
    MESSAGE("seed " << kSeed);
    SkinGenerator generate(kSeed);
    for (int i = 0; i < 150; ++i) {
        CAPTURE(i);
        const GeneratedSkin g = generate.next();
        const auto reference = reference_skin(g.bytes, facts_of(g));
        REQUIRE(reference);
        REQUIRE(same_integers(*read(g), *reference));
    }
}

TEST_CASE("skin segment: more than 4096 entries, one frame, one splat, one joint") {
    constexpr unsigned kSeed = 20262;
    MESSAGE("seed " << kSeed);
    SkinGenerator generate(kSeed);
    for (const SkinSizes sizes :
         {SkinSizes{.entries = 4096}, SkinSizes{.entries = 4097}, SkinSizes{.entries = 8192},
          SkinSizes{.frames = 1}, SkinSizes{.splats = 1, .joints = 1, .frames = 1}, SkinSizes{.splats = 1},
          SkinSizes{.joints = 1}, SkinSizes{.joints = 8}, SkinSizes{.joints = 200, .frames = 3},
          SkinSizes{.splats = 2000, .frames = 40}}) {
        const GeneratedSkin g = generate.next(sizes);
        const auto reference = reference_skin(g.bytes, facts_of(g));
        REQUIRE(reference);
        CHECK(same_integers(*read(g), *reference));
    }
}

TEST_CASE("skin segment: splats as FORMAT.md has them, but for the last places") {
    constexpr unsigned kSeed = 20263;
    MESSAGE("seed " << kSeed);
    SkinGenerator generate(kSeed);
    for (int i = 0; i < 40; ++i) {
        CAPTURE(i);
        const GeneratedSkin g = generate.next();
        const auto segment = read(g);
        const auto reference = reference_skin(g.bytes, facts_of(g));
        REQUIRE(reference);
        for (int f = 0; f < segment->frame_count; ++f) REQUIRE(worst_float(*segment, *reference, f) < 3e-5);
    }
}

TEST_CASE("skin segment: frames in any order give the same bits") {
    const GeneratedSkin g = SkinGenerator(5).next({.splats = 150, .frames = 9});
    const auto segment = read(g);
    std::vector<SplatCloud> through;
    for (int f = 0; f < 9; ++f) through.push_back(reconstruct_skin(*segment, f));
    for (const int f : {8, 0, 3, 3, 7, 1, 2})
        CHECK(reconstruct_skin(*read(g), f).values == through[std::size_t(f)].values);
}

TEST_CASE("skin segment: chunks that need not be known are passed over, others refuse the segment") {
    const GeneratedSkin g = SkinGenerator(6).next();
    GeneratedSkin more = g;
    Bytes extra{'N', 'E', 'W', '!', 0, 0, 0, 0, 3, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3};
    const std::uint32_t crc = crc32(std::span(extra).last(3));
    for (std::size_t i = 0; i < 4; ++i) extra[16 + i] = std::uint8_t(crc >> (8 * i));
    more.bytes.insert(more.bytes.begin(), extra.begin(), extra.end());
    CHECK(read(more)->place == read(g)->place);
    more.bytes[4] = 2;
    CHECK_THROWS_AS(read(more), InputError);
}
