#include "shaders/splat_buffers.h"

#include <algorithm>
#include <cstring>
#include <glm/packing.hpp>

#include "formats/core/error.h"
#include "formats/core/parallel.h"

namespace volumen::gpu {

namespace {

static_assert(kGeometryPlanes == SplatCloud::kSh && sh_words(kMaxShDegree) == kMaxShWords);

constexpr std::size_t kWord = sizeof(std::uint32_t);
constexpr float kLargestHalf = 65504;
/// Bytes a splat needs beside its attributes: projected ellipse, look, tiles (40), keys and values (16).
constexpr std::uint64_t kWorkingBytes = 56;

std::uint32_t planes_in(std::uint32_t buffer, std::uint32_t planes) {
    const std::uint32_t before = buffer * kPlanesPerBuffer;
    return planes > before ? std::min(planes - before, kPlanesPerBuffer) : 0;
}

/// Word `w` of splat `i`: two neighbouring SH values.
std::uint32_t pack_sh(const SplatCloud& cloud, std::uint32_t w, std::size_t i) {
    glm::vec2 pair{0};
    for (std::uint32_t half = 0; half < 2; ++half)
        if (const int channel = SplatCloud::kSh + int(2 * w + half); channel < cloud.channels())
            pair[int(half)] = std::clamp(cloud.channel(channel)[i], -kLargestHalf, kLargestHalf);
    return glm::packHalf2x16(pair);
}

/// The other way, of all splats.
void unpack_sh(std::span<const std::uint32_t> words, std::uint32_t w, SplatCloud& cloud) {
    for (std::uint32_t half = 0; half < 2; ++half) {
        const int channel = SplatCloud::kSh + int(2 * w + half);
        if (channel >= cloud.channels()) break;
        const std::span<float> values = cloud.channel(channel);
        for (std::size_t i = 0; i < cloud.count; ++i) values[i] = glm::unpackHalf2x16(words[i])[int(half)];
    }
}

}  // namespace

SplatBuffers::SplatBuffers(Device& device) : device_(&device) {
    reserve(1, 0);
    count_ = 0;
}

std::uint32_t SplatBuffers::largest_count(int sh_degree) const {
    const std::uint64_t by_buffer = device_->limits.maxStorageBufferRange / (kPlanesPerBuffer * kWord);
    const std::uint64_t splat_bytes = (kGeometryPlanes + sh_words(sh_degree)) * kWord + kWorkingBytes;
    // An eighth is left to images, tables and others.
    const std::uint64_t by_heap = device_->local_heap_bytes() / 8 * 7 / splat_bytes;
    return std::uint32_t(std::min({by_buffer, by_heap, std::uint64_t(kMaxSplats)}));
}

bool SplatBuffers::reserve(std::uint32_t count, int sh_degree) {
    const std::uint32_t largest = largest_count(sh_degree);
    if (count > largest)
        throw InputError("{} splats at SH degree {} are more than Vulkan device \"{}\" can hold: {} fit",
                         count, sh_degree, device_->device_name, largest);
    count_ = count;
    sh_degree_ = sh_degree;
    if (count <= capacity_ && sh_degree <= sh_capacity_) return false;
    const std::uint32_t capacity = std::max(count, capacity_);
    const int degree = std::max(sh_degree, sh_capacity_);
    capacity_ = 0;
    const auto allocate = [&](Buffer& buffer, std::uint32_t planes) {
        buffer = {};
        buffer = Buffer(*device_, std::uint64_t(planes) * capacity * kWord, Residence::device, "the splats");
    };
    for (std::uint32_t b = 0; b < kGeometryBuffers; ++b) allocate(geometry[b], planes_in(b, kGeometryPlanes));
    for (std::uint32_t b = 0; b < kShBuffers; ++b) allocate(sh[b], planes_in(b, sh_words(degree)));
    capacity_ = capacity;
    sh_capacity_ = degree;
    return true;
}

void SplatBuffers::upload(const SplatCloud& cloud, std::uint32_t first) {
    if (cloud.count == 0) return;
    const auto put = [&](const Buffer& buffer, std::uint32_t plane, std::span<const std::byte> bytes) {
        gpu::upload(*device_, buffer, (std::uint64_t(plane % kPlanesPerBuffer) * capacity_ + first) * kWord,
                    bytes);
    };
    for (std::uint32_t plane = 0; plane < kGeometryPlanes; ++plane)
        put(geometry[plane / kPlanesPerBuffer], plane, std::as_bytes(cloud.channel(int(plane))));
    std::vector<std::uint32_t> words(cloud.count);
    for (std::uint32_t plane = 0; plane < sh_words(sh_degree_); ++plane) {
        parallel_for(cloud.count, 4096, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t i = begin; i < end; ++i) words[i] = pack_sh(cloud, plane, i);
        });
        put(sh[plane / kPlanesPerBuffer], plane, std::as_bytes(std::span(words)));
    }
}

SplatCloud SplatBuffers::download() const {
    SplatCloud cloud(count_, sh_degree_);
    const auto get = [&](const Buffer& buffer, std::uint32_t plane, std::span<std::byte> bytes) {
        gpu::download(*device_, buffer, std::uint64_t(plane % kPlanesPerBuffer) * capacity_ * kWord, bytes);
    };
    for (std::uint32_t plane = 0; plane < kGeometryPlanes; ++plane)
        get(geometry[plane / kPlanesPerBuffer], plane, std::as_writable_bytes(cloud.channel(int(plane))));
    std::vector<std::uint32_t> words(cloud.count);
    for (std::uint32_t plane = 0; plane < sh_words(sh_degree_); ++plane) {
        get(sh[plane / kPlanesPerBuffer], plane, std::as_writable_bytes(std::span(words)));
        unpack_sh(words, plane, cloud);
    }
    return cloud;
}

SplatCloud SplatBuffers::download(std::span<const std::uint32_t> splats) const {
    SplatCloud cloud(splats.size(), sh_degree_);
    if (splats.empty()) return cloud;
    const std::uint32_t planes = kGeometryPlanes + sh_words(sh_degree_);
    const Buffer staging(*device_, planes * splats.size_bytes(), Residence::download, "some splats");
    device_->run([&](VkCommandBuffer commands) {
        barrier(commands);
        for (std::uint32_t plane = 0; plane < planes; ++plane) {
            const bool is_sh = plane >= kGeometryPlanes;
            const std::uint32_t p = is_sh ? plane - kGeometryPlanes : plane;
            const Buffer& from = is_sh ? sh[p / kPlanesPerBuffer] : geometry[p / kPlanesPerBuffer];
            std::vector<VkBufferCopy> copies;
            for (std::size_t i = 0; i < splats.size(); ++i)
                copies.push_back({(std::uint64_t(p % kPlanesPerBuffer) * capacity_ + splats[i]) * kWord,
                                  (plane * splats.size() + i) * kWord, kWord});
            vkCmdCopyBuffer(commands, from.handle, staging.handle, std::uint32_t(copies.size()),
                            copies.data());
        }
        barrier(commands, true);
    });
    std::memcpy(cloud.values.data(), staging.mapped, kGeometryPlanes * splats.size_bytes());
    std::vector<std::uint32_t> words(splats.size());
    for (std::uint32_t plane = 0; plane < sh_words(sh_degree_); ++plane) {
        std::memcpy(words.data(), staging.mapped + (kGeometryPlanes + plane) * splats.size_bytes(),
                    splats.size_bytes());
        unpack_sh(words, plane, cloud);
    }
    return cloud;
}

}  // namespace volumen::gpu
