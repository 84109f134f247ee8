// A trained take on disk: a directory with model.json, one 3DGS PLY a frame and, of profile `dualgs`, one
// more with its joints.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "encoder/pack/quality.h"
#include "formats/core/take_info.h"
#include "formats/splats/cloud.h"
#include "formats/splats/describe.h"

namespace volumen {

/// Frames [first_frame, first_frame + frame_count) share one topology: splat i is the same splat in all of
/// them.
struct ModelSegment {
    int first_frame = 0, frame_count = 0;
};

/// The file that makes a directory a model.
inline constexpr const char* kModelFile = "model.json";
/// Take metadata beside splat files that are no model: what `export` writes, and anyone else may.
inline constexpr const char* kTakeFile = "take.json";

/// A model's still surroundings, if it has them: one 3DGS PLY for all frames.
inline constexpr const char* kStageFile = "stage.ply";

/// What a model was trained from and with, by name: a run can go on only with all of it the same.
using RunRecord = std::map<std::string, std::string>;

struct ModelInfo {
    TakeInfo take;
    int sh_degree = 0;
    int first_capture_frame = 0;      ///< the capture's frame that is frame 0 here
    std::vector<int> held_out_views;  ///< indices in the capture's file that training never saw
    int width = 0, height = 0;        ///< of the images it was trained on
    std::vector<ModelSegment> segments;
    std::string profile = "auto";  ///< or "v3"; or "dualgs": each frame has joints, too
    RunRecord run;                 ///< empty: not known
    int frame_count() const;
};

/// MODEL/frame_000000.ply …: written whole, then renamed.
std::filesystem::path model_frame_path(const std::filesystem::path& model, int frame);
/// MODEL/joints_000000.ply …, of profile `dualgs`: the frame's joints as splats of SH degree 0, as many and
/// in the same order in all frames of a segment. The frame's skin is pose_skin() of the segment's first skin,
/// by the joints' places then and now and their turns q_now q_then⁻¹ (unit quaternions).
std::filesystem::path model_joints_path(const std::filesystem::path& model, int frame);
void write_model_info(const std::filesystem::path& model, const ModelInfo& info);
/// Where a model has its stage; in a folder of splat files it lies in a folder of its own, since all files
/// beside them are frames: stage/stage.ply.
std::filesystem::path stage_path(const std::filesystem::path& directory);
/// The splats of the stage of a model or a folder of splat files; nothing where there is none. Throws
/// InputError where it cannot be read or is empty.
std::optional<SplatCloud> read_stage(const std::filesystem::path& directory);
/// Whether the directory has a model.json.
bool is_model(const std::filesystem::path& directory);
/// Reads model.json.
ModelInfo read_model_info(const std::filesystem::path& model);
/// All frame files of a model, in order.
std::vector<std::filesystem::path> model_frames(const std::filesystem::path& model);

/// What is known of a directory of splat files that is no model.
struct SequenceInfo {
    TakeInfo take;
    bool decoded = false;                   ///< its values have been through a stream before
    std::optional<PlaneSteps> levels = {};  ///< of that stream, where it was an atlas; position: scene units
    /// The frames with which its segments began, the folder's first being 0; empty: not known. Ascending.
    std::vector<int> segment_begins = {};
};
/// take.json, where there is one.
std::optional<SequenceInfo> read_sequence_info(const std::filesystem::path& directory);
/// Writes take.json.
void write_sequence_info(const std::filesystem::path& directory, const SequenceInfo& info);

}  // namespace volumen
