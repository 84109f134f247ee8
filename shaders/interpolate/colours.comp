// SH coefficients between two frames': one splat an invocation, the words of one buffer.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) readonly buffer From {
    uint from[];
};
layout(set = 0, binding = 1, std430) readonly buffer To {
    uint to[];
};
layout(set = 0, binding = 2, std430) writeonly buffer Between {
    uint between[];
};
layout(push_constant) uniform Constants {
    InterpolateConstants constants;
};

void main() {
    const uint i = group_index() * kSubgroup + gl_SubgroupInvocationID;
    if (i >= constants.count) return;
    for (uint plane = 0; plane < constants.planes; ++plane) {
        const vec2 a = unpackHalf2x16(from[plane * constants.from + i]), b = unpackHalf2x16(to[plane * constants.to + i]);
        between[plane * constants.stride + i] = packHalf2x16(mix(a, b, constants.share));
    }
}
