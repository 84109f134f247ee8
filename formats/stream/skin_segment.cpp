#include "formats/stream/skin_segment.h"

#include <algorithm>
#include <cmath>

#include "formats/core/parallel.h"
#include "formats/stream/frame.h"

namespace volumen {

namespace {

constexpr float kMiddle = 128;  ///< the sample and the level that stand for zero

/// The unit quaternion of a rotation vector.
Quaternion turn_of(glm::vec3 v) {
    const float half = 0.5f * glm::length(v);
    // sin(x) / x, where x is too small to divide by.
    const float ratio = half > 1e-4f ? std::sin(half) / half : 1 - half * half / 6;
    return {std::cos(half), 0.5f * ratio * v.x, 0.5f * ratio * v.y, 0.5f * ratio * v.z};
}

}  // namespace

std::size_t LookupShape::row_begin(std::uint64_t row) const {
    const std::uint64_t strip = row / strip_rows, picture = strip / strips_per_picture();
    const std::uint64_t x = strip % strips_per_picture() * columns, y = row % strip_rows;
    return std::size_t((picture * std::uint64_t(height) + y) * std::uint64_t(width) + x);
}

bool LookupShape::holds(std::uint64_t rows, std::uint32_t frames) const {
    return columns >= frames && columns >= 1 && columns <= std::uint32_t(width) && strip_rows >= 1 &&
           strip_rows <= std::uint32_t(height) &&
           std::uint64_t(pictures) * strips_per_picture() * strip_rows >= rows;
}

std::uint16_t SegmentCodebook::entry(std::size_t splat, int frame) const {
    std::uint16_t out = first[splat];
    for (std::uint32_t c = change_begin[splat]; c < change_begin[splat + 1] && change_frame[c] <= frame; ++c)
        out = change_entry[c];
    return out;
}

glm::ivec3 SkinSegment::joint_place(int frame, std::uint32_t joint) const {
    const std::int32_t* at = &joints[(std::size_t(frame) * joint_count + joint) * kJointComponents];
    const int unit = 1 << joint_shift;
    return {at[0] * unit, at[1] * unit, at[2] * unit};
}

std::vector<JointMotion> SkinSegment::motion(int frame) const {
    const auto in_scene = [&](glm::ivec3 p) {
        return glm::vec3(origin[0], origin[1], origin[2]) + grid * glm::vec3(p);
    };
    std::vector<JointMotion> out(joint_count);
    for (std::uint32_t j = 0; j < joint_count; ++j) {
        const std::int32_t* turn = &joints[(std::size_t(frame) * joint_count + j) * kJointComponents + 3];
        out[j] = {in_scene(joint_place(0, j)), in_scene(joint_place(frame, j)),
                  turn_of(turn_step * glm::vec3(turn[0], turn[1], turn[2]))};
    }
    return out;
}

SplatCloud reconstruct_skin(const SkinSegment& s, int frame) {
    SplatCloud out(s.splat_count, s.sh_degree);
    const std::size_t n = s.splat_count;
    const auto looked_up = [&](std::size_t lookup, std::size_t i) {
        const LookupScale& scale = s.lookup_scale[lookup];
        const std::size_t at = s.lookup.row_begin(lookup * n + s.row[lookup * n + i]) + std::size_t(frame);
        return scale.low + scale.step * float(s.mean[lookup * n + i]) +
               scale.change_step * (float(s.luma[at]) - kMiddle);
    };
    parallel_for(n, 2048, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            glm::vec3 v;
            for (int a = 0; a < 3; ++a) {
                out.channel(SplatCloud::kPosition + a)[i] =
                    s.origin[std::size_t(a)] + s.grid * float(s.place[3 * i + std::size_t(a)]);
                v[a] = s.rotation_step * (float(s.rotation[3 * i + std::size_t(a)]) - kMiddle);
                out.channel(SplatCloud::kScale + a)[i] = looked_up(1 + std::size_t(a), i);
            }
            const float w = std::sqrt(std::max(0.0f, 1 - glm::dot(v, v)));
            const Quaternion q = glm::normalize(Quaternion(w, v));
            for (int c = 0; c < 4; ++c) out.channel(SplatCloud::kRotation + c)[i] = q[c];
            const float alpha = std::clamp(looked_up(0, i), kMinCodedAlpha, kMaxCodedAlpha);
            out.channel(SplatCloud::kOpacity)[i] = std::log(alpha / (1 - alpha));
            int channel = SplatCloud::kSh;
            for (const SegmentCodebook& book : s.codebooks) {
                const std::size_t entry = book.entry(i, frame), d = std::size_t(book.dimensions);
                for (std::size_t c = 0; c < d; ++c)
                    out.channel(channel++)[i] =
                        book.low[c] + book.step[c] * float(book.levels[entry * d + c]);
            }
        }
    });
    const SplatCloud first = out;
    pose_skin(first, s.anchors, s.motion(frame), out);
    return out;
}

}  // namespace volumen
