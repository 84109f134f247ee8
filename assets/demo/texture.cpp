#include "assets/demo/texture.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <glm/gtc/constants.hpp>

namespace volumen::demo {
namespace {

float fraction(float x) {
    return x - std::floor(x);
}

/// Distance of x to the nearest whole number.
float to_whole(float x) {
    return std::abs(x - std::round(x));
}

float hash(int x, int y, int z) {
    std::uint32_t h =
        std::uint32_t(x) * 0x8da6b343u ^ std::uint32_t(y) * 0xd8163841u ^ std::uint32_t(z) * 0xcb1ab31fu;
    h ^= h >> 15, h *= 0x2c1b3c6du, h ^= h >> 12, h *= 0x297a2d39u, h ^= h >> 15;
    return float(h >> 8) / float(1 << 24);
}

/// Smooth noise in [0, 1] with features of size 1.
float noise(glm::vec3 p) {
    const glm::vec3 f0 = glm::floor(p);
    const glm::ivec3 i(f0);
    glm::vec3 f = p - f0;
    f = f * f * (3.0f - 2.0f * f);
    float sum = 0;
    for (int k = 0; k < 8; ++k) {
        const int dx = k & 1, dy = (k >> 1) & 1, dz = k >> 2;
        sum += (dx ? f.x : 1 - f.x) * (dy ? f.y : 1 - f.y) * (dz ? f.z : 1 - f.z) *
               hash(i.x + dx, i.y + dy, i.z + dz);
    }
    return sum;
}

bool in_ellipse(glm::vec2 p, glm::vec2 centre, glm::vec2 radii) {
    const glm::vec2 d = (p - centre) / radii;
    return glm::dot(d, d) < 1;
}

/// |y - parabola| below a thickness that thins out towards the ends.
bool on_arc(glm::vec2 p, glm::vec2 middle, float half_width, float sag, float thickness) {
    const float u = (p.x - middle.x) / half_width;
    if (std::abs(u) > 1) return false;
    return std::abs(p.y - (middle.y + sag * u * u)) < thickness * std::sqrt(1 - u * u);
}

/// Painted on the head's ellipsoid. q: in units of its radii, x to the performer's left, y up.
glm::vec3 face(const Material& m, glm::vec3 surface) {
    const glm::vec3 skin = m.colours[0], blush = m.colours[1], white = m.colours[2], iris = m.colours[3],
                    dark = m.colours[4], lip = m.colours[5], tear = m.colours[6], brow = m.colours[7];
    const glm::vec2 q{surface.x, surface.z};
    if (surface.y > 0) return skin;
    const glm::vec2 side{std::abs(q.x), q.y};
    glm::vec3 colour = skin;
    const float cheek = glm::length((side - glm::vec2(0.53f, -0.26f)) / glm::vec2(0.21f, 0.19f));
    colour = glm::mix(colour, blush, 0.75f * std::clamp(1.15f - cheek, 0.0f, 1.0f));
    // One tear: a diamond under the left eye; a line through the other.
    const glm::vec2 drop = (q - glm::vec2(0.33f, -0.24f)) / glm::vec2(0.075f, 0.15f);
    if (std::abs(drop.x) + std::abs(drop.y) < 1) colour = tear;
    const glm::vec2 line = (q - glm::vec2(-0.33f, 0.06f)) / glm::vec2(0.055f, 0.46f);
    if (std::abs(line.x) + std::abs(line.y) < 1) colour = tear;

    const glm::vec2 eye{0.33f, 0.08f};
    if (in_ellipse(side, eye, {0.225f, 0.245f})) colour = dark;
    if (in_ellipse(side, eye - glm::vec2(0, 0.015f), {0.19f, 0.205f})) colour = white;
    if (in_ellipse(side, eye + glm::vec2(-0.03f, -0.01f), {0.125f, 0.15f})) colour = iris;
    if (in_ellipse(side, eye + glm::vec2(-0.03f, -0.01f), {0.07f, 0.09f})) colour = dark;
    if (in_ellipse(q, {eye.x - 0.03f + 0.045f, eye.y + 0.065f}, {0.042f, 0.05f}) ||
        in_ellipse(q, {-eye.x + 0.03f + 0.045f, eye.y + 0.065f}, {0.042f, 0.05f}))
        colour = white;
    if (on_arc(side, {eye.x, 0.48f}, 0.2f, -0.1f, 0.05f)) colour = brow;
    // A laughing mouth: between two arcs.
    const glm::vec2 mouth = q - glm::vec2(0, -0.5f);
    const float u = mouth.x / 0.36f;
    if (std::abs(u) < 1) {
        const float upper = 0.0f + 0.10f * u * u, lower = -0.17f * (1 - u * u) + 0.10f * u * u;
        if (mouth.y < upper + 0.035f && mouth.y > lower - 0.035f) colour = lip;
        if (mouth.y < upper && mouth.y > lower) colour = mouth.y > upper - 0.055f ? white : lip * 0.35f;
    }
    return colour;
}

/// Planks, a border and a ring of dots on the rim.
glm::vec3 stage(const Material& m, glm::vec3 q, float radius, float half_height) {
    const float r = std::hypot(q.x, q.y), turn = std::atan2(q.y, q.x) / glm::two_pi<float>();
    if (q.z < half_height - 0.012f) {
        if (q.z > half_height - 0.022f || q.z < -half_height + 0.014f) return m.colours[2];
        const float u = fraction(turn * 28) - 0.5f, v = q.z / half_height * 0.5f;
        return std::abs(u) * 1.1f + std::abs(v + 0.02f) * 1.35f < 0.42f ? m.colours[2] : m.colours[1];
    }
    if (r > radius - 0.03f) return m.colours[2];
    if (r > radius - 0.10f) return fraction(turn * 32) < 0.5f ? m.colours[1] : m.colours[3];
    if (r > radius - 0.115f) return m.colours[2];
    const float plank = q.x / 0.085f;
    const int row = int(std::floor(plank));
    const float ends = q.y / 0.42f + hash(row, 3, 7);
    glm::vec3 wood = m.colours[0] * (0.78f + 0.4f * hash(row, int(std::floor(ends)), 5));
    wood *= 0.86f + 0.28f * noise({q.x * 90, q.y * 6, float(row)});
    if (to_whole(plank) < 0.035f || to_whole(ends) < 0.008f) wood *= 0.45f;
    return wood;
}

}  // namespace

glm::vec3 surface_colour(const Primitive& shape, const Material& m, glm::vec3 p) {
    glm::vec3 q = shape.local(p);
    q.z += shape.pattern_start;
    glm::vec3 colour = m.colours[0];
    const float turn = std::atan2(q.y, q.x) / glm::two_pi<float>();
    switch (m.pattern) {
        case Pattern::solid:
            break;
        case Pattern::diamonds: {
            // Two families of lines; the cells between them are diamonds, coloured by row.
            const float u = turn * m.around, v = q.z / m.along;
            const float s = u + v, t = u - v;
            if (to_whole(s) < m.seam || to_whole(t) < m.seam) {
                colour = m.colours.back();
            } else {
                const int row = int(std::floor(s)) - int(std::floor(t));
                const int n = std::max(int(m.colours.size()) - (m.seam > 0 ? 1 : 0), 1);
                colour = m.colours[std::size_t(((row % n) + n) % n)];
            }
            break;
        }
        case Pattern::stripes: {
            const int n = int(m.colours.size());
            const int i = int(std::floor(fraction(turn * m.around) * float(n)));
            colour = m.colours[std::size_t(std::clamp(i, 0, n - 1))];
            break;
        }
        case Pattern::rings: {
            const int n = int(m.colours.size());
            const int i = int(std::floor(fraction(q.z / m.along) * float(n)));
            colour = m.colours[std::size_t(std::clamp(i, 0, n - 1))];
            break;
        }
        case Pattern::pleats: {
            const float wave = 0.5f + 0.5f * std::cos(glm::two_pi<float>() * turn * m.around);
            colour = glm::mix(m.colours[1], m.colours[0], wave * wave * (3 - 2 * wave));
            if (shape.kind == ShapeKind::ring &&
                std::hypot(q.x, q.y) > shape.radius_a + 0.72f * shape.radius_b)
                colour = m.colours.back();
            break;
        }
        case Pattern::face:
            colour = face(m, q / shape.radii);
            break;
        case Pattern::stage:
            colour = stage(m, q, shape.radius_a, shape.radii.z);
            break;
        case Pattern::ball: {
            const glm::vec3 n = glm::normalize(q);
            if (std::abs(n.z) < 0.16f)
                colour = m.colours[1];
            else if (fraction(turn * 3) < 0.5f)
                colour = n.z > 0 ? m.colours[0] : m.colours[0] * 0.8f;
            else
                colour = n.z > 0 ? m.colours[2] : m.colours[2] * 0.8f;
            break;
        }
    }
    if (m.weave > 0) {
        // A fine and a slow unevenness: cloth, not plastic.
        const float fine = noise(q * 70.0f), slow = noise(q * 23.0f);
        colour *= 1 + m.weave * (1.2f * (fine - 0.5f) + 0.8f * (slow - 0.5f));
    }
    return colour;
}

}  // namespace volumen::demo
