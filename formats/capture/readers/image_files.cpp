#include "formats/capture/readers/image_files.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <span>
#include <string_view>

#include "formats/capture/capture.h"
#include "formats/capture/readers/colmap.h"
#include "formats/capture/readers/frame_groups.h"
#include "formats/capture/readers/mask_files.h"
#include "formats/core/error.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kVideoExtensions[] = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg",
                                                 ".ts",  ".ivf", ".y4m", ".264", ".h264", ".265", ".hevc"};
constexpr std::string_view kImageExtensions[] = {".png",  ".jpg", ".jpeg", ".webp", ".tif",
                                                 ".tiff", ".bmp", ".ppm",  ".jp2",  ".qoi"};
/// Views that are looked for at each place before one is chosen: enough to tell places apart.
constexpr std::size_t kProbes = 64;
/// Sub-folders with images that are looked into; of more, the rest holds something else.
constexpr std::size_t kMaxPlaces = 32;

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = char(c + 32);
    return text;
}

bool has_extension(const fs::path& file, std::span<const std::string_view> known) {
    return std::ranges::find(known, lower(file.extension().string())) != known.end();
}

/// The path relative to the capture's folder, which it must not leave.
fs::path inside(const Rig& rig, const std::string& path, const std::string& place) {
    std::string slashed = path;
    if (path.find('/') == path.npos) std::ranges::replace(slashed, '\\', '/');  // written on Windows
    fs::path relative = fs::path(slashed).lexically_normal();
    if (relative.is_absolute())
        relative = relative.lexically_relative(fs::absolute(rig.folder).lexically_normal());
    if (relative.empty() || *relative.begin() == "..")
        throw InputError("{}: {} leaves the capture's folder: move the file into it, and name it from there",
                         place, path);
    return relative;
}

/// The file itself, or the one beside it with another image's or a video's extension; synthetic captures name
/// none, and COLMAP's image "cam01.png" may stand for the video "cam01.mp4".
std::optional<fs::path> present(const fs::path& root, const fs::path& relative) {
    if (is_file(root / relative)) return relative;
    const bool bare = !is_image(relative) && !is_video(relative);
    const auto other = [&](std::span<const std::string_view> extensions) -> std::optional<fs::path> {
        for (const std::string_view extension : extensions) {
            fs::path candidate = relative;
            bare ? candidate += extension : candidate.replace_extension(extension);
            if (is_file(root / candidate)) return candidate;
        }
        return std::nullopt;
    };
    if (const auto image = other(kImageExtensions)) return image;
    return other(kVideoExtensions);
}

/// A place where images may lie.
struct Place {
    fs::path folder;
    bool by_file_name = false;  ///< else by the whole path that the calibration names

    fs::path of(const fs::path& named) const { return folder / (by_file_name ? named.filename() : named); }
};

/// From the likeliest on.
std::vector<Place> places(const fs::path& root) {
    std::vector<Place> out{{"", false}};
    std::vector<std::string> folders;
    for (const std::string& name : names_in(root, Kind::folders)) {
        const std::string plain = lower(name);
        const bool likely = plain.starts_with("image") || plain.starts_with("video") || plain == "frames" ||
                            plain == "rgb" || plain == "input";
        if (likely && folders.size() < kMaxPlaces) folders.push_back(name);
    }
    // Undistorted images belong to undistorted cameras, which is what comes with them.
    std::stable_partition(folders.begin(), folders.end(),
                          [](const std::string& n) { return n.find("undist") != n.npos; });
    for (const std::string& folder : folders) out.push_back({folder, false});
    for (const std::string& folder : folders) {
        if (const auto frames = numbered_folders(root / folder); !frames.empty())
            out.push_back({fs::path(folder) / frames.front(), true});
        out.push_back({folder, true});
    }
    if (const auto frames = numbered_folders(root); !frames.empty()) {
        for (const std::string& folder : names_in(root / frames.front(), Kind::folders))
            if (lower(folder).starts_with("image") && out.size() < 4 * kMaxPlaces)
                out.push_back({fs::path(frames.front()) / folder, true});
        out.push_back({frames.front(), true});
    }
    out.push_back({"", true});
    return out;
}

Place likeliest_place(const Rig& rig, const std::vector<fs::path>& named, std::size_t& found) {
    Place best;
    int best_score = -1;
    const std::size_t step = std::max<std::size_t>(1, named.size() / kProbes);
    for (const Place& place : places(rig.folder)) {
        int score = 0, probes = 0;
        for (std::size_t i = 0; i < named.size(); i += step, ++probes) {
            const fs::path wanted = place.of(named[i]);
            const std::optional<fs::path> there = present(rig.folder, wanted);
            // The very name counts for more than its stem.
            score += !there ? 0 : *there == wanted ? 2 : 1;
        }
        if (score > best_score) best = place, best_score = score;
        if (score == 2 * probes) break;
    }
    found = std::size_t(std::max(best_score, 0));
    return best;
}

/// As many images in one place as there are views: they go by order. Empty where there is no such place.
std::vector<fs::path> images_by_order(const Rig& rig) {
    if (rig.views.size() < 2) return {};  // one image anywhere says nothing
    for (const Place& place : places(rig.folder)) {
        std::vector<fs::path> files;
        for (const std::string& name : names_in(rig.folder / place.folder, Kind::files))
            if (is_image(name) || is_video(name)) files.push_back(place.folder / name);
        if (files.size() == rig.views.size()) return files;
    }
    return {};
}

/// Whether the images that were found are undistorted while the calibration's lens is not.
void drop_distortion(Rig& rig, const fs::path& folder) {
    bool dropped = false;
    for (RigView& view : rig.views)
        if (!view.distortion.none() && !view.distortion.fisheye) view.distortion = {}, dropped = true;
    if (dropped)
        rig.notes.push_back(fmt::format("{}: its distortion is not applied: the images of {} are undistorted",
                                        rig.file.string(), folder.string()));
}

/// Each view's first file, relative to the capture's folder.
std::vector<fs::path> find_images(Rig& rig) {
    std::vector<fs::path> named;
    for (const RigView& view : rig.views) named.push_back(inside(rig, view.image_path, view.place));
    std::size_t found = 0;
    const Place place = likeliest_place(rig, named, found);
    if (found == 0) {
        if (const std::vector<fs::path> files = images_by_order(rig); !files.empty()) {
            rig.notes.push_back(
                fmt::format("{}: no image has the name that it gives; they go by order: {} is {}",
                            rig.file.string(), rig.views.front().image_path, files.front().string()));
            return files;
        }
    } else if (place.by_file_name) {
        rig.notes.push_back(fmt::format("{}: {} is not there; images go by their file names in {}",
                                        rig.file.string(), rig.views.front().image_path,
                                        place.folder.empty() ? "it" : place.folder.string()));
    }
    for (fs::path& file : named) {
        const fs::path wanted = place.of(file);
        file = present(rig.folder, wanted).value_or(wanted);
    }
    if (place.by_file_name && place.folder.string().find("undist") != std::string::npos)
        drop_distortion(rig, place.folder);
    return named;
}

/// A file that the calibration names must be there.
std::optional<fs::path> named_file(const Rig& rig, const std::string& path, const char* key,
                                   const std::string& place) {
    if (path.empty()) return std::nullopt;
    const fs::path relative = inside(rig, path, fmt::format("{}: {}", place, key));
    if (!is_file(rig.folder / relative))
        throw InputError("{}: {} {} does not exist", place, key, (rig.folder / relative).string());
    return relative;
}

std::optional<fs::path> plate_of(const Rig& rig, const RigView& view) {
    if (const auto named = named_file(rig, view.background_path, "background_path", view.place))
        return rig.folder / *named;
    for (const char* extension : {".png", ".jpg"})
        if (const fs::path file =
                rig.folder / "background" / (fs::path(view.name).stem().string() + extension);
            is_file(file))
            return file;
    return std::nullopt;
}

/// File names, or longer paths where those are the same for two views.
void settle_names(Rig& rig) {
    std::map<std::string, int> uses;
    for (const RigView& view : rig.views) ++uses[view.name];
    std::map<fs::path, const RigView*> files;
    for (RigView& view : rig.views) {
        if (uses[view.name] > 1) view.name = view.image.first.lexically_relative(rig.folder).generic_string();
        const auto [other, is_new] = files.emplace(view.image.first, &view);
        if (!is_new)
            throw InputError("{}: has the same file as {}: each view needs files of its own", view.place,
                             other->second->place);
    }
}

void settle_offsets(Rig& rig) {
    for (const auto& [key, frames] : rig.offsets) {
        auto view = std::ranges::find_if(
            rig.views, [&name = key](const RigView& candidate) { return candidate.name == name; });
        std::size_t index = 0;
        const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
        if (view == rig.views.end() && error == std::errc{} && end == key.data() + key.size() &&
            index < rig.views.size())
            view = rig.views.begin() + std::ptrdiff_t(index);
        if (view == rig.views.end())
            throw InputError("{}: offsets: there is no view {}: views go by name or by index, 0 to {}",
                             rig.file.string(), key, rig.views.size() - 1);
        view->offset = frames;
    }
}

}  // namespace

bool is_file(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

std::vector<std::string> names_in(const fs::path& folder, Kind kind) {
    std::vector<std::string> names;
    std::error_code error, ignored;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        if (kind == Kind::folders ? entry->is_directory(ignored) : entry->is_regular_file(ignored))
            names.push_back(entry->path().filename().string());
    std::ranges::sort(names, natural_less);
    return names;
}

bool is_video(const fs::path& file) {
    return has_extension(file, kVideoExtensions);
}

bool is_image(const fs::path& file) {
    return has_extension(file, kImageExtensions);
}

std::vector<std::string> numbered_folders(const fs::path& folder) {
    std::vector<std::string> names = names_in(folder, Kind::folders);
    std::erase_if(names, [](const std::string& name) { return !folder_number(name); });
    return names;
}

void find_image_files(Rig& rig) {
    const std::vector<fs::path> images = find_images(rig);
    for (std::size_t i = 0; i < images.size(); ++i) {
        RigView& view = rig.views[i];
        view.video = is_video(images[i]);
        if (view.video != rig.views.front().video)
            throw InputError("{}: a video and an image as views of one capture", view.place);
        std::optional<fs::path> mask = named_file(rig, view.mask_path, "mask_path", view.place);
        if (mask && is_video(*mask) != view.video)
            throw InputError("{}: mask_path must be a video where the view is one", view.place);
        view.image = {.first = images[i]};
        if (mask) view.mask = FramePath{.first = *mask};
    }
    group_frames(rig);
    if (rig.views.size() > std::size_t(kMaxViews))
        throw InputError("{}: {} views, but at most {} are accepted", rig.file.string(), rig.views.size(),
                         kMaxViews);
    settle_names(rig);
    find_masks(rig);
    settle_offsets(rig);
    for (RigView& view : rig.views) view.background = plate_of(rig, view);
    if (!rig.points_path.empty())
        rig.points_path = inside(rig, rig.points_path, rig.file.string() + ": ply_file_path").string();
}

}  // namespace volumen
