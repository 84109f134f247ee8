// An invocation a joint: its motion from the segment's first frame to this one, as the skin applies it.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) readonly buffer Motion {
    int motion[];  // frames × joints × components
};
layout(set = 0, binding = 1, std430) writeonly buffer Joints {
    vec4 joints[];  // kJointVectors a joint: rows of R, with the shift in w: x' = R x + w; then the turn
};
layout(push_constant) uniform Constants {
    JointConstants constants;
};

vec3 place(uint at) {
    return vec3(ivec3(motion[at], motion[at + 1], motion[at + 2]) << constants.joint_shift) * constants.grid;
}

void main() {
    const uint j = group_index() * kSubgroup + gl_SubgroupInvocationID;
    if (j >= constants.joints) return;
    const uint first = j * kJointComponents;
    const uint now = (constants.frame * constants.joints + j) * kJointComponents;
    const vec3 v = constants.turn_step * vec3(motion[now + 3], motion[now + 4], motion[now + 5]);
    const float angle = length(v) / 2;
    const float ratio = angle > 1e-4 ? sin(angle) / angle : 1 - angle * angle / 6;
    const vec4 q = vec4(cos(angle), 0.5 * ratio * v);
    const float w = q.x, x = q.y, y = q.z, z = q.w;
    const vec3 row0 = vec3(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y));
    const vec3 row1 = vec3(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x));
    const vec3 row2 = vec3(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y));
    // Places are counted from the origin here: the skin adds it once.
    const vec3 from = place(first), to = place(now);
    const vec3 shift = to - vec3(dot(row0, from), dot(row1, from), dot(row2, from));
    joints[j * kJointVectors] = vec4(row0, shift.x);
    joints[j * kJointVectors + 1] = vec4(row1, shift.y);
    joints[j * kJointVectors + 2] = vec4(row2, shift.z);
    joints[j * kJointVectors + 3] = q;
}
