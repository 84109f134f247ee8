// Reads a segment of joints and skin; encoder/pack/skin/skin_coder.cpp writes it.
#include "formats/stream/skin_chunks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "formats/coding/integers.h"
#include "formats/stream/chunks.h"
#include "formats/stream/limits.h"
#include "formats/stream/side.h"
#include "formats/stream/skin_segment.h"

namespace volumen {

namespace {

struct Reading {
    SkinSegment& s;
    const Chunks& chunks;
    const std::string& what;

    [[noreturn]] void wrong(const char* field) const {
        throw InputError("{}: {} out of range; the segment is damaged", what, field);
    }
    /// Far outside any scene, yet no arithmetic on such values overflows.
    float finite(float v, const char* field) const {
        if (!(std::abs(v) <= 1e9f)) wrong(field);
        return v;
    }
    void all_read(const ByteReader& in, const char* type) const {
        if (in.remaining())
            throw InputError("{}: chunk {} is longer than its contents; the segment is damaged", what, type);
    }

    void layout(const SegmentEntry& entry, const SideHeader& header);
    void joints();
    std::vector<std::int32_t> changes(ByteReader& in, std::uint8_t mode, CodedMotion& motion) const;
    void first_frame();
    void means();
    SegmentCodebook codebook(int degree) const;
    void entry_changes(ByteReader& in, SegmentCodebook& book) const;
};

void Reading::layout(const SegmentEntry& entry, const SideHeader& header) {
    const Bytes bytes = chunks.unpack(kSkinLayout, kSkinLayoutBytes);
    ByteReader in(bytes, what);
    s.first_frame = int(entry.first_frame), s.frame_count = int(entry.frame_count);
    s.splat_count = in.u32();
    if (s.splat_count != entry.splat_count || s.splat_count > kMaxSkinSplats) wrong("splat count");
    s.joint_count = in.u32();
    if (s.joint_count < 1 || s.joint_count > kMaxJoints ||
        std::uint64_t(s.joint_count) * entry.frame_count > kMaxJointPoses ||
        std::uint64_t(s.joint_count) * s.splat_count > kMaxSplatsTimesJoints)
        wrong("joint count");
    if (in.u32() != std::uint32_t(header.sh_degree)) wrong("SH degree");
    s.sh_degree = header.sh_degree;
    for (float& v : s.origin) v = finite(in.f32(), "origin");
    s.grid = finite(in.f32(), "grid");
    s.rotation_step = finite(in.f32(), "rotation step");
    s.turn_step = finite(in.f32(), "turn step");
    s.joint_shift = in.u8();
    if (s.joint_shift > kMaxJointShift) wrong("joint shift");
    s.lookup = {.width = header.atlas_width, .height = header.atlas_height};
    s.lookup.pictures = in.u8();
    s.lookup.columns = in.u16(), s.lookup.strip_rows = in.u16();
    if (s.lookup.pictures > std::min(kMaxLookupPictures, entry.frame_count)) wrong("number of pictures");
    if (!s.lookup.holds(std::uint64_t(kLookups) * s.splat_count, entry.frame_count)) wrong("look-up images");
    for (LookupScale& scale : s.lookup_scale) {
        scale.low = finite(in.f32(), "a look-up's minimum");
        scale.step = finite(in.f32(), "a look-up's step");
        scale.change_step = finite(in.f32(), "a look-up's step");
    }
}

/// One component of all joints in all frames but the first, in coding order: the change since the frame
/// before.
std::vector<std::int32_t> Reading::changes(ByteReader& in, std::uint8_t mode, CodedMotion& motion) const {
    const std::size_t n = s.joint_count;
    ByteReader again = in;
    const auto symbols = read_symbols(in, n * std::size_t(s.frame_count - 1), kMotionSymbols, what);
    motion = {mode, RansDecoder(again, what).array()};
    std::vector<std::int32_t> out(symbols.size());
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = unfold(symbols[i]) * (1 << (mode & kMotionShift));
    return out;
}

void Reading::joints() {
    const std::size_t n = s.joint_count, frames = std::size_t(s.frame_count);
    const Bytes bytes = chunks.unpack_up_to(kJoints, kJointComponents + 3 * integers_bound(n) +
                                                         kJointComponents * symbols_bound((frames - 1) * n));
    ByteReader in(bytes, what);
    std::array<std::uint8_t, kJointComponents> modes;
    for (std::uint8_t& mode : modes)
        if (mode = in.u8(); (mode & kMotionShift) > kMaxMotionShift || mode > (kMotionShift | kMotionParent))
            wrong("a joint's mode");
    // The other frames' room is taken once there is a component of theirs.
    s.joints.assign(n * kJointComponents, 0);
    const auto at = [&](std::size_t frame, std::size_t joint, std::size_t c) -> std::int32_t& {
        return s.joints[(frame * n + joint) * kJointComponents + c];
    };
    const auto bounded = [&](std::int64_t v) {
        if (v < -kMaxPlace || v > kMaxPlace) wrong("a joint's place");
        return std::int32_t(v);
    };
    for (std::size_t c = 0; c < 3; ++c) {
        const auto first = read_integers(in, n, what);
        for (std::size_t j = 0; j < n; ++j)
            at(0, j, c) = bounded(std::int64_t(j ? at(0, j - 1, c) : 0) + first[j]);
    }
    if (std::ranges::any_of(s.joints,
                            [&](std::int32_t v) { return std::abs(v) > kMaxPlace >> s.joint_shift; }))
        wrong("a joint's place");
    std::vector<glm::dvec3> places;
    for (std::uint32_t j = 0; j < n; ++j) places.emplace_back(s.joint_place(0, j));
    s.parents = joint_parents(places);
    for (std::size_t c = 0; c < kJointComponents; ++c) {
        std::vector<std::int32_t> change = changes(in, modes[c], s.coded_motion[c]);
        s.joints.resize(frames * n * kJointComponents);
        for (std::size_t f = 1; f < frames; ++f) {
            std::int32_t* of_frame = change.data() + (f - 1) * n;
            for (std::size_t j = 0; j < n; ++j) {
                if (j > 0 && modes[c] & kMotionParent)
                    of_frame[j] = bounded(std::int64_t(of_frame[j]) + of_frame[s.parents[j]]);
                at(f, j, c) = bounded(std::int64_t(at(f - 1, j, c)) + of_frame[j]);
                if (c < 3 && std::abs(at(f, j, c)) > kMaxPlace >> s.joint_shift) wrong("a joint's place");
            }
        }
    }
    all_read(in, kJoints);
}

void Reading::first_frame() {
    const std::size_t n = s.splat_count;
    const Bytes bytes = chunks.unpack_up_to(
        kFirstFrame, integers_bound(s.joint_count) + 3 * integers_bound(n) + 3 * symbols_bound(n));
    ByteReader in(bytes, what);
    std::uint64_t owned = 0;
    for (const std::int32_t count : read_integers(in, s.joint_count, what)) {
        if (count < 0 || (owned += std::uint64_t(count)) > s.splat_count) wrong("a joint's splats");
        s.owned.push_back(std::uint32_t(count));
    }
    if (owned != s.splat_count) wrong("the joints' splats");
    s.place.resize(3 * n), s.rotation.resize(3 * n);
    for (std::size_t a = 0; a < 3; ++a) {
        const auto off = read_integers(in, n, what);
        std::size_t i = 0;
        for (std::uint32_t j = 0; j < s.joint_count; ++j) {
            const std::int64_t from = s.joint_place(0, j)[int(a)];
            for (std::uint32_t k = 0; k < s.owned[j]; ++k, ++i) {
                const std::int64_t place = from + off[i];
                if (place < -kMaxPlace || place > kMaxPlace) wrong("a splat's place");
                s.place[3 * i + a] = std::int32_t(place);
            }
        }
    }
    for (std::size_t a = 0; a < 3; ++a) {
        const auto levels = read_symbols(in, n, 256, what);
        for (std::size_t i = 0; i < n; ++i) s.rotation[3 * i + a] = std::uint8_t(levels[i]);
    }
    all_read(in, kFirstFrame);
}

void Reading::means() {
    const std::size_t n = s.splat_count;
    const Bytes bytes = chunks.unpack_up_to(kMeans, kLookups * symbols_bound(n));
    ByteReader in(bytes, what);
    s.mean.resize(kLookups * n), s.row.resize(kLookups * n);
    for (std::size_t l = 0; l < kLookups; ++l) {
        const auto levels = read_symbols(in, n, 256, what);
        std::copy(levels.begin(), levels.end(), s.mean.begin() + std::ptrdiff_t(l * n));
        const std::vector<std::uint32_t> rows = rows_by_mean(std::span(s.mean).subspan(l * n, n));
        std::ranges::copy(rows, s.row.begin() + std::ptrdiff_t(l * n));
    }
    all_read(in, kMeans);
}

/// Changes stand by time; they are wanted by splat.
void Reading::entry_changes(ByteReader& in, SegmentCodebook& book) const {
    const std::size_t n = s.splat_count;
    const auto counts = read_integers(in, std::size_t(s.frame_count - 1), what);
    std::uint64_t total = 0;
    for (const std::int32_t count : counts) {
        if (count < 0 || count > std::int64_t(n)) wrong("a frame's changes");
        total += std::uint64_t(count);
    }
    if (total > kMaxChanges) wrong("number of changes");
    const auto gaps = read_integers(in, std::size_t(total), what);
    const auto entries = read_indices(in, std::size_t(total), book.entries(), what);
    std::vector<std::uint32_t> splat(gaps.size());
    book.change_begin.assign(n + 1, 0);
    std::size_t c = 0;
    for (const std::int32_t count : counts)
        for (std::int64_t i = 0, next = 0; i < count; ++i, ++c) {
            next += gaps[c];
            if (gaps[c] < 0 || next >= std::int64_t(n)) wrong("a change's splat");
            splat[c] = std::uint32_t(next++);
            ++book.change_begin[splat[c] + 1];
        }
    std::partial_sum(book.change_begin.begin(), book.change_begin.end(), book.change_begin.begin());
    std::vector<std::uint32_t> to(book.change_begin.begin(), book.change_begin.end() - 1);
    book.change_frame.resize(gaps.size()), book.change_entry.resize(gaps.size());
    c = 0;
    for (std::size_t f = 0; f < counts.size(); ++f)
        for (std::int32_t i = 0; i < counts[f]; ++i, ++c) {
            const std::uint32_t at = to[splat[c]]++;
            book.change_frame[at] = std::uint16_t(f + 1), book.change_entry[at] = entries[c];
        }
}

SegmentCodebook Reading::codebook(int degree) const {
    const char* type = kCodebooks[degree];
    SegmentCodebook book;
    book.dimensions = 3 * (2 * degree + 1);
    const std::size_t dimensions = std::size_t(book.dimensions), later = std::size_t(s.frame_count - 1);
    const std::uint64_t most_changes =
        std::min<std::uint64_t>(kMaxChanges, later * std::uint64_t(s.splat_count));
    const Bytes bytes =
        chunks.unpack_up_to(type, 2 + 8 * dimensions + symbols_bound(kMaxCodebookEntries * dimensions) +
                                      indices_bound(s.splat_count) + integers_bound(later) +
                                      integers_bound(most_changes) + indices_bound(most_changes));
    ByteReader in(bytes, what);
    const std::uint32_t entries = in.u16();
    if (entries < 1 || entries > kMaxCodebookEntries) wrong("a codebook's entries");
    for (std::size_t c = 0; c < dimensions; ++c) {
        book.low.push_back(finite(in.f32(), "a codebook's minimum"));
        book.step.push_back(finite(in.f32(), "a codebook's step"));
    }
    const auto levels = read_symbols(in, entries * dimensions, 256, what);
    book.levels.resize(levels.size());
    for (std::size_t c = 0; c < dimensions; ++c)
        for (std::size_t e = 0; e < entries; ++e)
            book.levels[e * dimensions + c] = std::uint8_t(levels[c * entries + e]);
    book.first = read_indices(in, s.splat_count, entries, what);
    entry_changes(in, book);
    all_read(in, type);
    return book;
}

}  // namespace

std::vector<std::uint32_t> joint_parents(std::span<const glm::dvec3> places) {
    std::vector<std::uint32_t> out(places.size(), 0);
    for (std::size_t j = 1; j < places.size(); ++j) {
        const std::size_t from = j > kParentReach ? j - kParentReach : 0;
        double best = INFINITY;
        for (std::size_t k = from; k < j; ++k) {
            const glm::dvec3 off = places[k] - places[j];
            const double squared = glm::dot(off, off);
            if (squared < best) best = squared, out[j] = std::uint32_t(k);
        }
    }
    return out;
}

std::vector<std::uint32_t> rows_by_mean(std::span<const std::uint8_t> means) {
    std::array<std::uint32_t, 257> begin{};
    for (const std::uint8_t mean : means) ++begin[mean + 1u];
    std::partial_sum(begin.begin(), begin.end(), begin.begin());
    std::vector<std::uint32_t> out(means.size());
    for (std::size_t i = 0; i < means.size(); ++i) out[i] = begin[means[i]]++;
    return out;
}

std::shared_ptr<SkinSegment> read_skin_segment(std::span<const std::uint8_t> bytes, const SegmentEntry& entry,
                                               const SideHeader& header, const std::string& what) {
    const Chunks chunks(bytes,
                        {kSkinLayout, kJoints, kFirstFrame, kMeans, kCodebooks[0], kCodebooks[1],
                         kCodebooks[2], kCodebooks[3], kPictureChecksums},
                        what);
    auto segment = std::make_shared<SkinSegment>();
    Reading reading{*segment, chunks, what};
    reading.layout(entry, header);
    reading.joints();
    reading.first_frame();
    reading.means();
    for (int degree = 0; degree <= kMaxShDegree; ++degree)
        if (degree <= header.sh_degree)
            segment->codebooks.push_back(reading.codebook(degree));
        else if (chunks.has(kCodebooks[degree]))
            throw InputError("{}: has a codebook beyond its SH degree; the segment is damaged", what);
    segment->luma_crc = read_checksums(chunks, kPictureChecksums, segment->lookup.pictures);
    std::vector<glm::dvec3> splats, joints;
    for (std::uint32_t i = 0; i < segment->splat_count; ++i)
        splats.emplace_back(segment->place[3 * i], segment->place[3 * i + 1], segment->place[3 * i + 2]);
    for (std::uint32_t j = 0; j < segment->joint_count; ++j) joints.emplace_back(segment->joint_place(0, j));
    segment->anchors = anchor(splats, joints);
    return segment;
}

}  // namespace volumen
