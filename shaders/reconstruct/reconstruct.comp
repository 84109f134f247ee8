// One splat an invocation: dequantises a decoded frame (formats/stream/frame.h) into the attribute planes.
#version 460
#extension GL_GOOGLE_include_directive : require
#extension GL_EXT_samplerless_texture_functions : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kDegree = 3;  // of SH

struct Plane {
    uint corner;  // x | y << kCornerBits, in its track's picture | track << 2 * kCornerBits
    float least, step;
};

layout(set = 0, binding = 0) uniform utexture2DArray atlas;  // a layer a track
layout(set = 0, binding = 1, std430) readonly buffer Planes {
    Plane planes[];
};
layout(set = 0, binding = 2, std430) readonly buffer Shifts {
    uint shifts[];  // a block: x | y << 8 | z << 16
};
layout(set = 0, binding = 3, std430) readonly buffer Offsets {
    int offsets[];  // blocks × 3
};
layout(set = 0, binding = 4, std430) writeonly buffer Geometry0 {
    float geometry0[];
};
layout(set = 0, binding = 5, std430) writeonly buffer Geometry1 {
    float geometry1[];
};
layout(set = 0, binding = 6, std430) writeonly buffer Sh0 {
    uint sh0[];
};
layout(set = 0, binding = 7, std430) writeonly buffer Sh1 {
    uint sh1[];
};
layout(set = 0, binding = 8, std430) writeonly buffer Sh2 {
    uint sh2[];
};
layout(set = 0, binding = 9, std430) writeonly buffer Sh3 {
    uint sh3[];
};
layout(push_constant) uniform Constants {
    ReconstructConstants constants;
};

const uint kBlockSide = 8, kBlockSplats = 64;
const uint kPlaneRotation = 3, kPlaneScale = 6, kPlaneOpacity = 9, kPlaneSh = 10;

uint luma(uint plane, uvec2 inside) {
    const uint corner = planes[plane].corner;
    const int bits = int(kCornerBits);
    const uvec2 at = inside + uvec2(bitfieldExtract(corner, 0, bits), bitfieldExtract(corner, bits, bits));
    return texelFetch(atlas, ivec3(at, corner >> 2 * bits), 0).x;
}

float value(uint plane, uvec2 inside) {
    return planes[plane].least + planes[plane].step * float(luma(plane, inside));
}

#include "shaders/store.glsl"

void main() {
    const uint i = group_index() * kSubgroup + gl_SubgroupInvocationID;
    if (i >= constants.count) return;
    const uint block = i / kBlockSplats, place = i % kBlockSplats;
    const uvec2 inside =
        uvec2(block % constants.blocks_per_row, block / constants.blocks_per_row) * kBlockSide +
        uvec2(place % kBlockSide, place / kBlockSide);

    [[unroll]] for (uint axis = 0; axis < 3; ++axis) {
        const uint shift = bitfieldExtract(shifts[block], int(8 * axis), 8);
        const int whole = offsets[3 * block + axis] + int(luma(axis, inside) << shift);
        store_geometry(axis, i, constants.position_origin[axis] + constants.position_step * float(whole));
    }
    const vec3 v = vec3(value(kPlaneRotation, inside), value(kPlaneRotation + 1, inside), value(kPlaneRotation + 2, inside));
    vec4 q = vec4(sqrt(max(0., 1 - dot(v, v))), v);
    q /= length(q);
    [[unroll]] for (uint c = 0; c < 4; ++c) store_geometry(3 + c, i, q[c]);
    [[unroll]] for (uint axis = 0; axis < 3; ++axis) store_geometry(7 + axis, i, value(kPlaneScale + axis, inside));
    const float alpha = clamp(value(kPlaneOpacity, inside), 1. / 1024, 1023. / 1024);
    store_geometry(10, i, log(alpha / (1 - alpha)));

    const uint coefficients = (kDegree + 1) * (kDegree + 1);
    float sh[3 * coefficients + 1];
    [[unroll]] for (uint k = 0; k < coefficients; ++k) {
        const float y = value(kPlaneSh + 3 * k, inside), co = value(kPlaneSh + 3 * k + 1, inside);
        const float cg = value(kPlaneSh + 3 * k + 2, inside);
        sh[3 * k] = clamp(y - cg + co, -65504, 65504);
        sh[3 * k + 1] = clamp(y + cg, -65504, 65504);
        sh[3 * k + 2] = clamp(y - cg - co, -65504, 65504);
    }
    sh[3 * coefficients] = 0;
    [[unroll]] for (uint w = 0; w < (3 * coefficients + 1) / 2; ++w)
        store_sh(w, i, packHalf2x16(vec2(sh[2 * w], sh[2 * w + 1])));
}
