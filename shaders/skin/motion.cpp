#include "shaders/skin/motion.h"

#include <algorithm>

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kRansCode[] =
#include "skin/rans.comp.inc"
    ;
constexpr std::uint32_t kChangesCode[] =
#include "skin/changes.comp.inc"
    ;
constexpr std::uint32_t kSumCode[] =
#include "skin/sum.comp.inc"
    ;

/// As the shader reads it.
struct Array {
    std::uint32_t size, first, bits, lanes, symbols, starts, words, word_count;
};

/// llvmpipe ends a loop after 65,535 rounds without a word: arrays that need more are decoded by the
/// processor.
constexpr std::uint32_t kMostRounds = 60'000;

KernelParams params(Device& device, std::span<const std::uint32_t> code, std::size_t buffers,
                    std::uint32_t constants) {
    return {.code = code,
            .bindings = storage_buffers(buffers),
            .constants_bytes = constants,
            .specialisation = {device.subgroup_size}};
}

bool fits_shader(const SkinSegment& segment) {
    return segment.joint_count <= kMostRounds &&
           std::ranges::all_of(segment.coded_motion, [&](const CodedMotion& motion) {
               const RansArray& array = motion.symbols;
               return array.size / std::max(array.lanes, 1u) <= kMostRounds;
           });
}
}  // namespace

Motion::Motion(Device& device)
    : device_(device),
      rans_(device, params(device, kRansCode, 5, sizeof(RansConstants))),
      changes_(device, params(device, kChangesCode, 3, sizeof(MotionConstants))),
      sum_(device, params(device, kSumCode, 2, sizeof(MotionConstants))) {}

void Motion::upload_arrays(const SkinSegment& segment) {
    std::vector<Array> arrays;
    std::vector<std::uint32_t> table, payload, modes;
    for (const CodedMotion& motion : segment.coded_motion) {
        const RansArray& a = motion.symbols;
        modes.push_back(motion.mode);
        arrays.push_back({a.size, a.first, std::uint32_t(a.bits), a.lanes,
                          a.lanes ? std::uint32_t(a.starts.size()) - 1 : 0, std::uint32_t(table.size()),
                          std::uint32_t(payload.size()), std::uint32_t(a.words.size())});
        table.insert(table.end(), a.starts.begin(), a.starts.end());
        for (std::size_t i = 0; i < a.words.size(); i += 2)
            payload.push_back(a.words[i] | std::uint32_t(i + 1 < a.words.size() ? a.words[i + 1] : 0) << 16);
    }
    const auto make = [&](Buffer& buffer, const auto& values) {
        buffer = {};
        const auto bytes = std::as_bytes(std::span(values));
        buffer = Buffer(device_, bytes.size(), Residence::device, "the joints' motion");
        if (!bytes.empty()) upload(device_, buffer, 0, bytes);
    };
    make(arrays_, arrays), make(table_, table), make(payload_, payload), make(modes_, modes);
    make(parents_, segment.parents);
    slots_ = {}, symbols_ = {};
    slots_ = Buffer(device_, std::uint64_t(kJointComponents) * kRansSlots * sizeof(std::uint32_t),
                    Residence::device, "the frequencies of motion");
    symbols_ = Buffer(
        device_, std::uint64_t(kJointComponents) * shape_.joints * (shape_.frames - 1) * sizeof(std::int32_t),
        Residence::device, "the changes of joints");
}

void Motion::set_segment(const SkinSegment& segment) {
    shape_ = {segment.joint_count, std::uint32_t(segment.frame_count)};
    joints_ = {};
    joints_ = Buffer(device_, segment.joints.size() * sizeof(std::int32_t), Residence::device, "the joints");
    pending_ = shape_.frames > 1 && fits_shader(segment);
    const std::size_t known =
        pending_ ? std::size_t(shape_.joints) * kJointComponents : segment.joints.size();
    upload(device_, joints_, 0, std::as_bytes(std::span(segment.joints).first(known)));
    if (pending_) upload_arrays(segment);
}

void Motion::record(VkCommandBuffer commands) {
    if (!pending_) return;
    pending_ = false;
    const auto groups = [&](std::uint32_t invocations) {
        return (invocations + device_.subgroup_size - 1) / device_.subgroup_size;
    };
    rans_.launch(commands, {arrays_, table_, payload_, slots_, symbols_},
                 RansConstants{kJointComponents, shape_.joints * (shape_.frames - 1)}, kJointComponents);
    barrier(commands);
    changes_.launch(commands, {symbols_, parents_, modes_}, shape_,
                    groups(kJointComponents * (shape_.frames - 1)));
    barrier(commands);
    sum_.launch(commands, {symbols_, joints_}, shape_, groups(kJointComponents * shape_.joints));
    barrier(commands);
}

void Motion::forget_bindings() {
    rans_.forget_bindings();
    changes_.forget_bindings();
    sum_.forget_bindings();
}

}  // namespace volumen::gpu
