// How many splats of each chunk of the depth order touch each tile.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
#include "shaders/bin/splats.glsl"

void main() {
    const uint lane = gl_SubgroupInvocationID;
    const uint chunk = group_index();
    const uint row = chunk * constants.tiles[0] * constants.tiles[1];
    const uvec2 range = chunk_of(counters[kCounterVisible], chunk, constants.chunks);
    for (uint base = range.x; base < range.y; base += kSubgroup) {
        const Splat mine = load_splat(base + lane, base + lane < range.y);
        for (uint s = 0; s < min(kSubgroup, range.y - base); ++s) {
            const Splat splat = splat_of_lane(mine, s);
            for (uint k = lane; k < splat.count; k += kSubgroup) {
                const uvec2 tile = tile_of(splat, k);
                if (touches(splat, tile)) atomicAdd(table[row + tile.y * constants.tiles[0] + tile.x], 1);
            }
        }
    }
}
