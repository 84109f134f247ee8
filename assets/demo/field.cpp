#include "assets/demo/field.h"

#include <algorithm>
#include <cmath>

namespace volumen::demo {
namespace {

/// Smooth minimum (quadratic polynomial): the plain minimum where the two differ by `k` or more.
float melt_together(float a, float b, float k) {
    if (!(k > 0)) return std::min(a, b);
    const float h = std::max(k - std::abs(a - b), 0.0f) / k;
    return std::min(a, b) - h * h * k * 0.25f;
}

float length(float x, float y) {
    return std::sqrt(x * x + y * y);
}

/// A frame whose z is `z`, for a shape that is round about it; x stays near `x`.
glm::mat3 frame_about(glm::vec3 z, glm::vec3 x) {
    const glm::vec3 y = glm::normalize(glm::cross(z, x));
    return {glm::cross(y, z), y, z};
}

/// Distance of a point from a segment, and where along it (0 … 1).
float segment_distance(glm::vec3 p, glm::vec3 a, glm::vec3 b, float& along) {
    const glm::vec3 way = b - a;
    const float length2 = glm::dot(way, way);
    along = length2 > 0 ? std::clamp(glm::dot(p - a, way) / length2, 0.0f, 1.0f) : 0.0f;
    return glm::length(p - a - way * along);
}

}  // namespace

float Primitive::distance(glm::vec3 p) const {
    switch (kind) {
        case ShapeKind::cone: {
            // Rounded cone in scaled coordinates along and across its axis.
            const glm::vec3 pa = p - a;
            if (!(shrink > 0)) return glm::length(pa) - radius_a;
            const float y = glm::dot(pa, axis), z = y - length2;
            const glm::vec3 across = pa * length2 - axis * y;
            const float x2 = glm::dot(across, across), y2 = y * y * length2, z2 = z * z * length2;
            const float k = (slope < 0 ? -1.0f : 1.0f) * slope * slope * x2;
            if ((z < 0 ? -1.0f : 1.0f) * shrink * z2 > k) return std::sqrt(x2 + z2) / length2 - radius_b;
            if ((y < 0 ? -1.0f : 1.0f) * shrink * y2 < k) return std::sqrt(x2 + y2) / length2 - radius_a;
            return (std::sqrt(x2 * shrink / length2) + y * slope) / length2 - radius_a;
        }
        case ShapeKind::ellipsoid: {
            const glm::vec3 q = local(p);
            const float largest = std::max({radii.x, radii.y, radii.z}), r = glm::length(q);
            if (r > 1.6f * largest) return r - largest;
            const float k0 = glm::length(q / radii), k1 = glm::length(q / (radii * radii));
            if (k1 < 1e-6f) return -std::min({radii.x, radii.y, radii.z});
            return k0 * (k0 - 1) / k1;
        }
        case ShapeKind::ring: {
            const glm::vec3 q = local(p);
            const float r = length(q.x, q.y) - radius_a;
            const float plain = length(r, q.z) - radius_b;
            if (pleats <= 0 || plain > 3 * pleat_depth) return plain - pleat_depth;
            // The tube waves up and down; pleats grow outwards, from nothing on the inside.
            const float grow = std::clamp(0.5f + 0.5f * r / radius_b, 0.0f, 1.0f);
            const float wave = pleat_depth * grow * std::cos(pleats * std::atan2(q.y, q.x));
            constexpr float kSteepness = 0.6f;  // the wave's slope makes distances up to 1/0.6 too long
            return kSteepness * (length(r, q.z - wave) - radius_b);
        }
        case ShapeKind::disc: {
            const glm::vec3 q = local(p);
            const glm::vec2 d{length(q.x, q.y) - radius_a + radius_b, std::abs(q.z) - radii.z + radius_b};
            return std::min(std::max(d.x, d.y), 0.0f) + glm::length(glm::max(d, glm::vec2(0))) - radius_b;
        }
    }
    return 0;
}

Primitive::Bound Primitive::bound() const {
    switch (kind) {
        case ShapeKind::cone:
            return {a, a + axis, radius_a, radius_b};
        case ShapeKind::ellipsoid: {
            // Along its longest axis: a capsule as thick as the next one.
            const int longest = radii.x >= radii.y && radii.x >= radii.z ? 0 : radii.y >= radii.z ? 1 : 2;
            const float thick = std::max(radii[(longest + 1) % 3], radii[(longest + 2) % 3]);
            const glm::vec3 way = glm::transpose(to_local)[longest] * (radii[longest] - thick);
            return {a - way, a + way, thick, thick};
        }
        case ShapeKind::ring: {
            const float r = radius_a + radius_b + pleat_depth;
            return {a, a, r, r};
        }
        case ShapeKind::disc: {
            const float r = length(radius_a, radii.z);
            return {a, a, r, r};
        }
    }
    return {a, a, 0, 0};
}

Field::Field(const Recipe& recipe, float seconds) {
    make_primitives(recipe, seconds);
    low_ = glm::vec3(1e9f), high_ = glm::vec3(-1e9f);
    for (const Primitive& p : primitives_) {
        const Primitive::Bound b = p.bound();
        low_ = glm::min(low_, glm::min(b.a - b.radius_a, b.b - b.radius_b));
        high_ = glm::max(high_, glm::max(b.a + b.radius_a, b.b + b.radius_b));
    }
    fill_cells();
    fill_light_cells(recipe.key.to_light);
}

void Field::make_primitives(const Recipe& recipe, float seconds) {
    // What dangles trails behind: it is where its root was a little earlier, less gravity's pull back.
    constexpr float kLag = 0.09f;
    const std::vector<BoneFrame> now = pose_at(recipe, seconds), before = pose_at(recipe, seconds - kLag);
    for (const Shape& s : recipe.shapes) {
        const BoneFrame &bone = now[std::size_t(s.bone)], &was = before[std::size_t(s.bone)];
        const auto place = [&](glm::vec3 p, float swing) { return glm::mix(bone(p), was(p), swing); };
        Primitive q;
        q.kind = s.kind;
        q.group = std::uint16_t(s.group), q.material = std::uint16_t(s.material), q.melt = s.melt;
        q.a = place(s.a, s.swing_a);
        q.radius_a = s.radius_a, q.radius_b = s.radius_b, q.radii = s.radii;
        q.pleats = s.pleats, q.pleat_depth = s.pleat_depth;
        glm::mat3 world = bone.rotation * s.rotation;
        if (s.kind == ShapeKind::cone) {
            q.axis = place(s.b, s.swing_b) - q.a;
            q.length2 = glm::dot(q.axis, q.axis), q.slope = s.radius_a - s.radius_b;
            q.shrink = q.length2 - q.slope * q.slope;
            if (q.length2 > 1e-8f) {
                const glm::vec3 z = glm::normalize(q.axis);
                const bool sideways = std::abs(glm::dot(z, world[0])) > 0.9f;
                world = frame_about(z, sideways ? world[1] : world[0]);
            }
            if (!(q.shrink > 0)) {  // one end holds the other: a sphere
                if (s.radius_b > s.radius_a) q.a += q.axis;
                q.radius_a = q.radius_b = std::max(s.radius_a, s.radius_b);
                q.axis = {}, q.length2 = q.slope = q.shrink = 0;
            }
        }
        q.to_local = glm::transpose(world);
        q.pattern_start = s.pattern_start;
        const Primitive::Bound bound = q.bound();
        q.ball_centre = 0.5f * (bound.a + bound.b);
        q.ball_radius = 0.5f * glm::length(bound.b - bound.a) + std::max(bound.radius_a, bound.radius_b);
        primitives_.push_back(q);
    }
}

Nearest Field::nearest(glm::vec3 p, std::span<const std::uint16_t> list, float within) const {
    Nearest best{within, -1};
    float in_group = 1e9f, shape_best = 1e9f;
    int group = -1, group_shape = -1;
    const auto close_group = [&] {
        if (in_group < best.distance) best = {in_group, group_shape};
    };
    for (const std::uint16_t i : list) {
        const Primitive& q = primitives_[i];
        // A shape whose ball lies beyond what is found already, and beyond where it melts, changes nothing.
        const glm::vec3 away = p - q.ball_centre;
        const float beyond = std::min(best.distance, in_group) + q.melt + q.ball_radius;
        if (beyond > 0 && glm::dot(away, away) > beyond * beyond) continue;
        const float d = q.distance(p);
        if (q.group != group) {
            close_group();
            group = q.group, in_group = d, shape_best = d, group_shape = i;
            continue;
        }
        in_group = melt_together(in_group, d, q.melt);
        if (d < shape_best) shape_best = d, group_shape = i;
    }
    close_group();
    return best;
}

void Field::fill_cells() {
    cells_ = glm::ivec3(glm::ceil((high_ - low_) / kCell)) + 1;
    const float half_diagonal = 0.5f * std::sqrt(3.0f) * kCell;
    cell_start_.push_back(0);
    for (int z = 0; z < cells_.z; ++z)
        for (int y = 0; y < cells_.y; ++y)
            for (int x = 0; x < cells_.x; ++x) {
                const glm::vec3 centre = low_ + (glm::vec3(x, y, z) + 0.5f) * kCell;
                for (std::size_t i = 0; i < primitives_.size(); ++i) {
                    const Primitive& q = primitives_[i];
                    if (q.distance(centre) <= half_diagonal + kReach + q.melt)
                        cell_shapes_.push_back(std::uint16_t(i));
                }
                cell_start_.push_back(std::uint32_t(cell_shapes_.size()));
            }
}

float Field::nearby(glm::vec3 p) const {
    const glm::ivec3 cell(glm::floor((p - low_) / kCell));
    if (glm::any(glm::lessThan(cell, glm::ivec3(0))) || glm::any(glm::greaterThanEqual(cell, cells_)))
        return kReach;
    const std::size_t i = (std::size_t(cell.z) * cells_.y + cell.y) * cells_.x + cell.x;
    const std::span<const std::uint16_t> list{cell_shapes_.data() + cell_start_[i],
                                              cell_start_[i + 1] - cell_start_[i]};
    return nearest(p, list, kReach).distance;
}

namespace {
/// Penumbra: an occluder at distance t shades what lies within t / kHardness of its edge ...
constexpr float kHardness = 9;
/// ... and at most this far.
constexpr float kWidestPenumbra = 0.07f;
}  // namespace

void Field::fill_light_cells(glm::vec3 to_light) {
    to_light_space_ = glm::transpose(
        frame_about(to_light, std::abs(to_light.x) < 0.9f ? glm::vec3(1, 0, 0) : glm::vec3(0, 1, 0)));
    std::vector<Primitive::Bound> bounds;
    light_low_ = glm::vec3(1e9f), light_high_ = glm::vec3(-1e9f);
    for (const Primitive& q : primitives_) {
        Primitive::Bound b = q.bound();
        b.a = to_light_space_ * b.a, b.b = to_light_space_ * b.b;
        const float grow = kWidestPenumbra + q.melt;
        b.radius_a += grow, b.radius_b += grow;
        light_low_ = glm::min(light_low_, glm::min(b.a - b.radius_a, b.b - b.radius_b));
        light_high_ = glm::max(light_high_, glm::max(b.a + b.radius_a, b.b + b.radius_b));
        bounds.push_back(b);
    }
    const glm::vec2 cell = glm::vec2(light_high_ - light_low_) / float(kLightCells);
    const float half_diagonal = 0.5f * glm::length(cell);
    for (int y = 0; y < kLightCells; ++y)
        for (int x = 0; x < kLightCells; ++x) {
            const glm::vec3 centre{light_low_.x + (float(x) + 0.5f) * cell.x,
                                   light_low_.y + (float(y) + 0.5f) * cell.y, 0};
            LightCell c;
            c.start = std::uint32_t(light_shapes_.size()), c.top = light_low_.z;
            for (std::size_t i = 0; i < bounds.size(); ++i) {
                const Primitive::Bound& b = bounds[i];
                float along;
                const float d = segment_distance(centre, {b.a.x, b.a.y, 0}, {b.b.x, b.b.y, 0}, along);
                if (d > std::max(b.radius_a, b.radius_b) + half_diagonal) continue;
                light_shapes_.push_back(std::uint16_t(i));
                c.top = std::max({c.top, b.a.z + b.radius_a, b.b.z + b.radius_b});
            }
            c.end = std::uint32_t(light_shapes_.size());
            light_cells_.push_back(c);
        }
}

float Field::light(glm::vec3 p) const {
    const glm::vec3 q = to_light_space_ * p;
    const glm::vec2 at = glm::vec2(q - light_low_) / glm::vec2(light_high_ - light_low_) * float(kLightCells);
    const int x = std::clamp(int(at.x), 0, kLightCells - 1), y = std::clamp(int(at.y), 0, kLightCells - 1);
    const LightCell& cell = light_cells_[std::size_t(y) * kLightCells + x];
    const std::span<const std::uint16_t> list{light_shapes_.data() + cell.start, cell.end - cell.start};
    const glm::vec3 to_light = glm::transpose(to_light_space_)[2];
    const float end = cell.top - q.z;
    float shade = 1;
    constexpr int kMostSteps = 48;
    constexpr float kShortestStep = 0.012f, kLongestStep = 0.25f;
    float t = kShortestStep;
    for (int step = 0; step < kMostSteps && t < end; ++step) {
        const float d = nearest(p + to_light * t, list, kLongestStep).distance;
        shade = std::min(shade, kHardness * d / t);
        if (shade < 0.004f) return 0;
        t += std::max(d, kShortestStep);
    }
    return shade * shade * (3 - 2 * shade);
}

}  // namespace volumen::demo
