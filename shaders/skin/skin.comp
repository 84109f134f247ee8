// One splat an invocation: a frame of a segment of joints and skin (formats/stream/skin_segment.h) becomes
// the attribute planes.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kDegree = 3;  // of SH

layout(set = 0, binding = 0, std430) readonly buffer Table {
    uint table[];  // planes of `count` words, shared.h's kSkin...
};
layout(set = 0, binding = 1, std430) readonly buffer Joints {
    vec4 joints[];
};
layout(set = 0, binding = 2, std430) readonly buffer Luma {
    uint luma[];  // four samples a word
};
layout(set = 0, binding = 3, std430) readonly buffer Entries {
    float entries[];  // codebook after codebook
};
layout(set = 0, binding = 4, std430) readonly buffer Changes {
    uint changes[];  // a codebook: splats + 1 times where they begin, then each as frame | entry << 16
};
layout(set = 0, binding = 5, std430) readonly buffer Segment {
    SkinParameters segment;
};
layout(set = 0, binding = 6, std430) writeonly buffer Geometry0 {
    float geometry0[];
};
layout(set = 0, binding = 7, std430) writeonly buffer Geometry1 {
    float geometry1[];
};
layout(set = 0, binding = 8, std430) writeonly buffer Sh0 {
    uint sh0[];
};
layout(set = 0, binding = 9, std430) writeonly buffer Sh1 {
    uint sh1[];
};
layout(set = 0, binding = 10, std430) writeonly buffer Sh2 {
    uint sh2[];
};
layout(set = 0, binding = 11, std430) writeonly buffer Sh3 {
    uint sh3[];
};
layout(push_constant) uniform Constants {
    SkinConstants constants;
};

#include "shaders/store.glsl"

uint entry_word(uint plane, uint i) {
    return table[plane * constants.count + i];
}

vec4 multiply(vec4 a, vec4 b) {
    return vec4(a.x * b.x - a.y * b.y - a.z * b.z - a.w * b.w, a.x * b.y + a.y * b.x + a.z * b.w - a.w * b.z,
                a.x * b.z - a.y * b.w + a.z * b.x + a.w * b.y, a.x * b.w + a.y * b.z - a.z * b.y + a.w * b.x);
}

float looked_up(uint lookup, uint i) {
    const uint row = lookup * constants.count + entry_word(kSkinRows + lookup, i);
    const uint strip = row / segment.strip_rows, strips = segment.width / segment.columns;
    const uint x = strip % strips * segment.columns + constants.frame;
    const uint y = strip / strips * segment.height + row % segment.strip_rows;
    const uint at = y * segment.width + x;
    const uint sample_value = bitfieldExtract(luma[at / 4], int(8 * (at & 3)), 8);
    const uint mean = bitfieldExtract(entry_word(kSkinMeans, i), int(8 * lookup), 8);
    const float low = segment.lookups[3 * lookup], step = segment.lookups[3 * lookup + 1];
    return low + step * float(mean) + segment.lookups[3 * lookup + 2] * (float(sample_value) - 128);
}

uint codebook_entry(uint degree, uint i) {
    uint out_entry = bitfieldExtract(entry_word(kSkinEntries + degree / 2, i), int(16 * (degree & 1)), 16);
    const uint begins = segment.changes[degree], list = begins + constants.count + 1;
    const uint end = changes[begins + i + 1];
    for (uint c = changes[begins + i]; c < end; ++c) {
        const uint change = changes[list + c];
        if ((change & 0xffff) > constants.frame) break;
        out_entry = change >> 16;
    }
    return out_entry;
}

void main() {
    const uint i = group_index() * kSubgroup + gl_SubgroupInvocationID;
    if (i >= constants.count) return;
    const vec3 x = segment.grid *
                   vec3(int(entry_word(kSkinPlaces, i)), int(entry_word(kSkinPlaces + 1, i)), int(entry_word(kSkinPlaces + 2, i)));
    vec3 moved = vec3(0);
    vec4 blend = vec4(0), nearest = vec4(0);
    for (uint a = 0; a < segment.per_splat; ++a) {
        const uint joint = bitfieldExtract(entry_word(kSkinAnchors + a / 2, i), int(16 * (a & 1)), 16);
        const float weight = uintBitsToFloat(entry_word(kSkinWeights + a, i));
        const vec4 row0 = joints[joint * kJointVectors], row1 = joints[joint * kJointVectors + 1];
        const vec4 row2 = joints[joint * kJointVectors + 2], turn = joints[joint * kJointVectors + 3];
        moved += weight * vec3(dot(row0, vec4(x, 1)), dot(row1, vec4(x, 1)), dot(row2, vec4(x, 1)));
        if (a == 0) nearest = turn;
        blend += (dot(turn, nearest) < 0 ? -weight : weight) * turn;
    }
    [[unroll]] for (uint axis = 0; axis < 3; ++axis) store_geometry(axis, i, segment.origin[axis] + moved[axis]);
    const uint levels = entry_word(kSkinRotation, i);
    const vec3 v = segment.rotation_step *
                   (vec3(levels & 255, bitfieldExtract(levels, 8, 8), bitfieldExtract(levels, 16, 8)) - 128);
    const vec4 first = normalize(vec4(sqrt(max(0., 1 - dot(v, v))), v));
    vec4 q = multiply(blend, first);
    const float squared = dot(q, q);
    q = squared > 0 ? q * inversesqrt(squared) : first;
    [[unroll]] for (uint c = 0; c < 4; ++c) store_geometry(3 + c, i, q[c]);
    [[unroll]] for (uint axis = 0; axis < 3; ++axis) store_geometry(7 + axis, i, looked_up(1 + axis, i));
    const float alpha = clamp(looked_up(0, i), 1. / 1024, 1023. / 1024);
    store_geometry(10, i, log(alpha / (1 - alpha)));

    const uint coefficients = (kDegree + 1) * (kDegree + 1);
    float sh[3 * coefficients + 1];
    uint k = 0;
    [[unroll]] for (uint degree = 0; degree <= kDegree; ++degree) {
        const uint dimensions = 3 * (2 * degree + 1);
        const uint at = segment.entries[degree] + codebook_entry(degree, i) * dimensions;
        [[unroll]] for (uint c = 0; c < dimensions; ++c) sh[k++] = clamp(entries[at + c], -65504, 65504);
    }
    sh[3 * coefficients] = 0;
    [[unroll]] for (uint w = 0; w < (3 * coefficients + 1) / 2; ++w)
        store_sh(w, i, packHalf2x16(vec2(sh[2 * w], sh[2 * w + 1])));
}
