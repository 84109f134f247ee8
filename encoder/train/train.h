// Capture -> model.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "encoder/train/settings.h"

namespace volumen::train {

struct TrainOptions {
    TrainSettings settings;
    std::vector<int> held_out_views;      ///< by index in the capture's file: read for nothing at all
    int first_frame = 0, end_frame = -1;  ///< of the capture; end -1: all
    int width = 0, height = 0;            ///< as CaptureOptions
    double scale = 1;
    bool strict = false;  ///< as CaptureOptions
    /// Told once what is passed over: an image that is missing or damaged.
    std::function<void(const std::string& line)> warn;
    std::function<void(int frame, int of, double share)> progress;  ///< share of the frame that is done
};

struct TrainResult {
    int frames = 0;
    std::size_t splats = 0;
    double seconds = 0;
};

/// Trains a capture's frames in order and writes the model directory under a temporary name; it takes
/// the place of an older model when it is whole. Throws InputError where the capture is at fault, UsageError
/// for views or frames it does not have.
TrainResult train_capture(const std::filesystem::path& capture, const std::filesystem::path& model,
                          const TrainOptions& options);

}  // namespace volumen::train
