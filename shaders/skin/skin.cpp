#include "shaders/skin/skin.h"

#include <algorithm>
#include <bit>

#include "formats/core/error.h"

namespace volumen::gpu {

namespace {
constexpr std::uint32_t kJointsCode[] =
#include "skin/joints.comp.inc"
    ;
constexpr std::uint32_t kSkinCode[] =
#include "skin/skin.comp.inc"
    ;

/// What read_skin_segment() guarantees, asked again where the device would read beyond a buffer.
void check_segment(const SkinSegment& s, int frame) {
    const std::size_t n = s.splat_count, per_splat = std::size_t(s.anchors.per_splat);
    const auto fits = [&](const SegmentCodebook& book) {
        return book.first.size() == n && book.change_begin.size() == n + 1 &&
               book.change_frame.size() == book.change_entry.size() &&
               book.change_begin.back() == book.change_frame.size() &&
               book.low.size() == std::size_t(book.dimensions);
    };
    const std::size_t picture = std::size_t(s.lookup.width) * std::size_t(s.lookup.height);
    if (frame < 0 || frame >= s.frame_count || n == 0 || n > kMaxSplats || per_splat < 1 ||
        per_splat > kMostAnchors || s.anchors.joints.size() != n * per_splat || s.place.size() != 3 * n ||
        s.rotation.size() != 3 * n || s.mean.size() != kLookups * n || s.row.size() != kLookups * n ||
        s.luma.size() != picture * s.lookup.pictures ||
        !s.lookup.holds(kLookups * n, std::uint32_t(s.frame_count)) ||
        s.codebooks.size() != std::size_t(s.sh_degree) + 1 || !std::ranges::all_of(s.codebooks, fits) ||
        s.joints.size() != std::size_t(s.frame_count) * s.joint_count * kJointComponents)
        throw InputError("segment at frame {}: its parts do not fit together; the stream is damaged",
                         s.first_frame);
}
}  // namespace

Skin::Skin(Device& device)
    : device_(device),
      motion_(device),
      joints_kernel_(device, {.code = kJointsCode,
                              .bindings = storage_buffers(2),
                              .constants_bytes = sizeof(JointConstants),
                              .specialisation = {device.subgroup_size}}) {}

void Skin::make(Buffer& buffer, std::span<const std::byte> bytes, const char* what) {
    if (bytes.size() > buffer.bytes || !buffer.handle) {
        buffer = {};
        buffer = Buffer(device_, bytes.size(), Residence::device, what);
    }
    if (!bytes.empty()) upload(device_, buffer, 0, bytes);
}

/// The planes of shared.h's kSkin...
std::vector<std::uint32_t> Skin::table(const SkinSegment& s) const {
    const std::size_t n = s.splat_count, per_splat = std::size_t(s.anchors.per_splat);
    std::vector<std::uint32_t> out(kSkinPlanes * n);
    const auto plane = [&](std::size_t p) { return out.data() + p * n; };
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t a = 0; a < 3; ++a) {
            plane(kSkinPlaces + a)[i] = std::uint32_t(s.place[3 * i + a]);
            plane(kSkinRotation)[i] |= std::uint32_t(s.rotation[3 * i + a]) << (8 * a);
        }
        for (std::size_t l = 0; l < kLookups; ++l) {
            plane(kSkinMeans)[i] |= std::uint32_t(s.mean[l * n + i]) << (8 * l);
            plane(kSkinRows + l)[i] = s.row[l * n + i];
        }
        for (std::size_t d = 0; d < s.codebooks.size(); ++d)
            plane(kSkinEntries + d / 2)[i] |= std::uint32_t(s.codebooks[d].first[i]) << (16 * (d % 2));
        for (std::size_t a = 0; a < per_splat; ++a) {
            plane(kSkinAnchors + a / 2)[i] |= s.anchors.joints[i * per_splat + a] << (16 * (a % 2));
            plane(kSkinWeights + a)[i] = std::bit_cast<std::uint32_t>(s.anchors.weights[i * per_splat + a]);
        }
    }
    return out;
}

/// Uploads entries and their changes; returns where each codebook's begin.
SkinParameters Skin::codebooks(const SkinSegment& s) {
    SkinParameters out{};
    std::vector<float> entries;
    std::vector<std::uint32_t> changes;
    for (std::size_t d = 0; d < s.codebooks.size(); ++d) {
        const SegmentCodebook& book = s.codebooks[d];
        out.entries[d] = std::uint32_t(entries.size()), out.changes[d] = std::uint32_t(changes.size());
        for (std::size_t i = 0; i < book.levels.size(); ++i) {
            const std::size_t c = i % book.low.size();
            entries.push_back(book.low[c] + book.step[c] * float(book.levels[i]));
        }
        changes.insert(changes.end(), book.change_begin.begin(), book.change_begin.end());
        for (std::size_t c = 0; c < book.change_frame.size(); ++c)
            changes.push_back(book.change_frame[c] | std::uint32_t(book.change_entry[c]) << 16);
    }
    make(entries_, std::as_bytes(std::span(entries)), "the codebooks");
    make(changes_, std::as_bytes(std::span(changes)), "the codebooks' changes");
    return out;
}

void Skin::set_segment(const std::shared_ptr<const SkinSegment>& segment) {
    check(vkQueueWaitIdle(device_.queue), "vkQueueWaitIdle");
    forget_bindings();
    segment_ = nullptr;
    const SkinSegment& s = *segment;
    motion_.set_segment(s);
    SkinParameters parameters = codebooks(s);
    std::copy(s.origin.begin(), s.origin.end(), parameters.origin);
    parameters.grid = s.grid, parameters.rotation_step = s.rotation_step;
    parameters.per_splat = std::uint32_t(s.anchors.per_splat);
    parameters.width = std::uint32_t(s.lookup.width), parameters.height = std::uint32_t(s.lookup.height);
    parameters.columns = s.lookup.columns, parameters.strip_rows = s.lookup.strip_rows;
    for (std::size_t l = 0; l < kLookups; ++l) {
        parameters.lookups[3 * l] = s.lookup_scale[l].low;
        parameters.lookups[3 * l + 1] = s.lookup_scale[l].step;
        parameters.lookups[3 * l + 2] = s.lookup_scale[l].change_step;
    }
    make(parameters_, std::as_bytes(std::span(&parameters, 1)), "the segment's parameters");
    const std::vector<std::uint32_t> words = table(s);
    make(table_, std::as_bytes(std::span(words)), "the skin");
    make(luma_, std::as_bytes(std::span(s.luma)), "the look-up images");
    joints_ = {};
    joints_ = Buffer(device_, std::uint64_t(s.joint_count) * kJointVectors * 4 * sizeof(float),
                     Residence::device, "the frame's joints");
    segment_ = segment;
}

void Skin::set_frame(const std::shared_ptr<const SkinSegment>& segment, int frame) {
    pending_ = false;
    check_segment(*segment, frame);
    if (segment != segment_) set_segment(segment);
    frame_ = frame;
    pending_ = true;
}

void Skin::record(VkCommandBuffer commands, const SplatBuffers& splats) {
    pending_ = false;
    const SkinSegment& s = *segment_;
    const auto groups = [&](std::uint32_t invocations) {
        return (invocations + device_.subgroup_size - 1) / device_.subgroup_size;
    };
    motion_.record(commands);
    joints_kernel_.launch(commands, {motion_.joints(), joints_},
                          JointConstants{s.joint_count, std::uint32_t(frame_), s.grid, s.turn_step,
                                         std::uint32_t(s.joint_shift)},
                          groups(s.joint_count));
    barrier(commands);
    std::unique_ptr<Kernel>& kernel = kernels_[std::size_t(s.sh_degree)];
    if (!kernel)
        kernel = std::make_unique<Kernel>(
            device_, KernelParams{.code = kSkinCode,
                                  .bindings = storage_buffers(12),
                                  .constants_bytes = sizeof(SkinConstants),
                                  .specialisation = {device_.subgroup_size, std::uint32_t(s.sh_degree)}});
    kernel->launch(commands,
                   {table_, joints_, luma_, entries_, changes_, parameters_, splats.geometry[0],
                    splats.geometry[1], splats.sh[0], splats.sh[1], splats.sh[2], splats.sh[3]},
                   SkinConstants{s.splat_count, splats.stride(), std::uint32_t(frame_)},
                   groups(s.splat_count));
    barrier(commands);
}

void Skin::forget_bindings() {
    motion_.forget_bindings();
    joints_kernel_.forget_bindings();
    for (const auto& kernel : kernels_)
        if (kernel) kernel->forget_bindings();
}

}  // namespace volumen::gpu
