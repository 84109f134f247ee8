// Writes each splat's index into the entries of the tiles that it touches, front to back.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
#include "shaders/bin/splats.glsl"

layout(set = 0, binding = 6, std430) writeonly buffer Entries {
    uint entries[];
};

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
                if (touches(splat, tile)) {
                    const uint place = atomicAdd(table[row + tile.y * constants.tiles[0] + tile.x], 1);
                    if (place < constants.capacity) entries[place] = splat.index;
                }
            }
            // The next splat takes its places after this one has.
            subgroupMemoryBarrierBuffer();
            subgroupBarrier();
        }
    }
}
