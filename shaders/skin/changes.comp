// An invocation a frame and component: residuals become changes since the frame before, each joint's predicted
// by its parent's.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) buffer Changes {
    int changes[];  // symbols at first: component × (frames - 1) × joints
};
layout(set = 0, binding = 1, std430) readonly buffer Parents {
    uint parents[];
};
layout(set = 0, binding = 2, std430) readonly buffer Modes {
    uint modes[];  // a component: shift, or'ed with 16 where the parent predicts
};
layout(push_constant) uniform Constants {
    MotionConstants constants;
};

void main() {
    const uint i = group_index() * kSubgroup + gl_SubgroupInvocationID;
    const uint later = constants.frames - 1;
    if (i >= kJointComponents * later) return;
    const uint mode = modes[i / later], row = i * constants.joints;
    for (uint j = 0; j < constants.joints; ++j) {
        const uint symbol = uint(changes[row + j]);
        int change = int(symbol >> 1) ^ -int(symbol & 1);
        change <<= mode & 15;
        if (j > 0 && (mode & 16) != 0) change += changes[row + parents[j]];
        changes[row + j] = change;
    }
}
