// A splat's bounding rectangle, farthest splat first.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/shared.h"

layout(set = 0, binding = 0, std430) readonly buffer Order {
    uint order[];
};
layout(set = 0, binding = 1, std430) readonly buffer Ellipses {
    vec4 ellipses[];
};
layout(set = 0, binding = 2, std430) readonly buffer Looks {
    uvec4 looks[];
};
layout(push_constant) uniform Constants {
    vec2 size;  // pixels
    uint count;
};

layout(location = 0) out vec2 from_mean;
layout(location = 1) flat out vec4 conic;  // and log2 of the opacity
layout(location = 2) flat out vec3 colour;

void main() {
    const uint splat = order[count - 1 - gl_InstanceIndex];
    const vec4 ellipse = ellipses[splat];
    const uvec4 look = looks[splat];
    conic = vec4(ellipse.zw, uintBitsToFloat(look.xy));
    colour = vec3(unpackHalf2x16(look.z), unpackHalf2x16(look.w).x);
    const float reach = conic.w - log2(kMinAlpha);
    const float determinant = conic.x * conic.z - 0.25 * conic.y * conic.y;
    const vec2 extent = sqrt(max(reach, 0) / determinant * conic.zx);
    from_mean = extent * (vec2(gl_VertexIndex & 1, gl_VertexIndex >> 1) * 2 - 1);
    gl_Position = vec4((ellipse.xy + from_mean) / size * 2 - 1, 0, 1);
}
