#include "encoder/model.h"

#include <algorithm>
#include <cmath>
#include <fstream>
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

constexpr std::uintmax_t kMaxInfoBytes = 64u << 20;  ///< a few bytes a segment and view
constexpr std::uint32_t kMaxViews = 10'000;

/// The corners that hold 98 % of the splats on each axis: strays do not count.
void grow_bounds(const SplatCloud& cloud, glm::vec3& low, glm::vec3& high) {
    constexpr double kStray = 0.01;
    for (int axis = 0; axis < 3; ++axis) {
        const auto from = cloud.channel(SplatCloud::kPosition + axis);
        std::vector<float> sorted(from.begin(), from.end());
        std::sort(sorted.begin(), sorted.end());
        const std::size_t stray = std::size_t(kStray * double(sorted.size() - 1));
        low[axis] = std::min(low[axis], sorted[stray]);
        high[axis] = std::max(high[axis], sorted[sorted.size() - 1 - stray]);
    }
}

/// A view from which the whole of the bounds is seen.
void make_up_view(TakeInfo& take) {
    const glm::vec3 size = take.bounds_max - take.bounds_min;
    take.view_target = (take.bounds_min + take.bounds_max) * 0.5f;
    const float distance = 0.75f * glm::length(size) / std::tan(take.view_fov / 2);
    take.view_eye = take.view_target + glm::vec3(0, -distance, 0.1f * distance);
    take.floor = take.bounds_min.z;
}

ModelInfo made_up_info(const std::filesystem::path& model) {
    ModelInfo info;
    info.take.bounds_min = glm::vec3(1e30f), info.take.bounds_max = glm::vec3(-1e30f);
    std::size_t count = 0;
    int frame = 0;
    for (const std::filesystem::path& file : model_frames(model)) {
        const SplatCloud cloud = read_ply(file);
        if (!cloud.count) throw InputError("{}: has no splats", file.string());
        if (frame == 0 || cloud.count != count) info.segments.push_back({frame, 0});
        count = cloud.count;
        ++info.segments.back().frame_count;
        info.sh_degree = std::max(info.sh_degree, cloud.sh_degree);
        grow_bounds(cloud, info.take.bounds_min, info.take.bounds_max);
        ++frame;
    }
    make_up_view(info.take);
    return info;
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

void write_model_info(const std::filesystem::path& model, const ModelInfo& info) {
    json segments = json::array();
    for (const ModelSegment& s : info.segments)
        segments.push_back({{"first_frame", s.first_frame}, {"frame_count", s.frame_count}});
    const json root = {{"take", take_json(info.take)},
                       {"sh_degree", info.sh_degree},
                       {"first_capture_frame", info.first_capture_frame},
                       {"held_out_views", info.held_out_views},
                       {"width", info.width},
                       {"height", info.height},
                       {"segments", segments},
                       {"run", info.run}};
    write_file(model / kModelFile, root.dump(2) + "\n", Durability::power_cut);
}

ModelInfo read_model_info(const std::filesystem::path& model) {
    const std::filesystem::path file = model / kModelFile;
    if (!std::filesystem::exists(file)) return made_up_info(model);
    std::error_code error;
    if (std::filesystem::file_size(file, error) > kMaxInfoBytes || error)
        throw InputError("{}: cannot be read, or is too large", file.string());
    std::ifstream in(file, std::ios::binary);
    const json root = json::parse(in, nullptr, false);
    if (root.is_discarded()) throw InputError("{}: is no JSON; the file is damaged", file.string());
    return parse_info(root, file.string());
}

std::vector<std::filesystem::path> model_frames(const std::filesystem::path& model) {
    if (!std::filesystem::is_directory(model))
        throw InputError("{}: no such directory; a model or a directory of PLY files is wanted",
                         model.string());
    std::vector<std::filesystem::path> files;
    if (std::filesystem::exists(model / kModelFile)) {
        const int count = read_model_info(model).frame_count();
        for (int frame = 0; frame < count; ++frame) {
            files.push_back(model_frame_path(model, frame));
            if (!std::filesystem::exists(files.back()))
                throw InputError("{}: is missing; train on with --resume", files.back().string());
        }
        return files;
    }
    for (const auto& entry : std::filesystem::directory_iterator(model))
        if (entry.is_regular_file() && entry.path().extension() == ".ply") files.push_back(entry.path());
    if (files.empty()) throw InputError("{}: has neither model.json nor PLY files", model.string());
    std::sort(files.begin(), files.end());
    return files;
}

}  // namespace volumen
