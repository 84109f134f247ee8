// Writes each splat's index into the entries of the tiles that it touches, front to back.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
#include "shaders/bin/splats.glsl"

layout(set = 0, binding = 7, std430) writeonly buffer Entries {
    uint entries[];
};

void main() {
    const uint lane = gl_SubgroupInvocationID;
    const uint row = group_index() * constants.tiles[0] * constants.tiles[1];
    const uvec2 share = share_of_group();
    for (uint batch = batch_at(share.x);;) {
        const Splat mine = load_splat(batch, share);
        for (uint s = 0;;) {
            const Splat splat = splat_of_lane(mine, s);
            for (uint k = lane;;) {
                const uvec2 tile = tile_of(splat, k);
                if (k < splat.count && touches(splat, tile)) {
                    const uint cell = row + tile.y * constants.tiles[0] + tile.x;
                    const uint place = table[cell];
                    table[cell] = place + 1;
                    if (place < constants.capacity) entries[place] = splat.index;
                }
                k += kSubgroup;
                if (k >= splat.count) break;
            }
            // The next splat takes its places after this one has.
            subgroupMemoryBarrierBuffer();
            subgroupBarrier();
            if (++s == kSubgroup) break;
        }
        ++batch;
        if (batch >= batch_count() || works[batch] >= share.y) break;
    }
}
