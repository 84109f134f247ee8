// How much work each batch of the depth order is to bin; a batch is as many splats as a subgroup has lanes.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
#include "shaders/bin/work.glsl"
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) readonly buffer Order {
    uint order[];
};
layout(set = 0, binding = 1, std430) readonly buffer Rects {
    uvec2 rects[];
};
layout(set = 0, binding = 2, std430) readonly buffer Counters {
    uint counters[];
};
layout(set = 0, binding = 3, std430) writeonly buffer Works {
    uint works[];
};

void main() {
    const uint batch = group_index();
    const uint place = batch * kSubgroup + gl_SubgroupInvocationID;
    uint work = 0;
    if (place < counters[kCounterVisible]) {
        const uvec2 rect = rects[order[place]];
        const uint across = (rect.y & 0xffff) - (rect.x & 0xffff) + 1, down = (rect.y >> 16) - (rect.x >> 16) + 1;
        work = work_of(across * down);
    }
    const uint sum = subgroupAdd(work);
    // Batches of no visible splat are never asked for, but their room may be there.
    if (subgroupElect() && batch < works.length()) works[batch] = sum;
}
