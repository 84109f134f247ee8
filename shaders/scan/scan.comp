// Exclusive prefix sum in place, by work groups of several subgroups. One group does it alone and puts the sum into
// the counters; or each sums a block, one group sums the sums, and each goes over its block again.
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
layout(set = 0, binding = 2, std430) buffer Sums {
    uint sums[];  // of the blocks, then of the blocks before
};
layout(push_constant) uniform Constants {
    ScanConstants constants;
};

layout(constant_id = 1) const uint kPart = kScanAlone;

shared uint partial[kMostSubgroups];
shared float rough[kMostSubgroups];

void main() {
    const uint block = kPart == kScanAlone ? 0 : group_index();
    const uint begin = block * kScanBlock;
    const uint end = kPart == kScanAlone ? constants.count : min(begin + kScanBlock, constants.count);
    if (kPart != kScanAlone && begin >= end) return;
    uint carry = kPart == kScanBlocks ? sums[block] : 0;
    float approximate = 0;  // of what this invocation read: tells a sum beyond 32 bits
    for (uint base = begin; base < end; base += kThreads) {
        const uint i = base + gl_SubgroupID * gl_SubgroupSize + gl_SubgroupInvocationID;
        const uint value = i < end ? data[i] : 0;
        approximate += float(value);
        const uint before = subgroupExclusiveAdd(value);
        if (gl_SubgroupInvocationID == gl_SubgroupSize - 1) partial[gl_SubgroupID] = before + value;
        barrier();
        uint preceding = 0, whole = 0;
        for (uint s = 0; s < gl_NumSubgroups; ++s) {
            const uint p = partial[s];
            preceding += s < gl_SubgroupID ? p : 0;
            whole += p;
        }
        if (kPart != kScanSums && i < end) data[i] = carry + preceding + before;
        carry += whole;
        barrier();
    }
    approximate = subgroupAdd(approximate);
    if (subgroupElect()) rough[gl_SubgroupID] = approximate;
    barrier();
    if (gl_LocalInvocationIndex != 0) return;
    approximate = 0;
    for (uint s = 0; s < gl_NumSubgroups; ++s) approximate += rough[s];
    const uint total = approximate < 4.2e9 ? carry : 0xffffffffu;
    if (kPart == kScanAlone) counters[constants.total] = total;
    if (kPart == kScanSums) sums[block] = total;
}
