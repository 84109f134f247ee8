#include "encoder/train/settings.h"

#include "formats/core/error.h"

namespace volumen::train {

int coarse_iterations(const TrainSettings& settings, int frame_in_segment) {
    // A segment's second frame has no velocity to start from: the search is longer.
    return settings.coarse_iterations * (frame_in_segment == 1 ? 3 : 1);
}

int frame_iterations(const TrainSettings& settings, int frame) {
    if (frame == 0) return settings.first_iterations;
    // A segment begins with a frame that is tracked from the segment before, and then refreshed.
    const int in_segment = (frame - 1) % settings.segment_frames + 1;
    return coarse_iterations(settings, in_segment) + settings.fine_iterations +
           (in_segment == settings.segment_frames ? settings.refresh_iterations : 0);
}

TrainSettings preset(const std::string& name) {
    TrainSettings settings;
    if (name == "draft") {
        settings.first_iterations = 1200;
        settings.refresh_iterations = 200;
        settings.coarse_iterations = 90;
        settings.fine_iterations = 150;
    } else if (name == "best") {
        settings.first_iterations = 10'000;
        settings.refresh_iterations = 2000;
        settings.coarse_iterations = 400;
        settings.fine_iterations = 2000;
    } else if (name != "standard") {
        throw UsageError("--preset {}: there are draft, standard and best", name);
    }
    return settings;
}

}  // namespace volumen::train
