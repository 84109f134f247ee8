// A work group, which is one subgroup, decodes one coded array (FORMAT.md, section 6.5): as many lanes at once
// as it has invocations.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;

struct Array {
    uint size, first, bits, lanes;  // lanes 0: all symbols are `first`
    uint symbols, starts;           // with a start each, from table[starts] on
    uint words, word_count;         // of 16 bits, two in each of payload[words ...]
};

layout(set = 0, binding = 0, std430) readonly buffer Arrays {
    Array arrays[];
};
layout(set = 0, binding = 1, std430) readonly buffer Table {
    uint table[];
};
layout(set = 0, binding = 2, std430) readonly buffer Payload {
    uint payload[];
};
layout(set = 0, binding = 3, std430) coherent buffer Slots {
    uint slots[];  // kRansSlots an array: the symbol of each
};
layout(set = 0, binding = 4, std430) writeonly buffer Symbols {
    uint decoded[];  // array after array, all of the same size
};
layout(push_constant) uniform Constants {
    RansConstants constants;
};

// 64 lanes on the smallest subgroup, of 4.
const uint kMostSteps = 16;
const uint kLowestState = 1u << 16;

void main() {
    const uint a = group_index(), invocation = gl_SubgroupInvocationID;
    if (a >= constants.arrays) return;
    const Array array = arrays[a];
    const uint to = a * constants.size;
    if (array.lanes == 0) {
        for (uint i = invocation; i < array.size; i += kSubgroup) decoded[to + i] = array.first;
        return;
    }
    const uint slot0 = a * kRansSlots;
    for (uint s = invocation; s < array.symbols; s += kSubgroup) {
        const uint end = table[array.starts + s + 1];
        for (uint slot = table[array.starts + s]; slot < end; ++slot) slots[slot0 + slot] = s;
    }
    subgroupBarrier();

    const uint mask = (1u << array.bits) - 1;
    const uint steps = (array.lanes + kSubgroup - 1) / kSubgroup;
    uint state[kMostSteps];
    for (uint step = 0; step < steps; ++step) {
        const uint lane = min(step * kSubgroup + invocation, array.lanes - 1);
        state[step] = payload[array.words + lane];
    }
    uint next = 2 * array.lanes;
    for (uint i = 0; i < array.size; i += array.lanes)
        for (uint step = 0; step < steps; ++step) {
            const uint lane = step * kSubgroup + invocation;
            const bool busy = lane < array.lanes && i + lane < array.size;
            bool empty = false;
            uint x = state[step];
            if (busy) {
                const uint slot = x & mask, symbol = slots[slot0 + slot];
                const uint start = table[array.starts + symbol];
                const uint frequency = table[array.starts + symbol + 1] - start;
                x = frequency * (x >> array.bits) + slot - start;
                decoded[to + i + lane] = array.first + symbol;
                empty = x < kLowestState;
            }
            const uvec4 waiting = subgroupBallot(empty);
            if (empty) {
                const uint word = min(next + subgroupBallotExclusiveBitCount(waiting), array.word_count - 1);
                x = x << 16 | bitfieldExtract(payload[array.words + word / 2], int(16 * (word & 1)), 16);
            }
            if (busy) state[step] = x;
            next += subgroupBallotBitCount(waiting);
        }
}
