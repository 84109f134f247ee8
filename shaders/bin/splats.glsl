// Which splats a work group handles and which tiles they touch: what counting and emitting agree on. Loops are
// tested at their foot: a software device runs the body once more, all lanes masked, where the test is at the
// head.
#include "shaders/bin/work.glsl"
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
layout(set = 0, binding = 6, std430) readonly buffer Works {
    uint works[];  // of the batches before
};
layout(push_constant) uniform Constants {
    BinConstants constants;
};

// The steps [begin, end) that are this work group's: it handles the splats that start in them.
uvec2 share_of_group() {
    const uint each = counters[kCounterWork] / constants.chunks + 1;
    return uvec2(group_index() * each, group_index() * each + each);
}

uint batch_count() {
    return (counters[kCounterVisible] + kSubgroup - 1) / kSubgroup;
}

// The last batch that starts at or before a step.
uint batch_at(uint step) {
    uint low = 0, high = batch_count();
    while (low + 1 < high) {
        const uint middle = (low + high) / 2;
        if (works[middle] <= step)
            low = middle;
        else
            high = middle;
    }
    return low;
}

struct Splat {
    uint index;
    vec2 mean;
    vec3 conic;   // a dx² + b dx dy + c dy²
    float reach;  // what that is at most
    uvec2 first;  // tiles
    uint across, count;
    float inverse_across;
};

// This lane's splat of a batch; of no tile where it is not in `share`.
Splat load_splat(uint batch, uvec2 share) {
    const uint place = batch * kSubgroup + gl_SubgroupInvocationID;
    Splat s;
    s.index = 0, s.across = 1, s.count = 0, s.inverse_across = 1;
    s.mean = vec2(0), s.conic = vec3(0), s.reach = 0, s.first = uvec2(0);
    if (place < counters[kCounterVisible]) {
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
        s.inverse_across = 1 / float(s.across);
        s.count = s.across * ((rect.y >> 16) - s.first.y + 1);
    }
    const uint start = works[batch] + subgroupExclusiveAdd(work_of(s.count));
    if (start < share.x || start >= share.y) s.count = 0;
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
    o.inverse_across = subgroupShuffle(s.inverse_across, lane);
    o.count = subgroupShuffle(s.count, lane);
    return o;
}

// The k-th tile of the splat's rectangle.
uvec2 tile_of(Splat s, uint k) {
    const uint row = uint((float(k) + 0.5) * s.inverse_across);
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
