// From an image as it is handed out back to the view's own files: masks that are computed, for mending by
// hand.
#include <algorithm>
#include <cmath>

#include "formats/capture/capture_state.h"
#include "formats/capture/readers/mask_files.h"
#include "formats/core/error.h"
#include "formats/media/image_file.h"

namespace volumen {
namespace {

/// The undistorted place of a distorted one, by Newton's method; far away where it does not converge.
glm::dvec2 undistorted(const Distortion& distortion, glm::dvec2 wanted) {
    constexpr int kSteps = 12;
    constexpr double kDelta = 1e-5, kClose = 1e-7;
    glm::dvec2 p = wanted;
    for (int i = 0; i < kSteps; ++i) {
        const glm::dvec2 at = distortion.apply(p), error = at - wanted;
        if (glm::length(error) < kClose) return p;
        const glm::dvec2 dx = (distortion.apply(p + glm::dvec2(kDelta, 0)) - at) / kDelta,
                         dy = (distortion.apply(p + glm::dvec2(0, kDelta)) - at) / kDelta;
        const double determinant = dx.x * dy.y - dx.y * dy.x;
        if (!(std::abs(determinant) > 1e-9)) break;
        p -= glm::dvec2(dy.y * error.x - dy.x * error.y, dx.x * error.y - dx.y * error.x) / determinant;
    }
    return {1e9, 1e9};
}

std::uint8_t bilinear(const Image8& mask, double x, double y) {
    const auto at = [&](int u, int v) -> double {
        return u < 0 || v < 0 || u >= mask.width || v >= mask.height ? 0 : *mask.at(u, v);
    };
    if (!(std::abs(x) < 1e6 && std::abs(y) < 1e6)) return 0;
    const int u = int(std::floor(x)), v = int(std::floor(y));
    const double s = x - u, t = y - v;
    return std::uint8_t(std::lround((1 - t) * ((1 - s) * at(u, v) + s * at(u + 1, v)) +
                                    t * ((1 - s) * at(u, v + 1) + s * at(u + 1, v + 1))));
}

}  // namespace

Image8 Capture::stored_mask(int view, const Image8& mask) const {
    const ViewSource& source = state_->sources.at(std::size_t(view));
    const Camera& camera = source.rig.camera;
    Image8 cropped = mask;
    if (mask.width != camera.width || mask.height != camera.height)
        cropped = resize(mask, camera.width, camera.height);
    Image8 out(source.stored_width, source.stored_height, 1);
    for (int y = 0; y < camera.height; ++y)
        for (int x = 0; x < camera.width; ++x) {
            std::uint8_t& value = *out.at(x + source.crop_x, y + source.crop_y);
            if (source.rig.distortion.none()) {
                value = *cropped.at(x, y);
                continue;
            }
            const glm::dvec2 p = undistorted(source.rig.distortion, {(x + 0.5 - camera.cx) / camera.fx,
                                                                     (y + 0.5 - camera.cy) / camera.fy});
            value = bilinear(cropped, p.x * camera.fx + camera.cx - 0.5, p.y * camera.fy + camera.cy - 0.5);
        }
    return out;
}

std::filesystem::path Capture::mask_file(int view, int frame) const {
    const ViewSource& source = state_->sources.at(std::size_t(view));
    return mask_path(state_->rig.folder, source.rig, source.own_frame(frame).value_or(frame));
}

}  // namespace volumen
