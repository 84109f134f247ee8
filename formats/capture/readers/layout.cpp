#include "formats/capture/readers/layout.h"

#include <algorithm>

#include "formats/capture/capture.h"
#include "formats/capture/readers/colmap.h"
#include "formats/capture/readers/image_files.h"
#include "formats/capture/readers/llff.h"
#include "formats/capture/readers/transforms.h"
#include "formats/core/error.h"
#include "formats/core/file.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;

/// Tables with every image's points: a thousand images' fit.
constexpr std::uint64_t kMaxColmapBytes = 1u << 30;
/// kMaxViews poses in float64, and the header.
constexpr std::uint64_t kMaxPosesBytes = 1u << 20;

constexpr const char* kTransforms = "transforms.json";
constexpr const char* kPoses = "poses_bounds.npy";
constexpr const char* kColmapFolders[] = {"sparse/0",      "sparse", "colmap/sparse/0",
                                          "colmap/sparse", "colmap", ""};

std::optional<fs::path> colmap_table(const fs::path& folder, const char* name) {
    for (const char* extension : {".bin", ".txt"})
        if (fs::path file = folder / (std::string(name) + extension); is_file(file)) return file;
    return std::nullopt;
}

bool is_colmap(const fs::path& folder) {
    return colmap_table(folder, "cameras") && colmap_table(folder, "images");
}

Rig read_transforms(const fs::path& file, std::vector<std::string>* problems = nullptr) {
    return parse_transforms(read_file(file, kMaxJsonBytes), file, problems);
}

Rig read_colmap(const fs::path& model, const fs::path& folder) {
    const auto read = [&](const fs::path& file, auto parse) {
        const ColmapForm form = file.extension() == ".bin" ? ColmapForm::binary : ColmapForm::text;
        return parse(read_file(file, kMaxColmapBytes), form, file.string());
    };
    Rig rig;
    rig.file = *colmap_table(model, "images"), rig.folder = folder;
    const ColmapCameras cameras = read(*colmap_table(model, "cameras"), parse_colmap_cameras);
    rig.views = colmap_views(cameras, read(rig.file, parse_colmap_images));
    if (rig.views.empty()) throw InputError("{}: has no image: no camera was registered", rig.file.string());
    if (const std::optional<fs::path> points = colmap_table(model, "points3D")) {
        rig.points = read(*points, parse_colmap_points);
        if (rig.points->count() == 0) rig.points.reset();
    }
    return rig;
}

/// LLFF counts in the order of Python's sorted(): by bytes.
std::vector<std::string> sorted_files(const fs::path& folder, bool (*wanted)(const fs::path&)) {
    std::vector<std::string> names = names_in(folder, Kind::files);
    std::erase_if(names, [&](const std::string& name) { return !wanted(name); });
    std::ranges::sort(names);
    return names;
}

/// Videos beside poses_bounds.npy; or images in images/; or a folder a camera with a file a frame.
std::vector<std::string> llff_images(const fs::path& folder) {
    if (std::vector<std::string> videos = sorted_files(folder, is_video); !videos.empty()) return videos;
    const auto in_folder = [&](const std::string& sub) {
        std::vector<std::string> names = sorted_files(folder / sub, is_image);
        for (std::string& name : names) name = sub + "/" + name;
        return names;
    };
    if (std::vector<std::string> images = in_folder("images"); !images.empty()) return images;
    if (const auto frames = numbered_folders(folder / "images"); !frames.empty())
        return in_folder("images/" + frames.front());
    std::vector<std::string> cameras = names_in(folder, Kind::folders), files;
    std::erase_if(cameras, [](const std::string& name) { return !name.starts_with("cam"); });
    std::ranges::sort(cameras);
    for (const std::string& camera : cameras)
        for (const std::string& sub : {camera, camera + "/images"})
            if (const std::vector<std::string> frames = in_folder(sub); !frames.empty()) {
                files.push_back(frames.front());
                break;
            }
    return files;
}

Rig read_llff(const fs::path& file, const fs::path& folder) {
    Rig rig;
    rig.file = file, rig.folder = folder;
    const NpyArray poses = parse_npy(read_file(file, kMaxPosesBytes), file.string());
    rig.views = llff_views(poses, llff_images(folder), file.string());
    if (rig.views.empty()) throw InputError("{}: has no pose", file.string());
    return rig;
}

bool same_camera(const RigView& a, const RigView& b) {
    constexpr float kRounding = 1e-4f;
    bool same = a.image_path == b.image_path && a.camera.fx == b.camera.fx && a.camera.fy == b.camera.fy;
    for (int i = 0; i < 3; ++i) same &= glm::length(a.camera.rotation[i] - b.camera.rotation[i]) < kRounding;
    return same && glm::length(a.camera.translation - b.camera.translation) < kRounding;
}

/// V³: every frame's folder has a calibration, which must be the same.
Rig read_frame_folders(const fs::path& folder, const std::vector<std::string>& frames) {
    Rig rig = read_transforms(folder / frames.front() / kTransforms);
    for (const std::string& frame : frames) {
        const fs::path file = folder / frame / kTransforms;
        if (!is_file(file)) continue;
        const Rig other = read_transforms(file);
        if (other.views.size() != rig.views.size())
            throw InputError("{}: has {} views, {} has {}: every frame needs the same", file.string(),
                             other.views.size(), rig.file.string(), rig.views.size());
        for (std::size_t i = 0; i < rig.views.size(); ++i)
            if (!same_camera(rig.views[i], other.views[i]))
                throw InputError("{}: is another camera than in {}: cameras that move are not supported",
                                 other.views[i].place, rig.file.string());
    }
    rig.folder = folder;
    const auto below = [&](std::string& path) {
        if (!path.empty() && !fs::path(path).is_absolute()) path = frames.front() + "/" + path;
    };
    for (RigView& view : rig.views)
        below(view.image_path), below(view.mask_path), below(view.background_path);
    below(rig.points_path);
    return rig;
}

Rig read_folder(const fs::path& folder, std::vector<std::string>* problems) {
    if (is_file(folder / kTransforms)) return read_transforms(folder / kTransforms, problems);
    for (const char* model : kColmapFolders)
        if (is_colmap(folder / model)) return read_colmap((folder / model).lexically_normal(), folder);
    if (is_file(folder / kPoses)) return read_llff(folder / kPoses, folder);
    std::vector<std::string> frames = numbered_folders(folder);
    frames.erase(frames.begin(), std::ranges::find_if(frames, [&](const std::string& frame) {
                     return is_file(folder / frame / kTransforms);
                 }));
    if (!frames.empty()) return read_frame_folders(folder, frames);
    throw InputError(
        "{}: no capture is recognised in it: what is read are transforms.json (nerfstudio, instant-ngp, "
        "DualGS), "
        "COLMAP's cameras and images (.bin or .txt in sparse/0, sparse or colmap/sparse/0), poses_bounds.npy "
        "(LLFF, "
        "N3DV) and <frame>/transforms.json (V3)",
        folder.string());
}

Rig read_file_of(const fs::path& file, std::vector<std::string>* problems) {
    const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
    if (file.extension() == ".json") return read_transforms(file, problems);
    if (file.extension() == ".npy") return read_llff(file, folder);
    if (is_colmap(folder)) {
        // The model's folder lies in the capture's: the longest of its usual names says where.
        const std::string model = fs::absolute(folder).lexically_normal().generic_string();
        std::size_t below = 0;
        for (const char* usual : kColmapFolders)
            if (const std::string end = std::string("/") + usual; *usual && model.ends_with(end))
                below = std::max(below, end.size());
        return read_colmap(folder, below ? fs::path(model.substr(0, model.size() - below)) : folder);
    }
    throw InputError(
        "{}: is no calibration that is read: transforms.json, COLMAP's cameras or images (.bin, .txt), "
        "poses_bounds.npy, or the folder that holds one",
        file.string());
}

}  // namespace

Rig read_rig(const fs::path& path, std::vector<std::string>* problems) {
    std::error_code ignored;
    if (!fs::exists(path, ignored)) throw InputError("{}: no such file or folder", path.string());
    Rig rig = fs::is_directory(path, ignored) ? read_folder(path, problems) : read_file_of(path, problems);
    if (rig.folder.empty()) rig.folder = ".";
    find_image_files(rig);
    return rig;
}

}  // namespace volumen
