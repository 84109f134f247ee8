// A stretch of a capture as small pictures: what calibration in time and colour looks at.
#pragma once

#include <vector>

#include "formats/capture/capture.h"

namespace volumen {

/// One small picture; absent where the capture has none.
struct SmallPicture {
    std::vector<std::uint8_t> rgb;   ///< 3 a pixel, straight colour
    std::vector<std::uint8_t> mask;  ///< one a pixel, 1: inside; empty without masks
    bool absent() const { return rgb.empty(); }
    /// Of coverages, 0 to 255.
    void set_mask(std::vector<std::uint8_t> alpha);
};

struct SampledView {
    int view = 0;                        ///< index in the capture's file
    Camera camera;                       ///< at the pictures' size
    std::vector<SmallPicture> pictures;  ///< one a frame of the stretch

    bool inside(const SmallPicture& picture, int x, int y) const {
        return picture.mask[std::size_t(y) * std::size_t(camera.width) + std::size_t(x)] != 0;
    }
};

struct Samples {
    int first_frame = 0, frame_count = 0;
    bool masks = false;
    glm::vec3 centre{0};  ///< around which the subject is looked for
    float radius = 1;
    std::vector<SampledView> views;

    /// The picture of views[v] that shows the stretch's frame `frame` if the view is late by `offset` frames;
    /// null where there is none.
    const SmallPicture* at(std::size_t v, int frame, int offset) const {
        const int own = frame + offset;
        if (own < 0 || own >= frame_count) return nullptr;
        const SmallPicture& picture = views[v].pictures[std::size_t(own)];
        return picture.absent() ? nullptr : &picture;
    }
};

/// Longer side of the pictures; and how many frames at most, fewer where there are hundreds of views.
inline constexpr int kSampleSide = 160, kSampleFrames = 32;

/// The stretch in the middle of frames [first, end), of these views, read in order, on all threads.
Samples read_samples(const std::filesystem::path& capture, const std::vector<int>& views, int first, int end,
                     const CaptureOptions& options);

}  // namespace volumen
