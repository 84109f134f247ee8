// Radix sort, first half of a pass: how often each digit occurs in each chunk of the keys.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
#include "shaders/sort/keys.glsl"

shared uint histogram[kRadix];

void main() {
    const uint lane = gl_SubgroupInvocationID;
    const uint chunk = group_index();
    for (uint digit = lane; digit < kRadix; digit += kSubgroup) histogram[digit] = 0;
    barrier();

    const uvec2 range = chunk_of(key_count(), chunk, constants.chunks);
    for (uint i = range.x + lane; i < range.y; i += kSubgroup) {
        uint key = keys[i];
        if (constants.first != 0) {
            if (key == kDroppedKey) continue;
            key = reduce_key(key);
        }
        atomicAdd(histogram[bitfieldExtract(key, int(constants.shift), int(kRadixBits))], 1);
    }
    barrier();
    for (uint digit = lane; digit < kRadix; digit += kSubgroup)
        table[digit * constants.chunks + chunk] = histogram[digit];
}
