#include "encoder/pack/skin/joint_coder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "encoder/pack/integer_encoder.h"
#include "formats/coding/integers.h"
#include "formats/core/error.h"
#include "formats/stream/limits.h"
#include "formats/stream/skin_chunks.h"

namespace volumen {

namespace {

constexpr float kTwoPi = 6.283185307f;

/// The rotation vector of a quaternion, of those that mean the same the one nearest to `near`.
glm::vec3 rotation_vector(Quaternion q, glm::vec3 near) {
    q = glm::normalize(q);
    if (q[0] < 0) q = -q;
    const glm::vec3 v(q[1], q[2], q[3]);
    const float sine = glm::length(v), angle = 2 * std::atan2(sine, q[0]);
    if (sine < 1e-6f) {
        // Whole turns about the axis that it had.
        const float before = glm::length(near);
        return before > 0.5f * kTwoPi ? near * (kTwoPi * std::round(before / kTwoPi) / before) : 2.0f * v;
    }
    const glm::vec3 axis = v / sine;
    const float turns = std::round((glm::dot(near, axis) - angle) / kTwoPi);
    return axis * (angle + kTwoPi * turns);
}

/// One component over frames × joints: what it should be, in steps.
struct Component {
    std::size_t joints = 0, frames = 0;
    std::vector<float> wanted;  ///< frames × joints
    float at(std::size_t f, std::size_t j) const { return wanted[f * joints + j]; }
};

struct Coded {
    std::uint8_t mode = 0;
    std::vector<std::int32_t> values;    ///< frames × joints
    std::vector<std::uint16_t> symbols;  ///< (frames - 1) × joints
    double bits = 0;
};

/// Order-0 entropy of the symbols.
double entropy(std::span<const std::uint16_t> symbols) {
    std::vector<double> counts(kMotionSymbols);
    for (const std::uint16_t s : symbols) ++counts[s];
    double bits = 0;
    for (const double n : counts)
        if (n > 0) bits -= n * std::log2(n / double(symbols.size()));
    return bits;
}

/// In a closed loop; nothing where a residual would leave its 11 bits.
std::optional<Coded> code(const Component& c, std::span<const std::uint32_t> parents, std::uint8_t mode,
                          float dead_zone) {
    const int shift = mode & kMotionShift;
    const float step = float(1 << shift);
    Coded out{.mode = mode};
    out.values.resize(c.joints * c.frames);
    for (std::size_t j = 0; j < c.joints; ++j) out.values[j] = std::int32_t(std::lround(c.at(0, j)));
    std::vector<std::int32_t> change(c.joints);
    for (std::size_t f = 1; f < c.frames; ++f)
        for (std::size_t j = 0; j < c.joints; ++j) {
            const std::int32_t before = out.values[(f - 1) * c.joints + j];
            const std::int32_t predicted = j > 0 && mode & kMotionParent ? change[parents[j]] : 0;
            const float off = (c.at(f, j) - float(before + predicted)) / step;
            const float away = std::abs(off) < dead_zone ? 0 : std::round(off);
            // Folded, -1024 … 1023 are below kMotionSymbols.
            if (!(away >= -float(kMotionSymbols / 2) && away < float(kMotionSymbols / 2)))
                return std::nullopt;
            const std::int32_t residual = std::int32_t(away);
            out.symbols.push_back(std::uint16_t(fold(residual)));
            change[j] = predicted + residual * (1 << shift);
            out.values[f * c.joints + j] = before + change[j];
        }
    out.bits = out.symbols.empty() ? 0 : entropy(out.symbols);
    return out;
}

/// The smaller of both predictions, with the least shift that 11 bits allow.
Coded best(const Component& c, std::span<const std::uint32_t> parents, float dead_zone) {
    std::optional<Coded> out;
    for (const std::uint8_t prediction : {std::uint8_t(0), kMotionParent})
        for (int shift = 0; shift <= kMaxMotionShift; ++shift) {
            std::optional<Coded> tried = code(c, parents, std::uint8_t(prediction | shift), dead_zone);
            if (!tried) continue;
            if (!out || (tried->mode & kMotionShift) < (out->mode & kMotionShift) ||
                ((tried->mode & kMotionShift) == (out->mode & kMotionShift) && tried->bits < out->bits))
                out = std::move(tried);
            break;
        }
    if (!out) throw InputError("a joint moves further in a frame than can be coded; the model is damaged");
    return *std::move(out);
}

/// Turns in steps, frames × joints × 3.
std::vector<glm::vec3> turns(std::span<const SplatCloud> frames, float step) {
    const std::size_t n = frames.front().count;
    std::vector<glm::vec3> out(frames.size() * n);
    for (std::size_t f = 1; f < frames.size(); ++f)
        for (std::size_t j = 0; j < n; ++j) {
            const Quaternion first = glm::normalize(rotation(frames.front(), j));
            const Quaternion turn = multiply(rotation(frames[f], j), conjugate(first));
            out[f * n + j] = rotation_vector(turn, out[(f - 1) * n + j]);
        }
    for (glm::vec3& v : out) v /= step;
    return out;
}

}  // namespace

Bytes code_joints(std::span<const SplatCloud> frames, float dead_zone, SkinSegment& s) {
    const std::size_t n = s.joint_count, count = frames.size();
    const std::vector<glm::vec3> turn = turns(frames, s.turn_step);
    const float unit = s.grid * float(1 << s.joint_shift);
    std::array<Component, kJointComponents> wanted;
    for (std::size_t c = 0; c < kJointComponents; ++c) {
        wanted[c] = {n, count, std::vector<float>(n * count)};
        for (std::size_t f = 0; f < count; ++f)
            for (std::size_t j = 0; j < n; ++j)
                wanted[c].wanted[f * n + j] =
                    c < 3 ? (frames[f].channel(SplatCloud::kPosition + int(c))[j] - s.origin[c]) / unit
                          : turn[f * n + j][int(c) - 3];
    }
    // Parents are chosen by the coded first frame.
    s.joints.assign(n * kJointComponents, 0);
    for (std::size_t j = 0; j < n; ++j)
        for (std::size_t c = 0; c < 3; ++c)
            s.joints[j * kJointComponents + c] = std::int32_t(std::lround(wanted[c].at(0, j)));
    std::vector<glm::dvec3> places;
    for (std::uint32_t j = 0; j < n; ++j) places.emplace_back(s.joint_place(0, j));
    const std::vector<std::uint32_t> parents = joint_parents(places);

    ByteWriter head, motion;
    std::array<std::vector<std::int32_t>, 3> first;
    s.joints.assign(n * count * kJointComponents, 0);
    for (std::size_t c = 0; c < kJointComponents; ++c) {
        const Coded coded = best(wanted[c], parents, dead_zone);
        head.u8(coded.mode);
        for (std::size_t i = 0; i < coded.values.size(); ++i)
            s.joints[i * kJointComponents + c] = coded.values[i];
        if (c < 3)
            for (std::size_t j = 0; j < n; ++j)
                first[c].push_back(coded.values[j] - (j ? coded.values[j - 1] : 0));
        write_symbols(motion, coded.symbols, kMotionSymbols);
    }
    for (const auto& axis : first) write_integers(head, axis);
    head.append(motion.bytes());
    return head.release();
}

}  // namespace volumen
