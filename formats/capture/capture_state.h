// What an opened capture knows; private to capture.cpp, frame_reader.cpp and their kin.
#pragma once

#include <vector>

#include "formats/capture/capture.h"
#include "formats/capture/rig_file.h"
#include "formats/media/video_reader.h"

namespace volumen {

/// How a view's files become the images that are handed out: cropped, undistorted, resized.
struct ViewSource {
    RigView rig;  ///< camera: complete, at the size after cropping
    int stored_width = 0, stored_height = 0;
    int crop_x = 0, crop_y = 0;  ///< cut off at the left and at the right, at the top and at the bottom
    int width = 0, height = 0;   ///< as handed out
};

struct Capture::State {
    RigFile rig;  ///< its views have moved to `sources`
    std::vector<CaptureView> views;
    std::vector<ViewSource> sources;
    int frame_count = 1;
    bool masks = false;
    TakeInfo info;
    std::optional<PointCloud> points;
};

/// The frames of one view in the order they are asked for; videos stay open.
class ViewFrames {
  public:
    ViewFrames(const ViewSource& source, bool masks) : source_(source), masks_(masks) {}
    ViewImage read(int frame);

  private:
    Image8 load(const FramePath& path, std::optional<VideoReader>& video, int frame) const;

    const ViewSource& source_;
    bool masks_;
    std::optional<VideoReader> image_video_, mask_video_;
};

/// Up, default view, bounds and background from the cameras of `views` (not empty). `state` has its views,
/// fps and masks.
TakeInfo take_info(const Capture::State& state, const std::vector<CaptureView>& views);

}  // namespace volumen
