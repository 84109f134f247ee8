#include "shaders/reconstruct/reconstruct.h"

#include <algorithm>
#include <cstring>

#include "formats/core/error.h"
#include "formats/core/image.h"
#include "formats/stream/limits.h"

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kCode[] =
#include "reconstruct/reconstruct.comp.inc"
    ;

/// As the shader reads it.
struct Plane {
    std::uint32_t corner;
    float least, step;
};

std::vector<VkDescriptorType> bindings() {
    std::vector<VkDescriptorType> types = storage_buffers(10);
    types[0] = VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE;
    return types;
}

/// A shift beyond this moves 8 bits of luma out of a 32-bit integer.
constexpr int kLargestShift = 23;

// Sides and tracks fit their bits.
static_assert(kMaxImageSide <= 1 << kCornerBits && kMaxTracks <= 1 << (32 - 2 * kCornerBits));

/// Where a plane begins, of a layout that was checked.
std::uint32_t corner(const SegmentLayout& layout, std::size_t plane) {
    const std::uint32_t height = std::uint32_t(layout.picture_height()), y = layout.plane_y[plane];
    return layout.plane_x[plane] | y % height << kCornerBits | y / height << 2 * kCornerBits;
}

void check_layout(const SegmentLayout& layout) {
    const auto fail = [&](const char* what) {
        throw InputError("segment at frame {}: {}; the stream is damaged", layout.first_frame, what);
    };
    if (layout.sh_degree < 0 || layout.sh_degree > kMaxShDegree) fail("its SH degree is not 0 to 3");
    if (layout.splat_count > kMaxSplats) fail("it has too many splats");
    if (layout.tracks < 1 || layout.tracks > kMaxTracks || layout.atlas_width < 1 ||
        layout.atlas_height < layout.tracks || layout.atlas_height % layout.tracks ||
        layout.atlas_width > kMaxImageSide || layout.picture_height() > kMaxImageSide)
        fail("its atlas has no possible size");
    const std::size_t planes = std::size_t(plane_count(layout.sh_degree));
    if (layout.plane_x.size() != planes || layout.plane_y.size() != planes ||
        layout.plane_min.size() != planes || layout.plane_step.size() != planes)
        fail("its tables are not one entry a plane");
    if (layout.position_shift.size() != std::size_t(layout.blocks()) * 3)
        fail("its shifts are not three a block");
    if (std::any_of(layout.position_shift.begin(), layout.position_shift.end(),
                    [](int shift) { return shift > kLargestShift; }))
        fail("a position's shift is too large");
    if (layout.blocks() == 0) return;
    if (layout.blocks_per_row == 0) fail("its planes have no columns");
    const std::uint64_t across = std::uint64_t(std::min(layout.blocks_per_row, layout.blocks())) * kBlockSide;
    const std::uint64_t down =
        (std::uint64_t(layout.blocks()) + layout.blocks_per_row - 1) / layout.blocks_per_row * kBlockSide;
    for (std::size_t p = 0; p < planes; ++p)
        if (layout.plane_x[p] + across > std::uint64_t(layout.atlas_width) ||
            layout.plane_y[p] >= layout.atlas_height ||
            std::uint64_t(layout.plane_y[p] % layout.picture_height()) + down >
                std::uint64_t(layout.picture_height()))
            fail("a plane lies beyond its atlas");
}
}  // namespace

Reconstruct::Reconstruct(Device& device) : device_(device) {
    const VkEventCreateInfo info{VK_STRUCTURE_TYPE_EVENT_CREATE_INFO};
    for (Staging& staging : stagings_)
        check(vkCreateEvent(device.handle, &info, nullptr, &staging.copied), "vkCreateEvent");
}

Reconstruct::~Reconstruct() {
    for (Staging& staging : stagings_) vkDestroyEvent(device_.handle, staging.copied, nullptr);
}

void Reconstruct::set_layout(const std::shared_ptr<const SegmentLayout>& layout) {
    check_layout(*layout);
    check(vkQueueWaitIdle(device_.queue), "vkQueueWaitIdle");
    forget_bindings();
    layout_ = nullptr;
    const std::uint32_t blocks = layout->blocks();
    std::vector<Plane> planes;
    for (std::size_t p = 0; p < layout->plane_x.size(); ++p)
        planes.push_back({corner(*layout, p), layout->plane_min[p], layout->plane_step[p]});
    std::vector<std::uint32_t> shifts;
    for (std::uint32_t b = 0; b < blocks; ++b) {
        const std::uint8_t* s = layout->position_shift.data() + std::size_t(b) * 3;
        shifts.push_back(s[0] | std::uint32_t(s[1]) << 8 | std::uint32_t(s[2]) << 16);
    }
    if (atlas_.width != layout->atlas_width || atlas_.height != layout->picture_height() ||
        atlas_.layers != layout->tracks) {
        atlas_ = {};
        atlas_ =
            Image(device_, layout->atlas_width, layout->picture_height(), VK_FORMAT_R8_UINT,
                  VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_TRANSFER_DST_BIT, "the atlas", layout->tracks);
    }
    const auto table = [&](Buffer& buffer, std::span<const std::byte> bytes) {
        if (bytes.size() > buffer.bytes || !buffer.handle) {
            buffer = {};
            buffer = Buffer(device_, bytes.size(), Residence::device, "the segment's tables");
        }
        upload(device_, buffer, 0, bytes);
    };
    table(planes_, std::as_bytes(std::span(planes)));
    table(shifts_, std::as_bytes(std::span(shifts)));
    const std::uint64_t offset_bytes = std::uint64_t(blocks) * 3 * sizeof(std::int32_t);
    if (offset_bytes > offsets_.bytes || !offsets_.handle) {
        offsets_ = {};
        offsets_ = Buffer(device_, offset_bytes, Residence::device, "the frame's positions");
    }
    layout_ = layout;
}

Reconstruct::Staging& Reconstruct::free_staging() {
    // A frame that was set and never recorded is in nobody's way.
    for (std::size_t tried = 0; tried < kStagings; ++tried) {
        Staging& staging = stagings_[current_];
        if (!staging.recorded || vkGetEventStatus(device_.handle, staging.copied) == VK_EVENT_SET)
            return staging;
        current_ = (current_ + 1) % kStagings;
    }
    check(vkQueueWaitIdle(device_.queue), "vkQueueWaitIdle");
    return stagings_[current_];
}

void Reconstruct::set_frame(const PackedFrame& frame) {
    if (!frame.layout) throw InputError("frame {} belongs to no segment", frame.index);
    pending_ = false;
    if (frame.layout != layout_) set_layout(frame.layout);
    if (frame.luma.size() != std::size_t(atlas_.width) * std::size_t(layout_->atlas_height) ||
        frame.position_offset.size() != std::size_t(layout_->blocks()) * 3)
        throw InputError("frame {}: its atlas or its positions are not of the segment's size", frame.index);

    const std::span<const std::byte> luma = std::as_bytes(std::span(frame.luma));
    const std::span<const std::byte> offsets = std::as_bytes(std::span(frame.position_offset));
    Staging& staging = free_staging();
    if (staging.buffer.bytes < luma.size() + offsets.size()) {
        staging.buffer = {};
        staging.buffer = Buffer(device_, luma.size() + offsets.size(), Residence::upload, "a decoded frame");
    }
    // Offsets first: whole words, so that the atlas begins at a multiple of four bytes, as copies demand.
    if (!offsets.empty()) std::memcpy(staging.buffer.mapped, offsets.data(), offsets.size());
    std::memcpy(staging.buffer.mapped + offsets.size(), luma.data(), luma.size());
    staging.recorded = false;
    pending_ = true;
}

void Reconstruct::record(VkCommandBuffer commands, const SplatBuffers& splats) {
    Staging& staging = stagings_[current_];
    vkResetEvent(device_.handle, staging.copied);
    const std::uint64_t offset_bytes = std::uint64_t(layout_->blocks()) * 3 * sizeof(std::int32_t);
    discard_to_general(commands, atlas_);
    barrier(commands);
    if (offset_bytes) {
        const VkBufferCopy copy{0, 0, offset_bytes};
        vkCmdCopyBuffer(commands, staging.buffer.handle, offsets_.handle, 1, &copy);
    }
    VkBufferImageCopy region{};
    region.bufferOffset = offset_bytes;
    region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, std::uint32_t(atlas_.layers)};
    region.imageExtent = {std::uint32_t(atlas_.width), std::uint32_t(atlas_.height), 1};
    vkCmdCopyBufferToImage(commands, staging.buffer.handle, atlas_.handle, VK_IMAGE_LAYOUT_GENERAL, 1,
                           &region);
    barrier(commands);
    vkCmdSetEvent(commands, staging.copied, VK_PIPELINE_STAGE_ALL_COMMANDS_BIT);
    staging.recorded = true;
    pending_ = false;
    current_ = (current_ + 1) % kStagings;

    std::unique_ptr<Kernel>& kernel = kernels_[std::size_t(layout_->sh_degree)];
    if (!kernel)
        kernel = std::make_unique<Kernel>(
            device_,
            KernelParams{.code = kCode,
                         .bindings = bindings(),
                         .constants_bytes = sizeof(ReconstructConstants),
                         .specialisation = {device_.subgroup_size, std::uint32_t(layout_->sh_degree)}});
    const ReconstructConstants constants{
        layout_->splat_count,
        splats.stride(),
        layout_->blocks_per_row,
        layout_->position_step,
        {layout_->position_origin[0], layout_->position_origin[1], layout_->position_origin[2]}};
    kernel->launch(
        commands,
        {Binding(atlas_, VK_DESCRIPTOR_TYPE_SAMPLED_IMAGE), planes_, shifts_, offsets_, splats.geometry[0],
         splats.geometry[1], splats.sh[0], splats.sh[1], splats.sh[2], splats.sh[3]},
        constants, (layout_->splat_count + device_.subgroup_size - 1) / device_.subgroup_size);
    barrier(commands);
}

void Reconstruct::forget_bindings() {
    for (const auto& kernel : kernels_)
        if (kernel) kernel->forget_bindings();
}

}  // namespace volumen::gpu
