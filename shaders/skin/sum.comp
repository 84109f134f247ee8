// An invocation a joint and component: changes become values, frame by frame.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) readonly buffer Changes {
    int changes[];  // component × (frames - 1) × joints
};
layout(set = 0, binding = 1, std430) buffer Motion {
    int motion[];  // frames × joints × components; the first frame is there
};
layout(push_constant) uniform Constants {
    MotionConstants constants;
};

void main() {
    const uint i = group_index() * kSubgroup + gl_SubgroupInvocationID;
    if (i >= constants.joints * kJointComponents) return;
    const uint joint = i / kJointComponents, component = i % kJointComponents;
    int value = motion[i];
    for (uint f = 1; f < constants.frames; ++f) {
        value += changes[(component * (constants.frames - 1) + f - 1) * constants.joints + joint];
        motion[f * constants.joints * kJointComponents + i] = value;
    }
}
