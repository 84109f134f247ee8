#include "encoder/train/training_frame.h"

#include <algorithm>

#include "formats/core/error.h"
#include "formats/core/parallel.h"

namespace volumen::train {

void TrainingView::over(glm::vec3 background, PlanarImage& out) const {
    if (out.width != colour.width || out.height != colour.height)
        out = PlanarImage(colour.width, colour.height);
    if (alpha.empty()) {
        std::copy(colour.values.begin(), colour.values.end(), out.values.begin());
        return;
    }
    for (int c = 0; c < 3; ++c) {
        const float behind = background[c];
        const float* from = colour.plane(c).data();
        float* to = out.plane(c).data();
        for (std::size_t i = 0; i < alpha.size(); ++i) to[i] = from[i] + (1 - alpha[i]) * behind;
    }
}

TrainingView make_training_view(const Capture& capture, int index, const ViewImage& image) {
    TrainingView view;
    view.view = index;
    view.camera = capture.views()[std::size_t(index)].camera;
    view.colour = composite(image, glm::vec3(0));  // over black: premultiplied
    if (!image.alpha.empty()) {
        view.alpha.resize(view.colour.area());
        std::transform(image.alpha.pixels.begin(), image.alpha.pixels.end(), view.alpha.begin(),
                       [](std::uint8_t a) { return float(a) / 255; });
    }
    if (!image.valid.empty()) {
        view.weight.resize(view.colour.area());
        std::transform(image.valid.pixels.begin(), image.valid.pixels.end(), view.weight.begin(),
                       [](std::uint8_t a) { return a == 255 ? 1.0f : 0.0f; });
    }
    return view;
}

TrainingFrame make_training_frame(const Capture& capture, const std::vector<int>& views,
                                  const CaptureFrame& frame) {
    std::vector<std::size_t> present;
    std::string problem;
    for (std::size_t v = 0; v < views.size(); ++v) {
        if (!frame.images[v].absent()) present.push_back(v);
        if (problem.empty()) problem = frame.images[v].problem;
    }
    if (present.empty())
        throw InputError("frame {}: no view has an image: {}", frame.index,
                         problem.empty() ? "the views' offsets leave none" : problem);
    TrainingFrame out{frame.index, std::vector<TrainingView>(present.size())};
    parallel_for(present.size(), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t v = begin; v < end; ++v)
            out.views[v] = make_training_view(capture, views[present[v]], frame.images[present[v]]);
    });
    return out;
}

namespace {

/// 2 × 2 means; an odd last row or column is dropped, as the camera's integer size is.
void halve(const float* from, int width, float* to, int to_width, int to_height) {
    for (int y = 0; y < to_height; ++y) {
        const float* a = from + std::size_t(2 * y) * width;
        const float* b = a + width;
        for (int x = 0; x < to_width; ++x)
            to[std::size_t(y) * to_width + x] = 0.25f * (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]);
    }
}

}  // namespace

TrainingFrame half_size(const TrainingFrame& frame) {
    TrainingFrame out{frame.index, std::vector<TrainingView>(frame.views.size())};
    parallel_for(frame.views.size(), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t v = begin; v < end; ++v) {
            const TrainingView& from = frame.views[v];
            TrainingView& to = out.views[v];
            const int width = std::max(from.camera.width / 2, 1),
                      height = std::max(from.camera.height / 2, 1);
            to.view = from.view;
            to.camera = from.camera;
            to.camera.width = width, to.camera.height = height;
            to.camera.fx *= 0.5f, to.camera.fy *= 0.5f, to.camera.cx *= 0.5f, to.camera.cy *= 0.5f;
            to.colour = PlanarImage(width, height);
            for (int c = 0; c < 3; ++c)
                halve(from.colour.plane(c).data(), from.colour.width, to.colour.plane(c).data(), width,
                      height);
            const auto halve_plane = [&](const std::vector<float>& plane, std::vector<float>& small) {
                if (plane.empty()) return;
                small.resize(to.colour.area());
                halve(plane.data(), from.colour.width, small.data(), width, height);
            };
            halve_plane(from.alpha, to.alpha);
            halve_plane(from.weight, to.weight);
        }
    });
    return out;
}

}  // namespace volumen::train
