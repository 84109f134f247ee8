// Writes each splat's index into the entries of the tiles that it touches, front to back.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
#include "shaders/bin/splats.glsl"

layout(set = 0, binding = 7, std430) writeonly buffer Entries0 {
    uint entries0[];
};
layout(set = 0, binding = 8, std430) writeonly buffer Entries1 {
    uint entries1[];
};
layout(set = 0, binding = 9, std430) writeonly buffer Entries2 {
    uint entries2[];
};
layout(set = 0, binding = 10, std430) writeonly buffer Entries3 {
    uint entries3[];
};

layout(constant_id = 1) const bool kOneBuffer = true;  // as a rule; a software device takes all four branches

void store_entry(uint place, uint splat) {
    if (kOneBuffer) {
        entries0[place] = splat;
        return;
    }
    const uint at = place % kEntriesPerBuffer;
    switch (place / kEntriesPerBuffer) {
        case 0: entries0[at] = splat; break;
        case 1: entries1[at] = splat; break;
        case 2: entries2[at] = splat; break;
        default: entries3[at] = splat; break;
    }
}

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
                    if (place < constants.capacity) store_entry(place, splat.index);
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
