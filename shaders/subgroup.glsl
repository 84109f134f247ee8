// What every kernel starts with. A work group of `kSubgroup` invocations is exactly one subgroup (the device
// is asked for full subgroups), whatever its size: no barrier between subgroups is ever needed.
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_vote : require
#extension GL_KHR_shader_subgroup_ballot : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_KHR_shader_subgroup_shuffle : require
#extension GL_EXT_control_flow_attributes : require
#include "shaders/shared.h"

layout(constant_id = 0) const uint kSubgroup = 32;

uint group_index() {
    return gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
}

// The part [begin, end) of `count` items that group `group` of `groups` handles: whole multiples of the
// subgroup.
uvec2 chunk_of(uint count, uint group, uint groups) {
    const uint batches = (count + kSubgroup - 1) / kSubgroup;
    const uint each = (batches + groups - 1) / groups * kSubgroup;
    return uvec2(min(group * each, count), min(group * each + each, count));
}
