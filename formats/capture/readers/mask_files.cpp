#include "formats/capture/readers/mask_files.h"

#include <algorithm>
#include <map>
#include <set>

#include "formats/capture/readers/frame_groups.h"
#include "formats/capture/readers/image_files.h"
#include "formats/core/error.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMaskFolders[] = {"mask", "masks"};

/// image/0/3.jpg becomes mask/0/3.jpg; where no folder's name begins with image, "mask" goes in front.
fs::path in_mask_folder(const fs::path& image, const char* mask_folder) {
    std::vector<fs::path> parts(image.begin(), image.end());
    const auto images = std::find_if(parts.begin(), parts.end() - 1,
                                     [](const fs::path& part) { return part.string().starts_with("image"); });
    if (images == parts.end() - 1)
        parts.insert(parts.begin(), mask_folder);
    else
        *images = mask_folder;
    fs::path out;
    for (const fs::path& part : parts)
        if (part != "..") out /= part;
    return out;
}

/// mask/<own>/<view>.png, for a video.
FramePath numbered_images(const fs::path& folder, const RigView& view, const char* mask_folder) {
    FramePath out{.numbered = true};
    out.before = (folder / mask_folder / "").string();
    fs::path name = view.name;
    if (is_video(name) || is_image(name)) name.replace_extension();
    out.after = fmt::format("/{}.png", name.generic_string());
    out.first = fmt::format("{}0{}", out.before, out.after);
    return out;
}

/// What a view's masks may be called, the likeliest first.
std::vector<FramePath> candidates(const Rig& rig, const RigView& view) {
    std::vector<FramePath> out;
    const fs::path image = view.image.first.lexically_proximate(rig.folder);
    for (const char* mask_folder : kMaskFolders) {
        fs::path mask = rig.folder / in_mask_folder(image, mask_folder);
        out.push_back(counted_as(view.image, mask));
        if (view.video) {
            out.push_back(numbered_images(rig.folder, view, mask_folder));
            continue;
        }
        out.push_back(counted_as(view.image, mask.string() + ".png"));
        out.push_back(counted_as(view.image, mask.replace_extension(".png")));
    }
    return out;
}

/// Views share their frames' folders: each is looked at once.
class Search {
  public:
    /// Whether one of the files is there.
    bool finds(const FramePath& path) {
        if (is_file(path.first)) return true;
        if (!path.numbered) return false;
        const auto [numbers, is_new] =
            numbers_.try_emplace({path.before, path.after.substr(0, path.after.find('/'))});
        if (is_new) numbers->second = path.numbers();
        return std::ranges::any_of(numbers->second, [&](int number) {
            const fs::path file = path.file(number - path.first_number);
            const auto [there, is_new_folder] = folders_.try_emplace(file.parent_path());
            std::error_code ignored;
            if (is_new_folder) there->second = fs::is_directory(file.parent_path(), ignored);
            return there->second && is_file(file);
        });
    }

  private:
    std::map<std::pair<std::string, std::string>, std::set<int>> numbers_;
    std::map<fs::path, bool> folders_;
};

}  // namespace

fs::path mask_path(const fs::path& folder, const RigView& view, int own) {
    if (view.mask) {
        const fs::path file = view.mask->file(own);
        if (file.extension() != ".png" || view.mask->numbered != (view.video || view.image.numbered))
            throw InputError(
                "{}: its mask is {}, beside which no other is read: move that away first, or take it out of "
                "the calibration",
                view.place, file.string());
        return file.lexically_proximate(folder);
    }
    if (view.video)
        return fs::path(numbered_images(folder, view, kMaskFolders[0]).file(own)).lexically_proximate(folder);
    return in_mask_folder(view.image.file(own).lexically_proximate(folder), kMaskFolders[0])
        .replace_extension(".png");
}

void find_masks(Rig& rig) {
    Search search;
    for (RigView& view : rig.views) {
        if (view.mask) continue;
        for (FramePath& path : candidates(rig, view))
            if (search.finds(path)) {
                view.mask = std::move(path);
                break;
            }
    }
}

}  // namespace volumen
