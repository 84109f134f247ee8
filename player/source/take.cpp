#include "player/source/take.h"

#include <algorithm>
#include <cmath>

#include "formats/core/error.h"
#include "formats/splats/ply.h"
#include "player/decode/read_ahead.h"

namespace volumen {
namespace {

/// Scans have stray splats far outside: bounds leave out this share of them at either end of each axis.
constexpr double kStrays = 0.005;

class StreamDecoder final : public TakeDecoder {
  public:
    StreamDecoder(const Stream& stream, HwAccel acceleration)
        : stream_(stream), decoder_(stream, 0, acceleration) {}

    void seek(int frame) override { decoder_.seek(frame); }
    FrameContent next() override {
        std::optional<PackedFrame> frame = decoder_.next();
        if (!frame) throw InputError("the stream ends before its last frame");
        return std::move(*frame);
    }
    std::string device() const override { return decoder_.device(); }
    int next_segment(int frame) const override {
        for (const SegmentInfo& segment : stream_.segments())
            if (segment.first_frame > frame) return segment.first_frame;
        return stream_.frame_count();
    }

  private:
    Stream stream_;
    FrameDecoder decoder_;
};

bool is_url(const std::string& path) {
    return path.find("://") != std::string::npos;
}

}  // namespace

Take Take::open(const std::string& path, glm::vec3 ply_up) {
    if (is_url(path))
        throw InputError("{}: this build plays local files only; download the stream and give its folder",
                         path);
    const std::filesystem::path file = path;
    const std::string extension = file.extension();
    if (extension == ".spz" || extension == ".sog")
        throw InputError("{}: this build does not open {} files; convert it to a 3DGS .ply", path, extension);
    if (!std::filesystem::exists(file)) throw InputError("{}: there is no such file or folder", path);

    Take take;
    if (extension == ".ply") {
        take.cloud_ = std::make_shared<const SplatCloud>(read_ply(file));
        take.info_ = describe_cloud(*take.cloud_, ply_up);
        return take;
    }
    take.stream_ = Stream::open(file);
    take.info_ = take.stream_->info();
    take.frame_count_ = take.stream_->frame_count();
    take.segments_ = take.stream_->segments();
    if (take.frame_count_ <= 0) throw InputError("{}: the stream has no frames", path);
    return take;
}

double Take::mbit_per_s() const {
    double bits = 0;
    for (const SegmentInfo& segment : segments_) bits += 8 * double(segment.bytes);
    return bits * info_.fps.value() / frame_count_ * 1e-6;
}

Viewpoint Take::default_view() const {
    return {.eye = info_.view_eye, .target = info_.view_target, .up = info_.up, .fov = info_.view_fov};
}

std::unique_ptr<FrameSource> Take::frames(FrameRange range, HwAccel acceleration) const {
    if (cloud_) return std::make_unique<StillSource>(cloud_, range);
    return std::make_unique<ReadAhead>(std::make_unique<StreamDecoder>(*stream_, acceleration), range);
}

TakeInfo describe_cloud(const SplatCloud& cloud, glm::vec3 up) {
    TakeInfo info;
    info.up = up;
    if (cloud.count == 0) return info;
    std::vector<float> sorted;
    for (int axis = 0; axis < 3; ++axis) {
        const auto channel = cloud.channel(SplatCloud::kPosition + axis);
        sorted.assign(channel.begin(), channel.end());
        std::ranges::sort(sorted);
        const auto skip = std::size_t(kStrays * double(cloud.count));
        info.bounds_min[axis] = sorted[skip];
        info.bounds_max[axis] = sorted[cloud.count - 1 - skip];
    }
    const glm::vec3 centre = 0.5f * (info.bounds_min + info.bounds_max);
    const float radius = std::max(0.5f * glm::length(info.bounds_max - info.bounds_min), 1e-3f);
    const glm::vec3 low = glm::min(info.bounds_min * up, info.bounds_max * up);
    info.floor = low.x + low.y + low.z;

    // From the front: scans stand with their face along -z (y-up or y-down) or -y (z-up).
    const glm::vec3 front = std::abs(up.z) > 0.5f ? glm::vec3(0, -1, 0) : glm::vec3(0, 0, up.y < 0 ? -1 : 1);
    info.view_target = centre;
    info.view_eye = centre + front * (radius / std::sin(0.5f * info.view_fov)) + 0.15f * radius * up;
    return info;
}

}  // namespace volumen
