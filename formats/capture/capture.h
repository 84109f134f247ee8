// A capture: calibrated views × frames, with masks where there are any.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "formats/core/camera.h"
#include "formats/core/image.h"
#include "formats/core/take_info.h"
#include "formats/splats/ply.h"

namespace volumen {

inline constexpr int kMaxViews = 1024, kMaxFrames = 1 << 20;

struct CaptureOptions {
    int width = 0,
        height = 0;    ///< size of the images handed out; 0: as they are; only width: the longer side
    double scale = 1;  ///< applied when width is 0: 1/3 hands out a third of the size
    std::vector<int> offsets = {};  ///< frames, one a view (CaptureView::offset); empty: the file's
    bool strict = false;            ///< one missing or damaged image is an error, not an absence
    bool masks = true;              ///< false: the capture's own are passed over, as if it had none
    /// Where set: a view at fault is left out, and why is added here, instead of an error. Indices are then
    /// those of the views that are left.
    std::vector<std::string>* problems = nullptr;
};

/// One image of a capture: undistorted, resized, straight (not premultiplied) colour.
struct ViewImage {
    Image8 rgb;    ///< 3 channels; empty: the view has no image of this frame
    Image8 alpha;  ///< 1 channel, the mask; empty where the capture has none
    Image8
        valid;  ///< 1 channel, 0 where undistortion looked outside the source image; empty when all is valid
    std::string problem;  ///< why it is absent, in one line; empty where the view's offset leaves it out

    bool absent() const { return rgb.empty(); }
};

/// RGB composited on a background, [0, 1] display-referred. The background is used where alpha is below 1.
PlanarImage composite(const ViewImage& image, glm::vec3 background);

struct CaptureView {
    std::string name;  ///< the file's or folder's name, for messages
    Camera camera;     ///< pinhole: distortion is removed on load, size as handed out
    int offset = 0;    ///< frames: the view's own frame f + offset shows the take's frame f
};

/// A capture on disk, in any layout that readers/layout.h knows: one image a view and frame
/// (`image/<frame>/<view>.png`: the path's folder that is the frame number counts up, or
/// `<view>/<frame>.png`), one video a view, or single images (a one-frame take). Masks: alpha, or a folder
/// (`mask/<frame>/<view>.png`, for videos too, or `mask_path` in the file), or none. Where only some views
/// have masks, reading another throws InputError.
class Capture {
  public:
    /// `path` is the folder or its calibration. Looks at the headers of frame 0's images (videos: at their
    /// packets) for sizes, alpha and length; decodes none of them. Images larger than w × h by an even margin
    /// of at most 16 pixels are cropped evenly; of the same aspect, they scale the intrinsics. Throws
    /// InputError: names the file, the view, the key. With `strict`, a bad image or
    /// a view with fewer frames than the take is one too.
    static Capture open(const std::filesystem::path& path, const CaptureOptions& options = {});

    const std::vector<CaptureView>& views() const;
    int frame_count() const;
    bool has_masks() const;
    /// Frame rate; up: the mean of the cameras' up, snapped to an axis within 10 degrees; default view: from
    /// view 0's place towards the point nearest to all optical axes; bounds and floor: around that point, as
    /// far as the cameras see; background: white under masks, else black.
    const TakeInfo& info() const;
    /// The same as only these views (not none) tell it: views that are held out must not shape a take.
    TakeInfo info(const std::vector<int>& views) const;
    const std::optional<PointCloud>& points() const;  ///< of the calibration, if any
    /// What was assumed or passed over on opening, one line each, for stderr.
    const std::vector<std::string>& warnings() const;

    /// Whether a view's files reach the frame, given its offset. Where they do not, there is no image by
    /// design.
    bool covers(int view, int frame) const;
    /// One image, by random access (slow for videos: FrameReader reads them in order). Never absent: throws
    /// InputError instead.
    ViewImage read(int view, int frame) const;
    /// The view's surroundings without the performer, from `background/<view name without extension>.png` (or
    /// `.jpg`), or `background_path` of its entry: cropped, undistorted and resized as its frames are; no
    /// alpha. Nothing where there is no such file.
    std::optional<ViewImage> plate(int view) const;
    /// A mask (1 channel) of an image as it is handed out, as it lies over the view's own files: enlarged,
    /// distorted, padded.
    Image8 stored_mask(int view, const Image8& mask) const;
    /// Where the capture's folder has, or would have, the mask of a view and frame: mask/<frame>/<view>.png.
    /// Throws InputError where the view's own mask is something else, such as a video, that would hide it.
    std::filesystem::path mask_file(int view, int frame) const;

    struct State;

  private:
    friend class FrameReader;
    std::shared_ptr<const State> state_;
};

struct CaptureFrame {
    int index = 0;                  ///< frame number in the capture
    std::vector<ViewImage> images;  ///< one a requested view, in the order of the request
};

/// Reads frames in order on a thread of its own, at most `ahead` frames before the caller, so that memory
/// does not grow with the take. Images that are missing or damaged are handed out absent, with their problem,
/// unless the capture was opened `strict`.
class FrameReader {
  public:
    FrameReader(const Capture& capture, std::vector<int> views, int first_frame, int end_frame,
                int ahead = 2);
    ~FrameReader();
    FrameReader(const FrameReader&) = delete;
    FrameReader& operator=(const FrameReader&) = delete;

    /// The next frame, or nothing at the end. Rethrows what reading threw.
    std::optional<CaptureFrame> next();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace volumen
