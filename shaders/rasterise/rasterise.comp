// Draws each tile's splats in the order of its list.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/rasterise/tile.glsl"

void main() {
    const uint tile = group_index();
    if (tile >= constants.tiles[0] * constants.tiles[1]) return;
    const uvec2 corner = corner_of(tile);
    const uint end = min(starts[tile + 1], constants.capacity);

    vec3 colour[kPixels];
    float left[kPixels];
    for (uint k = 0; k < kPixels; ++k) {
        colour[k] = vec3(0);
        left[k] = 1;
    }

    for (uint base = starts[tile];; base += kSubgroup) {
        const Splat own = load_splat(base + gl_SubgroupInvocationID, end, corner);
        [[unroll]] for (uint s = 0; s < kSubgroup; ++s) {
            const Splat splat = splat_of_lane(own, s);
            [[unroll]] for (uint k = 0; k < kPixels; ++k)
                blend(colour[k], left[k], splat.colour, alpha_of(splat, vec2(pixel_of(k)) - splat.mean));
        }
        float most = -1;
        [[unroll]] for (uint k = 0; k < kPixels; ++k) most = max(most, left[k]);
        if (subgroupAll(most < 0) || base + kSubgroup >= end) break;
    }
    for (uint k = 0; k < kPixels; ++k) store(corner, k, colour[k], left[k]);
}
