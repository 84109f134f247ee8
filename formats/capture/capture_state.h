// What an opened capture knows; private to capture.cpp, frame_reader.cpp and their kin.
#pragma once

#include <functional>
#include <vector>

#include "formats/capture/capture.h"
#include "formats/capture/rig.h"
#include "formats/media/video_reader.h"

namespace volumen {

/// How a view's files become the images that are handed out: cropped, undistorted, resized.
struct ViewSource {
    RigView rig;  ///< camera: complete, at the size after cropping
    int stored_width = 0, stored_height = 0;
    int crop_x = 0, crop_y = 0;  ///< cut off at the left and at the right, at the top and at the bottom
    int width = 0, height = 0;   ///< as handed out
    int offset = 0;              ///< as CaptureView has it
    int files = 1;               ///< frames that the view's own files have
    bool masked = false;         ///< its images have alpha, or masks beside them
    bool opaque = false;         ///< both are passed over

    /// The view's own frame that shows the take's; nothing where the offset leads past its files.
    std::optional<int> own_frame(int frame) const {
        const int own = frame + offset;
        return own < 0 || (own >= files && frame < files) ? std::nullopt : std::optional(own);
    }
};

struct Capture::State {
    Rig rig;  ///< its views have moved to `sources`
    std::vector<CaptureView> views;
    std::vector<ViewSource> sources;
    int frame_count = 1;
    bool masks = false, strict = false;
    std::vector<std::string> warnings;
    TakeInfo info;
    std::optional<PointCloud> points;
};

/// What is wrong with a view that has no masks where others have some.
std::string no_mask(const ViewSource& source);

/// The frames of one view in the order they are asked for; videos stay open.
class ViewFrames {
  public:
    /// `masks`: of the capture. Throws InputError where it has them and the view has not.
    ViewFrames(const ViewSource& source, bool masks);
    bool covers(int frame) const { return source_.own_frame(frame).has_value(); }
    /// Throws InputError where there is no image of the take's frame.
    ViewImage read(int frame);
    /// The same, but absent with its problem where there is none.
    ViewImage read_if_present(int frame);

  private:
    struct Video {
        std::optional<VideoReader> reader;
        int failures = 0;  ///< one after the other
    };
    Image8 load(const FramePath& path, Video& video, int own) const;

    const ViewSource& source_;
    bool masks_;
    Video image_video_, mask_video_;
    std::string last_problem_;
};

/// Without alpha, if it has any.
Image8 opaque(const Image8& image);

/// Crops, undistorts, resizes and splits a view's stored image (3 or 4 channels).
ViewImage prepared(Image8 image, const ViewSource& source);

/// Counts each source's files (videos have done so) and returns the take's length: what the calibration says,
/// else the shortest view's. `pass_over` is told what is shorter; it may throw.
int count_frames(const Rig& rig, std::vector<ViewSource>& sources,
                 const std::function<void(const std::string&)>& pass_over);

/// Views that look away from what nearly all others look at, one line each. None where the views look at no
/// one place, such as outwards from the middle of a room.
std::vector<std::string> views_that_look_away(const std::vector<CaptureView>& views);

/// Up, default view, bounds and background from the cameras of `views` (not empty). `state` has its views,
/// fps and masks.
TakeInfo take_info(const Capture::State& state, const std::vector<CaptureView>& views);

}  // namespace volumen
