// Draws each tile's splats in the order of their depths at each pixel: the list's order is put right within a
// window of kWindow splats, from which the nearest leaves for each that comes.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/rasterise/tile.glsl"

layout(set = 0, binding = 8, std430) readonly buffer Depths {
    vec4 depths[];  // at the mean, and a pixel to the right and down
};

const float kNothing = -1e30;  // nearer than all that shows

// A pixel's splat that waits: nearest first.
struct Waiting {
    float depth;
    uint red_green, blue_alpha;  // halves
};

void leave(Waiting splat, inout vec3 colour, inout float left) {
    const vec2 red_green = unpackHalf2x16(splat.red_green), blue_alpha = unpackHalf2x16(splat.blue_alpha);
    blend(colour, left, vec3(red_green, blue_alpha.x), blue_alpha.y);
}

void main() {
    // A group draws one pixel a lane: more windows than one are more than the registers hold.
    const uint tile = group_index() / kPixels, k = group_index() % kPixels;
    if (tile >= constants.tiles[0] * constants.tiles[1]) return;
    const uvec2 corner = corner_of(tile);
    const uint end = min(starts[tile + 1], constants.capacity);

    const vec2 pixel = vec2(pixel_of(k));
    vec3 colour = vec3(0);
    float left = 1;
    Waiting window[kWindow];
    [[unroll]] for (uint w = 0; w < kWindow; ++w) window[w] = Waiting(kNothing, 0, 0);

    for (uint base = starts[tile];; base += kSubgroup) {
        const uint at = base + gl_SubgroupInvocationID;
        const Splat own = load_splat(at, end, corner);
        vec3 own_depth = vec3(0);
        if (at < end) own_depth = depths[entry(at)].xyz;
        [[unroll]] for (uint s = 0; s < kSubgroup; ++s) {
            const Splat splat = splat_of_lane(own, s);
            const vec3 depth = subgroupShuffle(own_depth, s);
            const vec2 d = pixel - splat.mean;
            const float alpha = alpha_of(splat, d);
            if (!subgroupAny(alpha > 0)) continue;
            // The nearest of window and newcomer leaves; the others close up.
            const Waiting newcomer = Waiting(alpha > 0 ? depth.x + dot(depth.yz, d) : kNothing,
                                             packHalf2x16(splat.colour.xy), packHalf2x16(vec2(splat.colour.z, alpha)));
            const bool through = newcomer.depth < window[0].depth;
            Waiting carried = window[0];
            if (!through) carried = newcomer;
            leave(through ? newcomer : window[0], colour, left);
            [[unroll]] for (uint w = 0; w + 1 < kWindow; ++w) {
                const Waiting other = window[w + 1];
                const bool before = !through && other.depth <= carried.depth;
                window[w] = before ? other : carried;
                if (!before) carried = other;
            }
            window[kWindow - 1] = carried;
        }
        if (subgroupAll(left < 0) || base + kSubgroup >= end) break;
    }
    [[unroll]] for (uint w = 0; w < kWindow; ++w) leave(window[w], colour, left);
    store(corner, k, colour, left);
}
