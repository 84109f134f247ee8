#include "shaders/renderer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <utility>

#include "formats/core/error.h"
#include "shaders/bin/binning.h"
#include "shaders/gpu/frame_log.h"
#include "shaders/interpolate/interpolate.h"
#include "shaders/project/project.h"
#include "shaders/rasterise/rasterise.h"
#include "shaders/reconstruct/reconstruct.h"
#include "shaders/shared.h"
#include "shaders/skin/skin.h"
#include "shaders/sort/radix_sort.h"
#include "shaders/splat_buffers.h"

namespace volumen {

namespace {

/// Room for entries before the first frame has told how many there are.
constexpr std::uint64_t kFirstEntriesPerSplat = 4;

enum Mark : std::uint32_t { kReconstructed = 1, kProjected, kSorted, kRasterised };
static_assert(kRasterised + 1 == gpu::FrameLog::kMarks);

void check_camera(const Camera& camera) {
    if (camera.width < 1 || camera.height < 1 || camera.width > kMaxImageSide ||
        camera.height > kMaxImageSide)
        throw InputError("a camera of {} x {} pixels: an image has 1 to {} a side", camera.width,
                         camera.height, kMaxImageSide);
    if (!(camera.fx > 0) || !(camera.fy > 0) || !std::isfinite(camera.fx) || !std::isfinite(camera.fy))
        throw InputError("a camera with focal lengths {} and {} pixels: they must be above 0", camera.fx,
                         camera.fy);
}

std::uint64_t bytes_of(const gpu::Image& image) {
    return std::uint64_t(image.width) * std::uint64_t(image.height) * 4;
}

std::shared_ptr<const void> segment_of(const PackedFrame& frame) {
    if (frame.skin) return frame.skin;
    return frame.layout;
}

}  // namespace

struct Renderer::State {
    gpu::Device& device;
    gpu::SplatBuffers splats{device}, next{device}, mixed{device};
    gpu::Reconstruct reconstruct{device};
    gpu::Skin skin{device};
    gpu::Interpolate interpolate{device};
    gpu::Project project{device};
    gpu::RadixSort sort{device};
    gpu::Binning binning{device};
    gpu::Rasterise rasterise{device};
    gpu::FrameLog log{device};
    gpu::Buffer counters, picture;
    gpu::Image target;
    SplatCloud stage;
    std::uint32_t moving = 0;  ///< splats in front of the stage's
    /// What the frame and the next one belong to: a layout or a skin's segment.
    std::shared_ptr<const void> segment;
    bool has_next = false, pending_is_next = false;
    RenderStats stats;
    std::vector<RenderStats> finished;  ///< and not taken yet
    std::uint64_t work = 0;             ///< of the frame that stats speaks of

    explicit State(gpu::Device& d)
        : device(d),
          counters(d, gpu::kCounterWords * sizeof(std::uint32_t), gpu::Residence::device, "counters") {}
    ~State() { vkQueueWaitIdle(device.queue); }

    /// Forgets a frame that was set and has not been recorded.
    void cancel_frame() {
        reconstruct.cancel(), skin.cancel();
        has_next = pending_is_next = false;
        segment = nullptr;
    }
    bool pending() const { return reconstruct.pending() || skin.pending(); }
    void set_pending(const PackedFrame& frame);
    /// Records the making of its splats.
    void record_frame(VkCommandBuffer commands) {
        const gpu::SplatBuffers& to = pending_is_next ? next : splats;
        if (reconstruct.pending()) reconstruct.record(commands, to);
        if (skin.pending()) skin.record(commands, to);
    }
    void reserve_between();
    void wait() { gpu::check(vkQueueWaitIdle(device.queue), "vkQueueWaitIdle"); }
    void forget_bindings();
    void reserve_splats(std::uint32_t count, int sh_degree);
    void reserve_image(const Camera& camera);
    void make_room(std::uint64_t entries, std::uint64_t steps);
    bool overflowed() const;
    void update_stats();
    void record(VkCommandBuffer commands, const Camera& camera, const RenderSettings& settings);
    void reserve_picture();
    void copy_target(VkCommandBuffer commands);
    Image8 picture_image() const;
};

void Renderer::State::forget_bindings() {
    reconstruct.forget_bindings();
    interpolate.forget_bindings();
    skin.forget_bindings();
    project.forget_bindings();
    sort.forget_bindings();
    binning.forget_bindings();
    rasterise.forget_bindings();
}

void Renderer::State::reserve_splats(std::uint32_t count, int sh_degree) {
    wait();
    forget_bindings();
    const std::uint64_t all = std::uint64_t(count) + stage.count;
    if (all > kMaxSplats)
        throw InputError("{} splats and {} of the stage: at most {} can be drawn", count, stage.count,
                         kMaxSplats);
    splats.reserve(std::uint32_t(all), sh_degree);
    project.reserve(std::uint32_t(all));
    sort.reserve(std::uint32_t(all));
    moving = count;
    splats.upload(stage, moving);
}

/// Room for the next frame and for what lies between; the stage lies behind both, as behind the frame.
void Renderer::State::reserve_between() {
    if (next.count() == splats.count() && mixed.count() == splats.count() &&
        next.sh_degree() == splats.sh_degree() && mixed.sh_degree() == splats.sh_degree())
        return;
    wait();
    forget_bindings();
    for (gpu::SplatBuffers* buffers : {&next, &mixed}) {
        buffers->reserve(splats.count(), splats.sh_degree());
        buffers->upload(stage, moving);
    }
}

void Renderer::State::set_pending(const PackedFrame& frame) {
    if (frame.skin)
        skin.set_frame(frame.skin, frame.index - frame.skin->first_frame);
    else
        reconstruct.set_frame(frame);
}

void Renderer::State::reserve_image(const Camera& camera) {
    if (target.width != camera.width || target.height != camera.height) {
        wait();
        forget_bindings();
        target = {};
        target = gpu::Image(device, camera.width, camera.height, VK_FORMAT_R8G8B8A8_UNORM,
                            VK_IMAGE_USAGE_STORAGE_BIT | VK_IMAGE_USAGE_SAMPLED_BIT |
                                VK_IMAGE_USAGE_TRANSFER_SRC_BIT | VK_IMAGE_USAGE_COLOR_ATTACHMENT_BIT,
                            "the picture");
    }
    make_room(std::uint64_t(splats.count()) * kFirstEntriesPerSplat, 0);
}

/// Makes room for so many entries and so much work at least, or for as much as the device can hold.
void Renderer::State::make_room(std::uint64_t entries, std::uint64_t steps) {
    const glm::uvec2 tiles = gpu::tiles_of(target.width, target.height);
    const gpu::Binning::Room& now = binning.room();
    if (now.tiles_across == tiles.x && now.tiles_down == tiles.y && now.splats >= splats.count() &&
        now.entries >= entries && now.work >= steps)
        return;
    const gpu::Binning::Room most = binning.largest_room(tiles.x, tiles.y);
    // A quarter more, so that a camera that draws nearer does not reallocate every frame.
    const auto with_margin = [](std::uint64_t wanted, std::uint32_t limit) {
        return std::uint32_t(std::min<std::uint64_t>(wanted + wanted / 4, limit));
    };
    wait();
    forget_bindings();
    binning.reserve({tiles.x, tiles.y, splats.count(), with_margin(entries, most.entries),
                     with_margin(steps, most.work)});
}

/// Takes in what has finished.
void Renderer::State::update_stats() {
    while (const auto frame = log.poll()) {
        const auto& ms = frame->milliseconds;
        stats.reconstruct_ms = ms[kReconstructed - 1];
        stats.project_ms = ms[kProjected - 1];
        stats.sort_ms = ms[kSorted - 1];
        stats.raster_ms = ms[kRasterised - 1];
        stats.render_ms = ms[0] + ms[1] + ms[2] + ms[3];
        stats.splats = std::uint32_t(frame->label);
        stats.visible = frame->counters[gpu::kCounterVisible];
        stats.tile_entries = frame->counters[gpu::kCounterEntries];
        const bool any = stats.visible > 0;
        stats.nearest = any ? std::bit_cast<float>(frame->counters[gpu::kCounterMinKey]) : 0;
        stats.farthest = any ? std::bit_cast<float>(frame->counters[gpu::kCounterMaxKey]) : 0;
        stats.number = frame->number;
        stats.sort_chunks = sort.chunks();
        stats.bin_chunks = binning.chunks();
        work = frame->counters[gpu::kCounterWork];
        if (finished.size() == kMostFinished) finished.erase(finished.begin());
        finished.push_back(stats);
    }
}

/// Whether the last frame's tiles did not all get their splats.
bool Renderer::State::overflowed() const {
    return stats.tile_entries > binning.room().entries || work > binning.room().work;
}

void Renderer::State::record(VkCommandBuffer commands, const Camera& camera, const RenderSettings& settings) {
    if (settings.order == Order::pixel && !project.has_depths(splats.count())) {
        wait();
        forget_bindings();
        project.reserve_depths(splats.count());
    }
    log.begin(commands, splats.count());
    gpu::barrier(commands);
    record_frame(commands);
    const bool mix = has_next && settings.between > 0;
    if (mix) interpolate.record(commands, splats, next, std::min(settings.between, 1.0f), mixed, moving);
    log.mark(commands, kReconstructed);

    constexpr std::array<std::uint32_t, gpu::kCounterWords> kNone{0xffffffffu, 0, 0, 0, 0};
    vkCmdUpdateBuffer(commands, counters.handle, 0, sizeof kNone, kNone.data());
    gpu::barrier(commands);
    project.record(commands, mix ? mixed : splats, camera, settings, sort.keys(), counters);
    gpu::barrier(commands);
    log.mark(commands, kProjected);

    sort.record(commands, splats.count(), gpu::kDepthKeyBits, counters);
    binning.record(commands, sort.order(gpu::kDepthKeyBits), project.ellipses(), project.looks(),
                   project.rects(), counters);
    log.mark(commands, kSorted);

    gpu::discard_to_general(commands, target);
    if (settings.order == Order::pixel && settings.picture == Picture::colour)
        rasterise.record_resorted(commands, binning.starts(), binning.entries(), binning.room().entries,
                                  project.ellipses(), project.looks(), project.depths(), target,
                                  settings.background);
    else
        rasterise.record(commands, binning.starts(), binning.entries(), binning.room().entries,
                         project.ellipses(), project.looks(), counters, target, settings.background,
                         settings.picture);
    gpu::barrier(commands);
    log.mark(commands, kRasterised);
    log.end(commands, counters);
}

void Renderer::State::reserve_picture() {
    if (picture.handle && picture.bytes >= bytes_of(target)) return;
    picture = {};
    picture = gpu::Buffer(device, bytes_of(target), gpu::Residence::download, "the picture");
}

Image8 Renderer::State::picture_image() const {
    Image8 image(target.width, target.height, 4);
    std::memcpy(image.pixels.data(), picture.mapped, bytes_of(target));
    return image;
}

void Renderer::State::copy_target(VkCommandBuffer commands) {
    VkBufferImageCopy region{};
    region.imageSubresource = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};
    region.imageExtent = {std::uint32_t(target.width), std::uint32_t(target.height), 1};
    vkCmdCopyImageToBuffer(commands, target.handle, VK_IMAGE_LAYOUT_GENERAL, picture.handle, 1, &region);
    gpu::barrier(commands, true);
}

Renderer::Renderer(gpu::Device& device) : state_(std::make_unique<State>(device)) {}
Renderer::~Renderer() = default;

void Renderer::set_cloud(const SplatCloud& cloud) {
    if (cloud.count > kMaxSplats)
        throw InputError("{} splats: at most {} can be drawn", cloud.count, kMaxSplats);
    state_->cancel_frame();
    state_->reserve_splats(std::uint32_t(cloud.count), cloud.sh_degree);
    state_->splats.upload(cloud);
}

void Renderer::set_stage(const SplatCloud& stage) {
    state_->cancel_frame();
    state_->stage = stage;
    state_->reserve_splats(0, stage.sh_degree);
    // What has the old stage gets the new one when it is wanted again.
    for (gpu::SplatBuffers* buffers : {&state_->next, &state_->mixed}) buffers->reserve(0, stage.sh_degree);
}

void Renderer::set_frame(const PackedFrame& frame) {
    state_->cancel_frame();
    state_->set_pending(frame);
    state_->segment = segment_of(frame);
    if (frame.splat_count() != state_->moving || frame.sh_degree() != state_->splats.sh_degree())
        state_->reserve_splats(frame.splat_count(), frame.sh_degree());
}

bool Renderer::set_next_frame(const PackedFrame& frame) {
    State& s = *state_;
    if (s.pending() || !s.segment || segment_of(frame) != s.segment) return false;
    s.reserve_between();
    s.set_pending(frame);
    s.has_next = s.pending_is_next = true;
    return true;
}

void Renderer::advance() {
    State& s = *state_;
    assert(s.has_next);
    std::swap(s.splats, s.next);
    s.has_next = s.pending_is_next = false;
}

Image8 Renderer::render(const Camera& camera, const RenderSettings& settings) {
    State& s = *state_;
    check_camera(camera);
    s.reserve_image(camera);
    s.reserve_picture();
    for (;;) {
        s.device.run([&](VkCommandBuffer commands) {
            s.record(commands, camera, settings);
            s.copy_target(commands);
        });
        s.update_stats();
        if (!s.overflowed()) break;
        s.make_room(s.stats.tile_entries, s.work);
        if (s.overflowed())
            throw InputError(
                "{} visible splats cover {} tiles in all, but Vulkan device \"{}\" has room for {}; use "
                "fewer "
                "splats or a smaller image",
                s.stats.visible, s.stats.tile_entries, s.device.device_name, s.binning.room().entries);
    }
    return s.picture_image();
}

Image8 Renderer::read_target() {
    State& s = *state_;
    s.reserve_picture();
    s.device.run([&](VkCommandBuffer commands) {
        gpu::barrier(commands);
        s.copy_target(commands);
    });
    return s.picture_image();
}

void Renderer::record(VkCommandBuffer commands, const Camera& camera, const RenderSettings& settings) {
    State& s = *state_;
    check_camera(camera);
    s.update_stats();
    s.reserve_image(camera);
    if (s.overflowed()) s.make_room(s.stats.tile_entries, s.work);
    s.record(commands, camera, settings);
}

VkImage Renderer::target() const {
    return state_->target.handle;
}

VkImageView Renderer::target_view() const {
    return state_->target.view;
}

const RenderStats& Renderer::stats() const {
    state_->update_stats();
    return state_->stats;
}

std::vector<RenderStats> Renderer::take_finished() {
    state_->update_stats();
    return std::exchange(state_->finished, {});
}

SplatCloud Renderer::read_cloud(float between) {
    State& s = *state_;
    const bool mix = s.has_next && between > 0;
    if (s.pending() || mix)
        s.device.run([&](VkCommandBuffer commands) {
            s.record_frame(commands);
            if (mix) s.interpolate.record(commands, s.splats, s.next, between, s.mixed, s.moving);
        });
    return (mix ? s.mixed : s.splats).download();
}

SplatCloud Renderer::read_splats(std::span<const std::uint32_t> splats) {
    State& s = *state_;
    assert(std::ranges::all_of(splats, [&](std::uint32_t i) { return i < s.splats.count(); }));
    if (s.pending()) s.device.run([&](VkCommandBuffer commands) { s.record_frame(commands); });
    return s.splats.download(splats);
}

}  // namespace volumen
