#include "encoder/train/following_trainer.h"

#include "formats/core/error.h"

namespace volumen::train {

void FollowingTrainer::begin() {
    rigid_.emplace(cloud_);
    begin_segment();
}

void FollowingTrainer::go_on() {
    rigid_->rebase(cloud_);
    follow();
}

void FollowingTrainer::follow_on() {
    previous_ = cloud_;
    go_on();
}

void FollowingTrainer::finish_frame(bool begins) {
    if (begins) {
        frame_in_segment_ = 0;
        begin();
    }
    ++frame_in_segment_, ++frames_;
}

void FollowingTrainer::take_fields(Archive& archive) {
    training_.fields(archive);
    archive(frames_);
    archive(frame_in_segment_);
}

Bytes FollowingTrainer::save() {
    Archive archive;
    take_fields(archive);
    segment_fields(archive);
    return archive.release();
}

void FollowingTrainer::restore(std::span<const std::uint8_t> state, const std::string& name,
                               const SegmentFrames& segment) {
    const auto check = [&](bool good) {
        if (!good) throw InputError("{}: does not fit the frames beside it; --restart begins anew", name);
    };
    Archive archive(state, name);
    take_fields(archive);
    check(frame_in_segment_ >= 1 && frame_in_segment_ <= training_.settings.segment_frames &&
          frames_ >= frame_in_segment_ && training_.valid());
    // What a segment's clouds make is made anew from them.
    for (int frame = 0; frame < frame_in_segment_; ++frame) {
        SplatCloud cloud = segment.cloud(frame);
        check(cloud.count > 0);
        check(frame == 0 || (cloud.count == cloud_.count && cloud.sh_degree == cloud_.sh_degree));
        if (frame > 0) go_on();
        cloud_ = std::move(cloud);
        if (frame == 0) begin();
    }
    segment_fields(archive);
    archive.finish();
    check(valid());
}

}  // namespace volumen::train
