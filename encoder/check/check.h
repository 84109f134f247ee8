// Looks a capture over before anyone trains for an hour: what is wrong, and how to mend it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "encoder/calibrate/surface.h"
#include "encoder/calibrate/sync.h"
#include "encoder/masks/choose.h"
#include "encoder/train/settings.h"

namespace volumen {

struct CheckOptions {
    train::TrainSettings settings;  ///< what the estimate of time and size is for
    int width = 0, height = 0;      ///< as CaptureOptions
    int first_frame = 0, end_frame = -1;
    /// As in training. Computed masks are looked at as the capture's own are, but not asked for offsets.
    masks::MaskMode masks = masks::MaskMode::automatic;
    bool trial = true;  ///< train a little, to tell time and bit rate
    std::optional<std::filesystem::path> html;
    std::function<void(const std::string& what)> progress;  ///< a new stage begins
    std::function<void()> tick;                             ///< called often; what it throws ends the check
};

/// From worst to least: it will not train; it will train to something worse; good to know.
enum class Severity { wrong, doubtful, note };

struct Finding {
    Severity severity = Severity::note;
    int view = -1;           ///< -1: the capture
    std::string what, mend;  ///< one sentence each
};

/// What was measured of a view. NaN: cannot be told.
struct CheckedView {
    int index = 0;
    std::string name;
    Camera camera;                 ///< full size
    int offset = 0, found_offset;  ///< frames: the capture's own, and what silhouettes or motion add to it
    double sync_confidence = 0;
    glm::vec3 gain{NAN};           ///< median over the moments
    std::vector<glm::vec3> gains;  ///< one a moment
    double mask_share = NAN;       ///< of the picture, mean over the moments
    double overlap = NAN;          ///< IoU of the mask and the hull of the other views
    double denied =
        NAN;  ///< share of the mask that the others' hull does not have: hulls only err on the large side
    double sees = NAN;               ///< share of the subject's surface points that fall into the picture
    double sharpness = NAN;          ///< as image_quality.h has it
    double clipped = NAN;            ///< share of the subject's pixels that are burnt out
    std::optional<glm::vec2> drift;  ///< pixels that the surroundings moved from first to last moment
    Image8 picture;                  ///< RGB: mask against hull, or points over the image
};

struct Trial {
    double seconds = 0;  ///< for the whole take, as settings have it, on this machine
    double kilobytes_a_frame = 0, mbit_per_s = 0;
    double memory_bytes = 0;
    int frames = 0;  ///< of the take
    double iteration_ms = 0;
};

struct CheckResult {
    std::string capture;
    int frames = 0;
    TakeInfo info;
    masks::MaskMode masks_from = masks::MaskMode::none;  ///< never `automatic`
    std::vector<CheckedView> views;
    std::vector<int> moments;  ///< frames of the capture at which overlap and colours were looked at
    SyncEstimate sync;
    Surface surface;               ///< of the middle moment; or the capture's points
    std::vector<double> coverage;  ///< share of the surface that 0, 1, 2, … views see
    std::optional<Trial> trial;
    std::vector<Finding> findings;  ///< worst first
    std::string offsets_entry;      ///< to paste into the capture's file; empty where nothing is to be added

    bool masks() const { return masks_from != masks::MaskMode::none; }
    /// "with masks", "with masks computed from plates", …
    std::string masks_text() const;
    std::string to_json() const;
    std::string to_text() const;
};

/// Bounded work: some 32 frames of all views as small pictures, two frames at full size, a few seconds of
/// training. Writes the page, if wanted. Throws InputError only where the capture cannot be read at all.
CheckResult check_capture(const std::filesystem::path& capture, const CheckOptions& options);

}  // namespace volumen
