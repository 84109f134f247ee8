#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/shared.h"

layout(location = 0) in vec2 d;
layout(location = 1) flat in vec4 conic;
layout(location = 2) flat in vec3 colour;
layout(location = 0) out vec4 blended;

void main() {
    const float power = conic.w - (conic.x * d.x + conic.y * d.y) * d.x - conic.z * d.y * d.y;
    const float alpha = min(exp2(power), kMaxAlpha);
    if (alpha < kMinAlpha) discard;
    blended = vec4(alpha * colour, alpha);
}
