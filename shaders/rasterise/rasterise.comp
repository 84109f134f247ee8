// Draws each tile's splats in the order of its list: their colours, or what else a picture shows of them.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/rasterise/tile.glsl"

layout(set = 0, binding = 8, std430) readonly buffer Counters {
    uint counters[];
};

// A line of a pixel's width about the ellipse, by the distance to it along the gradient.
float outline_of(Splat s, vec2 d) {
    const float kLevel = 0.72134752 * kOutlineDeviations * kOutlineDeviations;  // 1 / (2 ln 2)
    const float level = (s.conic.x * d.x + s.conic.y * d.y) * d.x + s.conic.z * d.y * d.y;
    const vec2 gradient = vec2(2 * s.conic.x * d.x + s.conic.y * d.y, s.conic.y * d.x + 2 * s.conic.z * d.y);
    const float pixels = abs(level - kLevel) / max(length(gradient), 1e-6);
    return s.log_opacity > kHidden && pixels < 1 ? min(1 - pixels, kMaxAlpha) : 0;
}

vec3 heat(float share) {
    const float at = clamp(share, 0., 1.) * 4;
    const uint stop = min(uint(at), 3u);
    const vec3 below = vec3(kHeat[stop][0], kHeat[stop][1], kHeat[stop][2]);
    const vec3 above = vec3(kHeat[stop + 1][0], kHeat[stop + 1][1], kHeat[stop + 1][2]);
    return mix(below, above, at - float(stop));
}

// Turns a pixel's sum and transmittance into what store() shows.
void present(inout vec3 colour, inout float left, float count) {
    const float covered = 1 - abs(left);
    if (kPicture == kPictureDepth) {
        const float nearest = uintBitsToFloat(counters[kCounterMinKey]), farthest = uintBitsToFloat(counters[kCounterMaxKey]);
        colour = covered * heat((farthest - colour.x / max(covered, 1e-6)) / max(farthest - nearest, 1e-6));
    } else if (kPicture == kPictureOpacity) {
        colour = vec3(covered), left = 0;  // black where nothing lies
    } else if (kPicture == kPictureOverdraw) {
        colour = count > 0 ? heat(log2(count) / log2(kMostOverdraw)) : vec3(0);
        left = count > 0 ? 0 : 1;
    }
}

void main() {
    const uint tile = group_index();
    if (tile >= constants.tiles[0] * constants.tiles[1]) return;
    const uvec2 corner = corner_of(tile);
    const uint end = min(starts[tile + 1], constants.capacity);

    vec3 colour[kPixels];
    float left[kPixels], counts[kPixels];
    for (uint k = 0; k < kPixels; ++k) {
        colour[k] = vec3(0);
        left[k] = 1;
        counts[k] = 0;
    }

    for (uint base = starts[tile];; base += kSubgroup) {
        const Splat own = load_splat(base + gl_SubgroupInvocationID, end, corner);
        [[unroll]] for (uint s = 0; s < kSubgroup; ++s) {
            const Splat splat = splat_of_lane(own, s);
            [[unroll]] for (uint k = 0; k < kPixels; ++k) {
                const vec2 d = vec2(pixel_of(k)) - splat.mean;
                const float alpha = kPicture == kPictureOutlines ? outline_of(splat, d) : alpha_of(splat, d);
                if (kPicture == kPictureOverdraw) counts[k] += alpha > 0 && left[k] > 0 ? 1 : 0;
                blend(colour[k], left[k], splat.colour, alpha);
            }
        }
        float most = -1;
        [[unroll]] for (uint k = 0; k < kPixels; ++k) most = max(most, left[k]);
        if (subgroupAll(most < 0) || base + kSubgroup >= end) break;
    }
    for (uint k = 0; k < kPixels; ++k) {
        present(colour[k], left[k], counts[k]);
        store(corner, k, colour[k], left[k]);
    }
}
