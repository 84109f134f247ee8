// Exclusive prefix sum in place, by one work group of several subgroups; the sum goes to the counters.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"

const uint kThreads = 128;  // 32 subgroups of 4: no device takes fewer a group
const uint kMostSubgroups = kThreads / 4;
layout(local_size_x = 128) in;

layout(set = 0, binding = 0, std430) buffer Data {
    uint data[];
};
layout(set = 0, binding = 1, std430) buffer Counters {
    uint counters[];
};
layout(push_constant) uniform Constants {
    ScanConstants constants;
};

shared uint partial[kMostSubgroups];

void main() {
    uint carry = 0;
    float approximate = 0;  // tells a sum beyond 32 bits
    for (uint base = 0; base < constants.count; base += kThreads) {
        const uint i = base + gl_SubgroupID * gl_SubgroupSize + gl_SubgroupInvocationID;
        const uint value = i < constants.count ? data[i] : 0;
        const uint before = subgroupExclusiveAdd(value);
        if (gl_SubgroupInvocationID == gl_SubgroupSize - 1) partial[gl_SubgroupID] = before + value;
        barrier();
        uint preceding = 0, whole = 0;
        for (uint s = 0; s < gl_NumSubgroups; ++s) {
            const uint p = partial[s];
            preceding += s < gl_SubgroupID ? p : 0;
            whole += p;
            approximate += float(p);
        }
        if (i < constants.count) data[i] = carry + preceding + before;
        carry += whole;
        barrier();
    }
    if (gl_LocalInvocationIndex == 0) counters[constants.total] = approximate < 4.2e9 ? carry : 0xffffffffu;
}
