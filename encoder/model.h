// A trained take on disk: a directory with model.json and one 3DGS PLY a frame.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "formats/core/take_info.h"
#include "formats/splats/cloud.h"

namespace volumen {

/// Frames [first_frame, first_frame + frame_count) share one topology: splat i is the same splat in all of
/// them.
struct ModelSegment {
    int first_frame = 0, frame_count = 0;
};

/// The file that makes a directory a model.
inline constexpr const char* kModelFile = "model.json";

/// What a model was trained from and with, by name: a run can go on only with all of it the same.
using RunRecord = std::map<std::string, std::string>;

struct ModelInfo {
    TakeInfo take;
    int sh_degree = 0;
    int first_capture_frame = 0;      ///< the capture's frame that is frame 0 here
    std::vector<int> held_out_views;  ///< indices in the capture's file that training never saw
    int width = 0, height = 0;        ///< of the images it was trained on
    std::vector<ModelSegment> segments;
    RunRecord run;  ///< empty: not known
    int frame_count() const;
};

/// MODEL/frame_000000.ply …: written whole, then renamed.
std::filesystem::path model_frame_path(const std::filesystem::path& model, int frame);
void write_model_info(const std::filesystem::path& model, const ModelInfo& info);
/// Reads model.json, or, for a plain directory of PLYs (sorted by name), makes up an info: one segment as
/// long as the count does not change.
ModelInfo read_model_info(const std::filesystem::path& model);
/// All frame files of a model or a PLY directory, in order.
std::vector<std::filesystem::path> model_frames(const std::filesystem::path& model);

}  // namespace volumen
