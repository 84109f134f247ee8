// What both passes of the radix sort agree on.
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) readonly buffer Keys {
    uint keys[];
};
layout(set = 0, binding = 1, std430) buffer Table {
    uint table[];  // digit-major: [digit][chunk]
};
layout(set = 0, binding = 2, std430) readonly buffer Counters {
    uint counters[];
};
layout(push_constant) uniform Constants {
    SortConstants constants;
};

uint key_count() {
    return constants.first != 0 ? constants.count : counters[kCounterVisible];
}

// The leading `bits` of (key - least key).
uint reduce_key(uint key) {
    const uint least = counters[kCounterMinKey];
    const int range_bits = findMSB(counters[kCounterMaxKey] - least) + 1;
    return (key - least) >> max(range_bits - int(constants.bits), 0);
}
