// Which tiles a splat touches: what counting and emitting agree on.
layout(local_size_x_id = 0) in;

layout(set = 0, binding = 0, std430) readonly buffer Order {
    uint order[];
};
layout(set = 0, binding = 1, std430) readonly buffer Ellipses {
    vec4 ellipses[];
};
layout(set = 0, binding = 2, std430) readonly buffer Looks {
    uvec4 looks[];
};
layout(set = 0, binding = 3, std430) readonly buffer Rects {
    uvec2 rects[];
};
layout(set = 0, binding = 4, std430) readonly buffer Counters {
    uint counters[];
};
layout(set = 0, binding = 5, std430) coherent buffer Table {
    uint table[];  // [chunk][tile]
};
layout(push_constant) uniform Constants {
    BinConstants constants;
};

struct Splat {
    uint index;
    vec2 mean;
    vec3 conic;   // a dx² + b dx dy + c dy²
    float reach;  // what that is at most
    uvec2 first;  // tiles
    uint across, count;
};

Splat load_splat(uint place, bool valid) {
    Splat s;
    s.index = 0, s.across = 1, s.count = 0;
    s.mean = vec2(0), s.conic = vec3(0), s.reach = 0, s.first = uvec2(0);
    if (valid) {
        s.index = order[place];
        const vec4 ellipse = ellipses[s.index];
        const uvec2 look = looks[s.index].xy;
        const uvec2 rect = rects[s.index];
        s.mean = ellipse.xy;
        s.conic = vec3(ellipse.zw, uintBitsToFloat(look.x));
        // A thousandth more than what the pixels are tested against, so that rounding loses none.
        s.reach = uintBitsToFloat(look.y) - log2(kMinAlpha) + 1e-3;
        s.first = uvec2(rect.x & 0xffff, rect.x >> 16);
        s.across = (rect.y & 0xffff) - s.first.x + 1;
        s.count = s.across * ((rect.y >> 16) - s.first.y + 1);
    }
    return s;
}

Splat splat_of_lane(Splat s, uint lane) {
    Splat o;
    o.index = subgroupShuffle(s.index, lane);
    o.mean = subgroupShuffle(s.mean, lane);
    o.conic = subgroupShuffle(s.conic, lane);
    o.reach = subgroupShuffle(s.reach, lane);
    o.first = subgroupShuffle(s.first, lane);
    o.across = subgroupShuffle(s.across, lane);
    o.count = subgroupShuffle(s.count, lane);
    return o;
}

// The k-th tile of the splat's rectangle.
uvec2 tile_of(Splat s, uint k) {
    const uint row = uint((float(k) + 0.5) / float(s.across));
    return s.first + uvec2(k - row * s.across, row);
}

// Whether the ellipse reaches a pixel centre's place inside the tile. The least value of a convex quadratic
// over a rectangle that does not hold its centre lies on one of the two edges that are nearest to it.
bool touches(Splat s, uvec2 tile) {
    const vec2 low = vec2(tile * uvec2(kTileWidth, kTileHeight)) + 0.5 - s.mean;
    const vec2 high = low + vec2(kTileWidth - 1, kTileHeight - 1);
    const vec2 near = clamp(vec2(0), low, high);
    const float y = clamp(-0.5 * s.conic.y / s.conic.z * near.x, low.y, high.y);
    const float x = clamp(-0.5 * s.conic.y / s.conic.x * near.y, low.x, high.x);
    const float on_side = s.conic.x * near.x * near.x + (s.conic.y * near.x + s.conic.z * y) * y;
    const float on_top = s.conic.z * near.y * near.y + (s.conic.y * near.y + s.conic.x * x) * x;
    return min(on_side, on_top) <= s.reach;
}
