// The balls as samples, with views that are late or of another colour.
#pragma once

#include <map>

#include "encoder/calibrate/samples.h"
#include "tests/encoder/balls.h"

namespace volumen {

inline Samples ball_samples(int views, int frames, const std::map<int, int>& late,
                            const std::map<int, glm::vec3>& tints, bool masks) {
    constexpr int kSize = 96;
    Samples samples;
    samples.frame_count = frames, samples.masks = masks;
    for (int v = 0; v < views; ++v) {
        SampledView view;
        view.view = v, view.camera = balls::camera(v, views, kSize);
        const int offset = late.contains(v) ? late.at(v) : 0;
        for (int f = 0; f < frames; ++f) {
            Image8 rgba = balls::image(balls::performer(float(f - offset)), view.camera);
            if (tints.contains(v)) balls::tint(rgba, tints.at(v));
            SmallPicture picture;
            for (std::size_t i = 0; i < rgba.pixels.size(); i += 4) {
                picture.rgb.insert(picture.rgb.end(), &rgba.pixels[i], &rgba.pixels[i] + 3);
                if (masks) picture.mask.push_back(rgba.pixels[i + 3] >= 128);
            }
            view.pictures.push_back(std::move(picture));
        }
        samples.views.push_back(std::move(view));
    }
    return samples;
}

}  // namespace volumen
