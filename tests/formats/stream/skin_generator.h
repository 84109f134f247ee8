// Made-up segments of joints and skin: valid, and otherwise anything that FORMAT.md, section 6.7, allows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

#include "encoder/pack/integer_encoder.h"
#include "formats/stream/chunks.h"
#include "formats/stream/limits.h"
#include "formats/stream/side.h"
#include "formats/stream/skin_chunks.h"
#include "formats/stream/skin_segment.h"

namespace volumen {

struct GeneratedSkin {
    Bytes bytes;
    SegmentEntry entry;
    SideHeader header;
    std::vector<std::uint8_t> luma;  ///< of all pictures: noise
};

/// What is left to chance where it is 0.
struct SkinSizes {
    std::uint32_t splats = 0, joints = 0, frames = 0, entries = 0;
    int sh_degree = -1;  ///< likewise where it is negative
};

class SkinGenerator {
  public:
    explicit SkinGenerator(unsigned seed) : random_(seed) {}

    GeneratedSkin next(SkinSizes sizes = {}) {
        GeneratedSkin out;
        splats_ = sizes.splats ? sizes.splats : 1 + below(below(2) ? 300 : 12);
        joints_ = sizes.joints ? sizes.joints : 1 + below(below(2) ? 90 : 12);
        frames_ = sizes.frames ? sizes.frames : 1 + below(12);
        out.header.sh_degree = sizes.sh_degree >= 0 ? sizes.sh_degree : int(below(4));
        out.header.features.assign(std::begin(kSkinFeatures), std::end(kSkinFeatures));
        out.header.max_splats = splats_;
        out.header.atlas_width = std::max(256, int(frames_ + 63) / 64 * 64) + 64 * int(below(3));
        out.header.atlas_height = 256 + 64 * int(below(3));
        out.entry.first_frame = below(100), out.entry.frame_count = frames_, out.entry.splat_count = splats_;
        struct Chunk {
            const char* type;
            Bytes raw;
        };
        std::vector<Chunk> chunks;
        chunks.push_back({kSkinLayout, layout(out)});
        chunks.push_back({kJoints, joints()});
        chunks.push_back({kFirstFrame, first_frame()});
        ByteWriter means;
        for (std::size_t l = 0; l < kLookups; ++l)
            write_symbols(means, symbols(splats_, below(2) ? 256 : 3), 256);
        chunks.push_back({kMeans, means.release()});
        for (int degree = 0; degree <= out.header.sh_degree; ++degree)
            chunks.push_back({kCodebooks[degree], codebook(degree, sizes.entries)});
        ByteWriter sums;
        for (std::uint32_t k = 0; k < pictures_; ++k) sums.u32(std::uint32_t(random_()));
        chunks.push_back({kPictureChecksums, sums.release()});
        std::ranges::shuffle(chunks, random_);
        ByteWriter bytes;
        for (const Chunk& chunk : chunks) write_chunk(bytes, chunk.type, chunk.raw);
        out.bytes = bytes.release();
        out.luma.resize(std::size_t(pictures_) * out.header.atlas_width * out.header.atlas_height);
        for (std::uint8_t& v : out.luma) v = std::uint8_t(random_());
        return out;
    }

    /// The payloads, for tests that spoil them.
    Bytes joints() {
        ByteWriter out;
        std::array<std::uint8_t, kJointComponents> modes;
        for (std::uint8_t& mode : modes) {
            // Changes add up along the parents: with small shifts they stay far inside the limits.
            mode =
                below(2) ? std::uint8_t(kMotionParent | below(5)) : std::uint8_t(below(kMaxMotionShift + 1));
            out.u8(mode);
        }
        const std::int32_t farthest = (kMaxPlace >> joint_shift_) / (below(4) ? 16 : 4096);
        const std::int32_t widest = below(2) ? farthest : std::min(farthest, 5);
        first_.assign(joints_, {});
        for (std::size_t c = 0; c < 3; ++c) {
            std::vector<std::int32_t> steps;
            for (std::uint32_t j = 0; j < joints_; ++j) {
                first_[j][int(c)] = about(widest);
                steps.push_back(first_[j][int(c)] - (j ? first_[j - 1][int(c)] : 0));
            }
            write_integers(out, steps);
        }
        for (std::size_t c = 0; c < kJointComponents; ++c) {
            const int shift = modes[c] & kMotionShift;
            const int least = c < 3 ? joint_shift_ : 0;
            // So that (frames · joints) residuals together stay inside.
            const std::uint32_t room = std::uint32_t(kMaxPlace >> (1 + shift + least)) /
                                       (frames_ * (modes[c] & kMotionParent ? joints_ : 1));
            write_symbols(
                out, symbols(std::size_t(frames_ - 1) * joints_, std::clamp(2 * room, 1u, kMotionSymbols)),
                kMotionSymbols);
        }
        return out.release();
    }

  private:
    std::uint32_t below(std::uint32_t limit) { return std::uint32_t(random_() % limit); }
    std::int32_t about(std::int32_t most) { return std::int32_t(below(2 * std::uint32_t(most) + 1)) - most; }
    float real(float most) { return most * (float(below(2001)) / 1000 - 1); }

    std::vector<std::uint16_t> symbols(std::size_t count, std::uint32_t limit) {
        std::vector<std::uint16_t> out(count);
        for (std::uint16_t& s : out) s = std::uint16_t(below(limit));
        return out;
    }

    Bytes layout(const GeneratedSkin& of) {
        const std::uint32_t width = std::uint32_t(of.header.atlas_width),
                            height = std::uint32_t(of.header.atlas_height);
        joint_shift_ = int(below(kMaxJointShift + 1));
        const std::uint32_t columns = std::min(width, frames_ + below(5));
        std::uint32_t rows = 1 + below(height);
        const auto wanted = [&] {
            const std::uint32_t in_picture = width / columns * rows;
            return std::uint32_t(kLookups * splats_ + in_picture - 1) / in_picture;
        };
        while (wanted() > std::min(kMaxLookupPictures, frames_)) rows = std::min(height, 2 * rows);
        pictures_ = wanted();
        ByteWriter out;
        out.u32(splats_), out.u32(joints_), out.u32(std::uint32_t(of.header.sh_degree));
        for (int i = 0; i < 3; ++i) out.f32(real(10));
        out.f32(float(below(9)) / 4096), out.f32(real(0.02f)), out.f32(real(0.02f));
        out.u8(std::uint8_t(joint_shift_)), out.u8(std::uint8_t(pictures_));
        out.u16(std::uint16_t(columns)), out.u16(std::uint16_t(rows));
        for (std::size_t i = 0; i < 3 * kLookups; ++i) out.f32(real(0.03f));
        return out.release();
    }

    Bytes first_frame() {
        std::vector<std::int32_t> owned(joints_);
        for (std::uint32_t i = 0; i < splats_; ++i) ++owned[below(joints_)];
        ByteWriter out;
        write_integers(out, owned);
        const std::int32_t farthest = below(3) ? 30 : 20000;
        for (int a = 0; a < 3; ++a) {
            std::vector<std::int32_t> off;
            for (std::uint32_t i = 0; i < splats_; ++i) off.push_back(about(farthest));
            write_integers(out, off);
        }
        for (int a = 0; a < 3; ++a) write_symbols(out, symbols(splats_, 256), 256);
        return out.release();
    }

    Bytes codebook(int degree, std::uint32_t entries) {
        if (!entries) entries = 1 + below(below(8) ? 40 : kMaxCodebookEntries);
        const std::size_t dimensions = 3 * (2 * std::size_t(degree) + 1);
        ByteWriter out;
        out.u16(std::uint16_t(entries));
        for (std::size_t c = 0; c < 2 * dimensions; ++c) out.f32(real(0.02f));
        write_symbols(out, symbols(dimensions * entries, 256), 256);
        write_indices(out, symbols(splats_, entries), entries);
        std::vector<std::int32_t> counts, gaps;
        const std::uint32_t seldom = 1 + below(20);
        for (std::uint32_t f = 1; f < frames_; ++f) {
            std::int32_t count = 0, gap = 0;
            for (std::uint32_t i = 0; i < splats_; ++i, ++gap)
                if (!below(seldom)) gaps.push_back(gap), ++count, gap = -1;
            counts.push_back(count);
        }
        write_integers(out, counts);
        write_integers(out, gaps);
        write_indices(out, symbols(gaps.size(), entries), entries);
        return out.release();
    }

    std::mt19937 random_;
    std::uint32_t splats_ = 1, joints_ = 1, frames_ = 1, pictures_ = 1;
    int joint_shift_ = 0;
    std::vector<glm::ivec3> first_;
};

}  // namespace volumen
