// One tile a subgroup. Each lane loads one splat of the tile's list and draws kTilePixels / kSubgroup pixels;
// splats go round the lanes by broadcast, so that neither shared memory nor a barrier is needed.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) readonly buffer Starts {
    uint starts[];
};
layout(set = 0, binding = 1, std430) readonly buffer Entries {
    uint entries[];
};
layout(set = 0, binding = 2, std430) readonly buffer Ellipses {
    vec4 ellipses[];
};
layout(set = 0, binding = 3, std430) readonly buffer Looks {
    uvec4 looks[];
};
layout(set = 0, binding = 4, rgba8) uniform writeonly image2D target;
layout(push_constant) uniform Constants {
    RasteriseConstants constants;
};

const uint kPixels = (kTilePixels + kSubgroup - 1) / kSubgroup;  // a lane
const float kHidden = -1e30;                                    // the logarithm of no opacity

uvec2 pixel_of(uint k) {
    const uint p = k * kSubgroup + gl_SubgroupInvocationID;
    return uvec2(p % kTileWidth, p / kTileWidth);
}

void main() {
    const uint tile = group_index();
    if (tile >= constants.tiles[0] * constants.tiles[1]) return;
    const uvec2 corner = uvec2(tile % constants.tiles[0], tile / constants.tiles[0]) * uvec2(kTileWidth, kTileHeight);
    const uint end = min(starts[tile + 1], constants.capacity);

    vec3 colour[kPixels];
    float left[kPixels];  // transmittance; negative: the pixel takes no more splats
    for (uint k = 0; k < kPixels; ++k) {
        colour[k] = vec3(0);
        left[k] = 1;
    }

    for (uint base = starts[tile];; base += kSubgroup) {
        vec4 ellipse = vec4(0);
        uvec4 look = uvec4(0, floatBitsToUint(kHidden), 0, 0);
        if (base + gl_SubgroupInvocationID < end) {
            const uint splat = entries[base + gl_SubgroupInvocationID];
            ellipse = ellipses[splat];
            look = looks[splat];
        }
        const vec2 mean = ellipse.xy - vec2(corner) - 0.5;
        const vec3 own_colour = vec3(unpackHalf2x16(look.z), unpackHalf2x16(look.w).x);
        [[unroll]] for (uint s = 0; s < kSubgroup; ++s) {
            const vec2 m = subgroupShuffle(mean, s);
            const float a = subgroupShuffle(ellipse.z, s), b = subgroupShuffle(ellipse.w, s);
            const float c = subgroupShuffle(uintBitsToFloat(look.x), s);
            const float log_opacity = subgroupShuffle(uintBitsToFloat(look.y), s);
            const vec3 splat_colour = subgroupShuffle(own_colour, s);
            [[unroll]] for (uint k = 0; k < kPixels; ++k) {
                const vec2 d = vec2(pixel_of(k)) - m;
                const float power = log_opacity - (a * d.x + b * d.y) * d.x - c * d.y * d.y;
                float alpha = min(exp2(power), kMaxAlpha);
                alpha = alpha >= kMinAlpha ? alpha : 0;
                const float weight = alpha * left[k], next = left[k] - weight;
                const bool open = next >= kMinTransmittance;
                colour[k] += (open ? weight : 0) * splat_colour;
                left[k] = open ? next : -abs(left[k]);
            }
        }
        float most = -1;
        [[unroll]] for (uint k = 0; k < kPixels; ++k) most = max(most, left[k]);
        if (subgroupAll(most < 0) || base + kSubgroup >= end) break;
    }

    const vec3 background = vec3(constants.background[0], constants.background[1], constants.background[2]);
    for (uint k = 0; k < kPixels; ++k) {
        const uvec2 inside = pixel_of(k);
        const uvec2 at = corner + inside;
        if (inside.y < kTileHeight && at.x < constants.size[0] && at.y < constants.size[1])
            imageStore(target, ivec2(at), vec4(colour[k] + abs(left[k]) * background, 1 - abs(left[k])));
    }
}
