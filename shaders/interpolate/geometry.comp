// One splat an invocation: places, rotations, scales and opacities between two frames'.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) readonly buffer From0 {
    float from0[];
};
layout(set = 0, binding = 1, std430) readonly buffer From1 {
    float from1[];
};
layout(set = 0, binding = 2, std430) readonly buffer To0 {
    float to0[];
};
layout(set = 0, binding = 3, std430) readonly buffer To1 {
    float to1[];
};
layout(set = 0, binding = 4, std430) writeonly buffer Geometry0 {
    float geometry0[];
};
layout(set = 0, binding = 5, std430) writeonly buffer Geometry1 {
    float geometry1[];
};
layout(push_constant) uniform Constants {
    InterpolateConstants constants;
};

float from(uint plane, uint i) {
    return plane < kPlanesPerBuffer ? from0[plane * constants.from + i]
                                    : from1[(plane - kPlanesPerBuffer) * constants.from + i];
}

float to(uint plane, uint i) {
    return plane < kPlanesPerBuffer ? to0[plane * constants.to + i] : to1[(plane - kPlanesPerBuffer) * constants.to + i];
}

void store(uint plane, uint i, float v) {
    if (plane < kPlanesPerBuffer)
        geometry0[plane * constants.stride + i] = v;
    else
        geometry1[(plane - kPlanesPerBuffer) * constants.stride + i] = v;
}

// Along the shorter arc.
vec4 slerp(vec4 p, vec4 q, float t) {
    p = normalize(p), q = normalize(q);
    float cosine = dot(p, q);
    if (cosine < 0) q = -q, cosine = -cosine;
    if (cosine > 0.9995) return normalize(mix(p, q, t));
    const float angle = acos(cosine);
    return (sin((1 - t) * angle) * p + sin(t * angle) * q) / sin(angle);
}

void main() {
    const uint i = group_index() * kSubgroup + gl_SubgroupInvocationID;
    if (i >= constants.count) return;
    const float t = constants.share;
    [[unroll]] for (uint plane = 0; plane < 3; ++plane) store(plane, i, mix(from(plane, i), to(plane, i), t));
    const vec4 q = slerp(vec4(from(3, i), from(4, i), from(5, i), from(6, i)), vec4(to(3, i), to(4, i), to(5, i), to(6, i)), t);
    [[unroll]] for (uint c = 0; c < 4; ++c) store(3 + c, i, q[c]);
    [[unroll]] for (uint plane = 7; plane < 10; ++plane) store(plane, i, mix(from(plane, i), to(plane, i), t));
    // Opacity itself, not its logit: what appears is half there half way.
    const float alpha = mix(1 / (1 + exp(-from(10, i))), 1 / (1 + exp(-to(10, i))), t);
    store(10, i, log(alpha / (1 - alpha)));
}
