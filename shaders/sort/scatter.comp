// Radix sort, second half of a pass: every key goes to its digit's place, in the order in which it came.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
#include "shaders/sort/keys.glsl"

layout(set = 0, binding = 3, std430) readonly buffer Values {
    uint values[];
};
layout(set = 0, binding = 4, std430) writeonly buffer SortedKeys {
    uint sorted_keys[];
};
layout(set = 0, binding = 5, std430) writeonly buffer SortedValues {
    uint sorted_values[];
};

shared uint next[kRadix];

// Lanes among the `valid` ones that hold the same digit as this one.
uvec4 lanes_with(uint digit, bool valid) {
    uvec4 same = subgroupBallot(valid);
    [[unroll]] for (uint b = 0; b < kRadixBits; ++b) {
        const bool bit = (digit >> b & 1) != 0;
        const uvec4 set = subgroupBallot(bit);
        if (kSubgroup <= 32)
            same.x &= bit ? set.x : ~set.x;
        else
            same &= bit ? set : ~set;
    }
    return same;
}

void main() {
    const uint lane = gl_SubgroupInvocationID;
    const uint chunk = group_index();
    for (uint digit = lane; digit < kRadix; digit += kSubgroup)
        next[digit] = table[digit * constants.chunks + chunk];
    barrier();

    const uvec2 range = chunk_of(key_count(), chunk, constants.chunks);
    for (uint base = range.x; base < range.y; base += kSubgroup) {
        const uint i = base + lane;
        bool valid = i < range.y;
        uint key = 0, value = 0;
        if (valid) {
            key = keys[i];
            if (constants.first != 0) {
                valid = key != kDroppedKey;
                key = reduce_key(key);
                value = i;
            } else {
                value = values[i];
            }
        }
        const uint digit = bitfieldExtract(key, int(constants.shift), int(kRadixBits));
        const uvec4 same = lanes_with(digit, valid);
        const uint rank = subgroupBallotExclusiveBitCount(same);
        const uint place = next[digit];
        barrier();
        if (valid) {
            if (rank == 0) next[digit] = place + subgroupBallotBitCount(same);
            sorted_keys[place + rank] = key;
            sorted_values[place + rank] = value;
        }
        barrier();
    }
}
