#include "player/source/take.h"

#include "formats/core/error.h"
#include "formats/splats/describe.h"
#include "formats/splats/read_splats.h"
#include "player/decode/read_ahead.h"

namespace volumen {
namespace {

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
    std::string note() const override { return decoder_.note(); }
    int segment_begin(int frame) const override {
        int begin = 0;
        for (const SegmentInfo& segment : stream_.segments())
            if (segment.first_frame <= frame) begin = segment.first_frame;
        return begin;
    }
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

Take Take::open(const std::string& path, glm::vec3 splats_up) {
    if (is_url(path))
        throw InputError("{}: this build plays local files only; download the stream and give its folder",
                         path);
    const std::filesystem::path file = path;
    if (!std::filesystem::exists(file)) throw InputError("{}: there is no such file or folder", path);

    Take take;
    if (is_splats(file)) {
        take.cloud_ = std::make_shared<const SplatCloud>(read_splats(file).cloud);
        Bounds bounds;
        bounds.add(*take.cloud_);
        take.info_ = describe_take(bounds, splats_up);
        return take;
    }
    take.stream_ = Stream::open(file);
    take.info_ = take.stream_->info();
    take.frame_count_ = take.stream_->frame_count();
    take.segments_ = take.stream_->segments();
    if (std::optional<SplatCloud> stage = take.stream_->read_stage()) take.stage_ = std::move(*stage);
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

}  // namespace volumen
