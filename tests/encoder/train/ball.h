// A small generated capture.
#pragma once

#include <cmath>
#include <numbers>

#include "encoder/train/rasteriser.h"
#include "encoder/train/settings.h"
#include "encoder/train/training_frame.h"

namespace volumen::train {

/// A textured ball of radius 0.5 around `centre`, seen by a ring of cameras: colours and masks are exact.
inline TrainingFrame ball(int views, int size, glm::vec3 centre, int index = 0, bool masks = true) {
    TrainingFrame frame{index, {}};
    for (int v = 0; v < views; ++v) {
        const float angle = 2 * std::numbers::pi_v<float> * float(v) / float(views);
        TrainingView view;
        view.camera = Camera::look_at({3 * std::cos(angle), 3 * std::sin(angle), v % 2 ? 1.5f : -0.5f},
                                      glm::vec3(0), {0, 0, 1}, 0.6f, size, size);
        view.colour = PlanarImage(size, size);
        view.alpha.assign(view.colour.area(), 0);
        const Camera& camera = view.camera;
        constexpr int kSub = 3;
        for (int y = 0; y < size; ++y)
            for (int x = 0; x < size; ++x)
                for (int s = 0; s < kSub * kSub; ++s) {
                    const glm::vec3 ray((float(x) + (float(s % kSub) + 0.5f) / kSub - camera.cx) / camera.fx,
                                        (float(y) + (float(s / kSub) + 0.5f) / kSub - camera.cy) / camera.fy,
                                        1);
                    const glm::vec3 d = glm::normalize(glm::transpose(camera.rotation) * ray),
                                    o = camera.centre() - centre;
                    const float b = glm::dot(o, d), c = glm::dot(o, o) - 0.25f, root = b * b - c;
                    if (root < 0) continue;
                    const glm::vec3 p = o + d * (-b - std::sqrt(root));
                    const std::size_t i = std::size_t(y) * size + x;
                    view.alpha[i] += 1.0f / (kSub * kSub);
                    for (int k = 0; k < 3; ++k)
                        view.colour.plane(k)[i] +=
                            (0.5f + 0.4f * std::sin(8 * p[k] + float(k))) / (kSub * kSub);
                }
        if (!masks) view.alpha.clear();
        frame.views.push_back(std::move(view));
    }
    return frame;
}

/// Of a cloud drawn over white against the views, in dB, mean over them.
inline double psnr(const SplatCloud& cloud, const TrainingFrame& frame) {
    Rasteriser rasteriser;
    double sum = 0;
    for (const TrainingView& view : frame.views) {
        PlanarImage truth;
        view.over(glm::vec3(1), truth);
        const PlanarImage& render = rasteriser.forward(cloud, view.camera, {});
        double error = 0;
        for (std::size_t i = 0; i < truth.values.size(); ++i)
            error += std::pow(double(render.values[i] - truth.values[i]), 2);
        sum += -10 * std::log10(error / double(truth.values.size()));
    }
    return sum / double(frame.views.size());
}

inline TrainSettings small_settings() {
    TrainSettings settings;
    settings.splats = 600;
    settings.first_iterations = 300;
    settings.coarse_iterations = 40;
    settings.fine_iterations = 40;
    settings.graph_nodes = 20;
    return settings;
}

}  // namespace volumen::train
