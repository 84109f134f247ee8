// What drawing a tile has in common, whatever the order. One tile a subgroup. Each lane loads one splat of the
// tile's list and draws kTilePixels / kSubgroup pixels; splats go round the lanes by broadcast, so that neither
// shared memory nor a barrier is needed.
#include "shaders/subgroup.glsl"
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) readonly buffer Starts {
    uint starts[];
};
layout(set = 0, binding = 1, std430) readonly buffer Entries0 {
    uint entries0[];
};
layout(set = 0, binding = 2, std430) readonly buffer Entries1 {
    uint entries1[];
};
layout(set = 0, binding = 3, std430) readonly buffer Entries2 {
    uint entries2[];
};
layout(set = 0, binding = 4, std430) readonly buffer Entries3 {
    uint entries3[];
};
layout(set = 0, binding = 5, std430) readonly buffer Ellipses {
    vec4 ellipses[];
};
layout(set = 0, binding = 6, std430) readonly buffer Looks {
    uvec4 looks[];
};
layout(set = 0, binding = 7, rgba8) uniform writeonly image2D target;
layout(push_constant) uniform Constants {
    RasteriseConstants constants;
};

const uint kPixels = (kTilePixels + kSubgroup - 1) / kSubgroup;  // a lane
const float kHidden = -1e30;                                    // the logarithm of no opacity

uvec2 pixel_of(uint k) {
    const uint p = k * kSubgroup + gl_SubgroupInvocationID;
    return uvec2(p % kTileWidth, p / kTileWidth);
}

uvec2 corner_of(uint tile) {
    return uvec2(tile % constants.tiles[0], tile / constants.tiles[0]) * uvec2(kTileWidth, kTileHeight);
}

layout(constant_id = 2) const uint kPicture = kPictureColour;
layout(constant_id = 1) const bool kOneBuffer = true;  // as a rule; a software device takes all four branches

uint entry(uint place) {
    if (kOneBuffer) return entries0[place];
    const uint at = place % kEntriesPerBuffer;
    switch (place / kEntriesPerBuffer) {
        case 0: return entries0[at];
        case 1: return entries1[at];
        case 2: return entries2[at];
        default: return entries3[at];
    }
}

// A splat as the lanes pass it on, its mean counted from the centre of the tile's first pixel.
struct Splat {
    vec2 mean;
    vec3 conic;  // a dx² + b dx dy + c dy², in powers of two
    float log_opacity;
    vec3 colour;
};

// Entry `at`, or nothing that shows from `end` on.
Splat load_splat(uint at, uint end, uvec2 corner) {
    vec4 ellipse = vec4(0);
    uvec4 look = uvec4(0, floatBitsToUint(kHidden), 0, 0);
    if (at < end) {
        const uint splat = entry(at);
        ellipse = ellipses[splat];
        look = looks[splat];
    }
    return Splat(ellipse.xy - vec2(corner) - 0.5, vec3(ellipse.zw, uintBitsToFloat(look.x)), uintBitsToFloat(look.y),
                 kPicture == kPictureDepth ? vec3(uintBitsToFloat(look.z))
                                           : vec3(unpackHalf2x16(look.z), unpackHalf2x16(look.w).x));
}

Splat splat_of_lane(Splat s, uint lane) {
    return Splat(subgroupShuffle(s.mean, lane), subgroupShuffle(s.conic, lane), subgroupShuffle(s.log_opacity, lane),
                 subgroupShuffle(s.colour, lane));
}

// 0 where it would not show; d: from the mean.
float alpha_of(Splat s, vec2 d) {
    const float power = s.log_opacity - (s.conic.x * d.x + s.conic.y * d.y) * d.x - s.conic.z * d.y * d.y;
    const float alpha = min(exp2(power), kMaxAlpha);
    return alpha >= kMinAlpha ? alpha : 0;
}

// Front to back; left: transmittance, negative: the pixel takes no more splats.
void blend(inout vec3 colour, inout float left, vec3 splat_colour, float alpha) {
    const float weight = alpha * left, next = left - weight;
    const bool open = next >= kMinTransmittance;
    colour += (open ? weight : 0) * splat_colour;
    left = open ? next : -abs(left);
}

void store(uvec2 corner, uint k, vec3 colour, float left) {
    const vec3 background = vec3(constants.background[0], constants.background[1], constants.background[2]);
    const uvec2 inside = pixel_of(k);
    const uvec2 at = corner + inside;
    if (inside.y < kTileHeight && at.x < constants.size[0] && at.y < constants.size[1])
        imageStore(target, ivec2(at), vec4(colour + abs(left) * background, 1 - abs(left)));
}
