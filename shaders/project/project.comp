// One splat an invocation: culls it, projects its ellipse, evaluates its colour.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint kDegree = 3;  // of SH
layout(constant_id = 2) const uint kOrder = kOrderDepth;

layout(set = 0, binding = 0, std430) readonly buffer Geometry0 {
    float geometry0[];
};
layout(set = 0, binding = 1, std430) readonly buffer Geometry1 {
    float geometry1[];
};
layout(set = 0, binding = 2, std430) readonly buffer Sh0 {
    uint sh0[];
};
layout(set = 0, binding = 3, std430) readonly buffer Sh1 {
    uint sh1[];
};
layout(set = 0, binding = 4, std430) readonly buffer Sh2 {
    uint sh2[];
};
layout(set = 0, binding = 5, std430) readonly buffer Sh3 {
    uint sh3[];
};
layout(set = 0, binding = 6, std430) writeonly buffer Ellipses {
    vec4 ellipses[];
};
layout(set = 0, binding = 7, std430) writeonly buffer Looks {
    uvec4 looks[];
};
layout(set = 0, binding = 8, std430) writeonly buffer Rects {
    uvec2 rects[];
};
layout(set = 0, binding = 9, std430) writeonly buffer Keys {
    uint keys[];
};
layout(set = 0, binding = 10, std430) buffer Counters {
    uint counters[];
};
layout(set = 0, binding = 11, std430) writeonly buffer Depths {
    vec4 depths[];  // written where each pixel orders its own
};
layout(push_constant) uniform Constants {
    ProjectConstants constants;
};

float geometry(uint plane, uint i) {
    return plane < kPlanesPerBuffer ? geometry0[plane * constants.stride + i]
                                    : geometry1[(plane - kPlanesPerBuffer) * constants.stride + i];
}

uint sh_word(uint plane, uint i) {
    const uint at = plane % kPlanesPerBuffer * constants.stride + i;
    switch (plane / kPlanesPerBuffer) {
        case 0: return sh0[at];
        case 1: return sh1[at];
        case 2: return sh2[at];
        default: return sh3[at];
    }
}

// Real spherical harmonics with the signs of the 3DGS reference; zero above kDegree.
float[16] sh_basis(vec3 d) {
    float b[16] = float[16](0.28209479177387814, 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0., 0.);
    if (kDegree >= 1) {
        b[1] = -0.4886025119029199 * d.y;
        b[2] = 0.4886025119029199 * d.z;
        b[3] = -0.4886025119029199 * d.x;
    }
    const float xx = d.x * d.x, yy = d.y * d.y, zz = d.z * d.z;
    if (kDegree >= 2) {
        b[4] = 1.0925484305920792 * d.x * d.y;
        b[5] = -1.0925484305920792 * d.y * d.z;
        b[6] = 0.31539156525252005 * (2 * zz - xx - yy);
        b[7] = -1.0925484305920792 * d.x * d.z;
        b[8] = 0.5462742152960396 * (xx - yy);
    }
    if (kDegree >= 3) {
        b[9] = -0.5900435899266435 * d.y * (3 * xx - yy);
        b[10] = 2.890611442640554 * d.x * d.y * d.z;
        b[11] = -0.4570457994644658 * d.y * (4 * zz - xx - yy);
        b[12] = 0.3731763325901154 * d.z * (2 * zz - 3 * xx - 3 * yy);
        b[13] = -0.4570457994644658 * d.x * (4 * zz - xx - yy);
        b[14] = 1.445305721320277 * d.z * (xx - yy);
        b[15] = -0.5900435899266435 * d.x * (xx - 3 * yy);
    }
    return b;
}

vec3 colour_of(uint i, vec3 direction) {
    const float basis[16] = sh_basis(direction);
    const uint words = (3 * (kDegree + 1) * (kDegree + 1) + 1) / 2;
    float sum[3] = float[3](0.5, 0.5, 0.5);
    [[unroll]] for (uint w = 0; w < words; ++w) {
        const vec2 pair = unpackHalf2x16(sh_word(w, i));
        sum[2 * w % 3] += basis[2 * w / 3] * pair.x;
        sum[(2 * w + 1) % 3] += basis[(2 * w + 1) / 3] * pair.y;
    }
    return max(vec3(sum[0], sum[1], sum[2]), 0.);
}

mat3 rotation_of(vec4 q) {  // w x y z
    q *= inversesqrt(max(dot(q, q), 1e-30));
    const float w = q.x, x = q.y, y = q.z, z = q.w;
    return mat3(1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y),  //
                2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x),  //
                2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y));
}

bool project(uint i, out uint key) {
    key = kDroppedKey;
    const vec3 position = vec3(geometry(0, i), geometry(1, i), geometry(2, i));
    const vec4 rows[3] = vec4[3](vec4(constants.view[0], constants.view[1], constants.view[2], constants.view[3]),
                                 vec4(constants.view[4], constants.view[5], constants.view[6], constants.view[7]),
                                 vec4(constants.view[8], constants.view[9], constants.view[10], constants.view[11]));
    const vec3 c = vec3(dot(rows[0], vec4(position, 1)), dot(rows[1], vec4(position, 1)), dot(rows[2], vec4(position, 1)));
    const float alpha = 1 / (1 + exp(-geometry(10, i)));
    if (!(c.z >= kNear) || !(alpha >= kMinAlpha)) return false;

    const vec2 focal = vec2(constants.focal[0], constants.focal[1]);
    const vec2 principal = vec2(constants.principal[0], constants.principal[1]);
    const vec2 size = vec2(constants.size[0], constants.size[1]);
    const float inverse_z = 1 / c.z;
    const vec2 tangent = c.xy * inverse_z;
    const vec2 mean = focal * tangent + principal;
    const vec2 clamped = clamp(tangent, (-principal - kFrustumMargin * size) / focal, (size - principal + kFrustumMargin * size) / focal);

    // Rows of J W R S: their products are the covariance on the image, in pixels².
    const vec3 across = focal.x * inverse_z * (rows[0].xyz - clamped.x * rows[2].xyz);
    const vec3 down = focal.y * inverse_z * (rows[1].xyz - clamped.y * rows[2].xyz);
    const mat3 rotation = rotation_of(vec4(geometry(3, i), geometry(4, i), geometry(5, i), geometry(6, i)));
    const vec3 scale = exp(vec3(geometry(7, i), geometry(8, i), geometry(9, i)));
    const vec3 u = across * rotation * scale, v = down * rotation * scale;
    float xx = dot(u, u) + constants.dilation, yy = dot(v, v) + constants.dilation, xy = dot(u, v);
    // |u × v|² is the determinant before dilation, without cancellation.
    const vec3 normal = cross(u, v);
    const float bare = dot(normal, normal);
    float determinant = bare + constants.dilation * (dot(u, u) + dot(v, v) + constants.dilation);
    if (!(determinant > 0) || isinf(determinant)) return false;
    float opacity = constants.compensate != 0 ? alpha * sqrt(bare / determinant) : alpha;
    if (!(opacity >= kMinAlpha)) return false;
    if (constants.picture == kPictureOutlines) opacity = 1;  // a faint splat's outline is not in its own reach
    if (constants.picture == kPicturePoints) {
        xx = yy = kPointVariance, xy = 0;
        determinant = kPointVariance * kPointVariance, opacity = 1;
    }

    // The ellipse on which alpha falls to kMinAlpha, in powers of two: a dx² + b dx dy + c dy² <= reach.
    const float kLog2e = 1.4426950408889634;
    const float log_opacity = log2(opacity);
    const float reach = max(log_opacity - log2(kMinAlpha), 0);
    const vec2 extent = sqrt(reach * 2 / kLog2e * vec2(xx, yy));
    // Pixel centres that it may hold, and the tiles of those.
    const vec2 low = ceil(mean - extent - 0.5), high = floor(mean + extent - 0.5);
    if (!all(lessThanEqual(low, min(high, size - 1))) || !all(greaterThanEqual(high, vec2(0)))) return false;
    const uvec2 tile = uvec2(kTileWidth, kTileHeight);
    const uvec2 first = uvec2(max(low, 0.)) / tile, last = uvec2(min(high, size - 1)) / tile;

    const vec3 centre = vec3(constants.centre[0], constants.centre[1], constants.centre[2]);
    const float near = kOrder == kOrderDepth ? c.z : length(c);
    uvec2 colour = uvec2(floatBitsToUint(near), 0);
    if (constants.picture != kPictureDepth) {
        const vec3 rgb = min(colour_of(i, normalize(position - centre)), 65504.);
        colour = uvec2(packHalf2x16(rgb.xy), packHalf2x16(vec2(rgb.z, 0)));
    }
    const float half_scale = 0.5 * kLog2e / determinant;
    ellipses[i] = vec4(mean, half_scale * yy, -2 * half_scale * xy);
    looks[i] = uvec4(floatBitsToUint(half_scale * xx), floatBitsToUint(log_opacity), colour);
    rects[i] = uvec2(first.x | first.y << 16, last.x | last.y << 16);
    key = floatBitsToUint(near);
    if (kOrder == kOrderPixel) {
        // The depth at which the splat is densest along a pixel's ray: the mean of depth given the pixel, under
        // the same affine map that makes the ellipse.
        const vec3 w = rows[2].xyz * rotation * scale;
        const float wu = dot(w, u), wv = dot(w, v);
        depths[i] = vec4(c.z, wu * yy - wv * xy, wv * xx - wu * xy, 0) * vec2(1, 1 / determinant).xyyy;
    }
    return true;
}

void main() {
    const uint i = group_index() * kSubgroup + gl_SubgroupInvocationID;
    uint key = kDroppedKey;
    bool visible = false;
    if (i < constants.count) {
        visible = project(i, key);
        keys[i] = key;
    }
    const uint least = subgroupMin(key), greatest = subgroupMax(visible ? key : 0);
    if (subgroupElect()) {
        atomicMin(counters[kCounterMinKey], least);
        atomicMax(counters[kCounterMaxKey], greatest);
    }
}
