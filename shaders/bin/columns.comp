// One tile an invocation. Before the sum over tiles: the tile's splats, over all chunks. After it: where each
// chunk's splats of the tile begin among the entries.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool kOffsets = false;

layout(set = 0, binding = 0, std430) buffer Table {
    uint table[];  // [chunk][tile]
};
layout(set = 0, binding = 1, std430) buffer Tiles {
    uint tiles[];
};
layout(push_constant) uniform Constants {
    BinConstants constants;
};

void main() {
    const uint tile = group_index() * kSubgroup + gl_SubgroupInvocationID;
    const uint count = constants.tiles[0] * constants.tiles[1];
    if (tile >= count) return;
    uint sum = kOffsets ? tiles[tile] : 0;
    for (uint chunk = 0; chunk < constants.chunks; ++chunk) {
        const uint here = table[chunk * count + tile];
        if (kOffsets) table[chunk * count + tile] = sum;
        sum += here;
    }
    if (!kOffsets) tiles[tile] = sum;
}
