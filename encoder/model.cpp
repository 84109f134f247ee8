#include "encoder/model.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/media/image_file.h"
#include "formats/splats/ply.h"
#include "formats/stream/json_fields.h"
#include "formats/stream/limits.h"

namespace volumen {

using nlohmann::json;

namespace {

/// Of a luma level of a stream, in its attribute's units: beyond lies damage.
constexpr double kLeastLevel = 1e-9, kMostLevel = 1e9;

constexpr std::uintmax_t kMaxInfoBytes = 64u << 20;  ///< a few bytes a segment and view
constexpr std::uint32_t kMaxViews = 10'000;

json read_json(const std::filesystem::path& file) {
    const std::vector<std::uint8_t> text = read_file(file, kMaxInfoBytes);
    json root = json::parse(text, nullptr, false);
    if (root.is_discarded()) throw InputError("{}: is no JSON; the file is damaged", file.string());
    return root;
}

ModelInfo parse_info(const json& root, const std::string& name) {
    const JsonFields f{root, name};
    ModelInfo info;
    info.take = read_take_json(f.at("take"), name);
    info.sh_degree = int(f.integer("sh_degree", 0, kMaxShDegree));
    info.first_capture_frame = int(f.integer("first_capture_frame", 0, kMaxFrames));
    info.width = int(f.integer("width", 0, kMaxImageSide));
    info.height = int(f.integer("height", 0, kMaxImageSide));
    const json& views = f.at("held_out_views");
    if (!views.is_array() || views.size() > kMaxViews) f.wrong("held_out_views");
    for (const json& view : views) {
        if (!view.is_number_unsigned() || view.get<std::uint64_t>() > kMaxViews) f.wrong("held_out_views");
        info.held_out_views.push_back(view.get<int>());
    }
    const json& segments = f.at("segments");
    if (!segments.is_array() || segments.empty()) f.wrong("segments");
    for (const json& item : segments) {
        const JsonFields segment{item, name};
        const int first = int(segment.integer("first_frame", 0, kMaxFrames));
        if (first != info.frame_count()) f.wrong("segments");
        info.segments.push_back({first, int(segment.integer("frame_count", 1, kMaxFrames))});
        if (info.frame_count() > int(kMaxFrames)) f.wrong("segments");
    }
    // Older models have none.
    if (root.contains("profile")) {
        const json& profile = root.at("profile");
        if (profile != "auto" && profile != "dualgs" && profile != "v3") f.wrong("profile");
        info.profile = profile.get<std::string>();
    }
    // Older models have none; it is only ever compared.
    if (root.contains("run")) {
        const json& run = root.at("run");
        if (!run.is_object()) f.wrong("run");
        for (const auto& [name_in_run, text] : run.items()) {
            if (!text.is_string()) f.wrong("run");
            info.run[name_in_run] = text.get<std::string>();
        }
    }
    return info;
}

}  // namespace

int ModelInfo::frame_count() const {
    return segments.empty() ? 0 : segments.back().first_frame + segments.back().frame_count;
}

std::filesystem::path model_frame_path(const std::filesystem::path& model, int frame) {
    return model / fmt::format("frame_{:06}.ply", frame);
}

std::filesystem::path model_joints_path(const std::filesystem::path& model, int frame) {
    return model / fmt::format("joints_{:06}.ply", frame);
}

std::filesystem::path stage_path(const std::filesystem::path& directory) {
    return is_model(directory) ? directory / kStageFile : directory / "stage" / kStageFile;
}

std::optional<SplatCloud> read_stage(const std::filesystem::path& directory) {
    const std::filesystem::path file = stage_path(directory);
    if (!std::filesystem::exists(file)) return std::nullopt;
    SplatCloud stage = read_ply(file);
    if (stage.count == 0)
        throw InputError("{}: has no splats; remove it to do without a stage", file.string());
    return stage;
}

void write_model_info(const std::filesystem::path& model, const ModelInfo& info) {
    json segments = json::array();
    for (const ModelSegment& s : info.segments)
        segments.push_back({{"first_frame", s.first_frame}, {"frame_count", s.frame_count}});
    const json root = {{"take", take_json(info.take)},
                       {"profile", info.profile},
                       {"sh_degree", info.sh_degree},
                       {"first_capture_frame", info.first_capture_frame},
                       {"held_out_views", info.held_out_views},
                       {"width", info.width},
                       {"height", info.height},
                       {"segments", segments},
                       {"run", info.run}};
    write_file(model / kModelFile, root.dump(2) + "\n", Durability::power_cut);
}

bool is_model(const std::filesystem::path& directory) {
    return std::filesystem::exists(directory / kModelFile);
}

ModelInfo read_model_info(const std::filesystem::path& model) {
    const std::filesystem::path file = model / kModelFile;
    return parse_info(read_json(file), file.string());
}

std::vector<std::filesystem::path> model_frames(const std::filesystem::path& model) {
    const int count = read_model_info(model).frame_count();
    std::vector<std::filesystem::path> files;
    for (int frame = 0; frame < count; ++frame) {
        files.push_back(model_frame_path(model, frame));
        if (!std::filesystem::exists(files.back()))
            throw InputError("{}: is missing; train on with --resume", files.back().string());
    }
    return files;
}

std::optional<SequenceInfo> read_sequence_info(const std::filesystem::path& directory) {
    const std::filesystem::path file = directory / kTakeFile;
    if (!std::filesystem::exists(file)) return {};
    const json root = read_json(file);
    SequenceInfo info{read_take_json(root, file.string())};
    if (root.contains("decoded")) {
        if (!root["decoded"].is_boolean()) JsonFields{root, file.string()}.wrong("decoded");
        info.decoded = root["decoded"];
    }
    if (root.contains("levels")) {
        const std::string name = file.string() + ": levels";
        if (!root["levels"].is_object()) JsonFields{root, file.string()}.wrong("levels");
        StepValues levels;
        for (std::size_t k = 0; k < kStepClasses; ++k)
            levels[k] =
                float(JsonFields{root["levels"], name}.number(kStepNames[k], kLeastLevel, kMostLevel));
        info.levels = plane_steps(levels);
    }
    if (root.contains("segment_begins")) {
        const json& begins = root["segment_begins"];
        const auto wrong = [&] { JsonFields{root, file.string()}.wrong("segment_begins"); };
        if (!begins.is_array() || begins.size() > kMaxFrames) wrong();
        for (const json& item : begins) {
            if (!item.is_number_unsigned() || item.get<std::uint64_t>() >= kMaxFrames) wrong();
            const int begin = item;
            if (!info.segment_begins.empty() && begin <= info.segment_begins.back()) wrong();
            info.segment_begins.push_back(begin);
        }
    }
    return info;
}

void write_sequence_info(const std::filesystem::path& directory, const SequenceInfo& info) {
    json root = take_json(info.take);
    root["decoded"] = info.decoded;
    if (info.levels)
        for (std::size_t k = 0; k < kStepClasses; ++k)
            root["levels"][kStepNames[k]] = values(*info.levels)[k];
    if (!info.segment_begins.empty()) root["segment_begins"] = info.segment_begins;
    write_file(directory / kTakeFile, root.dump(2) + "\n");
}

}  // namespace volumen
