#include "encoder/train/settings.h"

#include "formats/core/error.h"

namespace volumen::train {

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
