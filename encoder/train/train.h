// Capture -> model.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "encoder/masks/choose.h"
#include "encoder/new_directory.h"
#include "encoder/train/few_cameras.h"
#include "encoder/train/settings.h"
#include "encoder/train/stage.h"

namespace volumen::train {

struct TrainOptions {
    TrainSettings settings;
    std::vector<int> held_out_views;      ///< by index in the capture's file: read for nothing at all
    int first_frame = 0, end_frame = -1;  ///< of the capture; end -1: all
    int width = 0, height = 0;            ///< as CaptureOptions
    double scale = 1;
    std::vector<int> offsets;  ///< as CaptureOptions
    masks::MaskMode masks = masks::MaskMode::automatic;
    FewCameras few_cameras = FewCameras::automatic;  ///< automatic: on below kFewViews
    bool own_splats = false, own_sh_degree = false;  ///< those of `settings` are not lowered for few cameras
    StageMode stage = StageMode::automatic;
    /// Before the first frame: of learning backgrounds ("masks") and of training the stage ("stage").
    std::function<void(const char* what, double share)> preparation;
    bool strict = false;  ///< as CaptureOptions
    /// Told once what is passed over: an image that is missing or damaged.
    std::function<void(const std::string& line)> warn;
    Unfinished unfinished = Unfinished::refuse;  ///< with go_on, a finished model of the same run stays too
    /// Called after each iteration: the frame, how many there are, the share of it and of all work that is
    /// done. What it throws ends the run as a kill would.
    std::function<void(int frame, int of, double share, double all)> progress;
};

struct TrainResult {
    int frames = 0;
    int resumed_frames = 0;  ///< of these, how many an earlier run had trained
    std::size_t splats = 0;
    float views_of_a_surface = 0;  ///< of the rig
    bool few_cameras = false;      ///< whether it was trained as one of few cameras
    double seconds = 0;
};

/// Trains a capture's frames in order and writes the model directory under a temporary name; it takes
/// the place of an older model when it is whole. However the run ends, a later one with Unfinished::go_on
/// goes on behind the last whole frame, to the same bytes. Throws InputError where the capture is at fault,
/// UsageError for views or frames it does not have, and where the run to go on with was another one.
TrainResult train_capture(const std::filesystem::path& capture, const std::filesystem::path& model,
                          const TrainOptions& options);

/// Whether a run that ended early has left frames to go on with.
bool is_unfinished(const std::filesystem::path& model);

}  // namespace volumen::train
