#include "formats/capture/readers/frame_groups.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "formats/core/error.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;

/// A frame's number plus kMaxFrames fits in an int.
constexpr int kMaxNumber = 1'000'000'000;

std::optional<int> number_in(std::string_view text) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || number < 0 ||
        number > kMaxNumber)
        return std::nullopt;
    return number;
}

FramePath numbered(const std::string& path, std::size_t at, std::size_t length) {
    FramePath out{.first = path};
    const std::string digits = path.substr(at, length);
    out.numbered = true;
    out.before = path.substr(0, at), out.after = path.substr(at + length);
    out.first_number = *number_in(digits);
    out.digits = digits.size() > 1 && digits[0] == '0' ? digits.size() : 0;
    return out;
}

/// Counts by the last folder that is a number: image/0/3.png.
FramePath by_folder(const fs::path& file) {
    const std::string path = file.generic_string();
    for (std::size_t end = path.rfind('/'); end != path.npos && end > 0;) {
        const std::size_t slash = path.rfind('/', end - 1), start = slash == path.npos ? 0 : slash + 1;
        if (folder_number(path.substr(start, end - start))) return numbered(path, start, end - start);
        end = slash;
    }
    return {.first = file};
}

/// Counts by the number that ends the file's name: cam03/0000.png.
FramePath by_file(const fs::path& file) {
    const std::string path = file.generic_string();
    const std::size_t dot = path.size() - file.extension().string().size();
    std::size_t start = dot;
    while (start > 0 && path[start - 1] >= '0' && path[start - 1] <= '9') --start;
    if (start == dot || !number_in(std::string_view(path).substr(start, dot - start))) return {.first = file};
    return numbered(path, start, dot - start);
}

bool same_pose(const Camera& a, const Camera& b) {
    const auto near = [](const glm::vec3& u, const glm::vec3& v) { return glm::length(u - v) < 1e-4f; };
    return near(a.translation, b.translation) && near(a.rotation[0], b.rotation[0]) &&
           near(a.rotation[1], b.rotation[1]) && near(a.rotation[2], b.rotation[2]);
}

using Counting = FramePath (*)(const fs::path&);
using Groups = std::map<std::pair<std::string, std::string>, std::vector<std::size_t>>;

Groups groups_of(const Rig& rig, Counting counting) {
    Groups groups;
    for (std::size_t i = 0; i < rig.views.size(); ++i)
        if (const FramePath path = counting(rig.views[i].image.first); path.numbered)
            groups[{path.before, path.after}].push_back(i);
    return groups;
}

/// Whether the entries of each group are one camera.
bool agree(const Rig& rig, const Groups& groups) {
    return std::ranges::all_of(groups, [&](const auto& group) {
        return std::ranges::all_of(group.second, [&](std::size_t i) {
            return same_pose(rig.views[i].camera, rig.views[group.second.front()].camera);
        });
    });
}

/// Whether each view has a folder of its own and its files are numbered the same: then the file is the frame.
bool files_are_frames(const Rig& rig) {
    if (rig.views.front().video) return false;
    if (const Groups folders = groups_of(rig, by_folder); !folders.empty() && agree(rig, folders))
        return false;
    const Groups groups = groups_of(rig, by_file);
    if (groups.size() < 2 || !agree(rig, groups)) return false;
    std::set<std::string> folders;
    std::size_t grouped = 0;
    for (const auto& [key, members] : groups) {
        if (!folders.insert(key.first.substr(0, key.first.rfind('/') + 1)).second) return false;
        const RigView& first = rig.views[members.front()];
        grouped += members.size();
        if (by_file(first.image.first).first_number !=
            by_file(rig.views[groups.begin()->second.front()].image.first).first_number)
            return false;
    }
    return grouped == rig.views.size();
}

/// Leaves one view a group, with the earliest of its files.
void merge(Rig& rig, const Groups& groups) {
    std::set<std::size_t> dropped;
    std::optional<int> first, frames;
    for (const auto& [key, members] : groups) {
        const std::size_t kept = members.front();
        std::map<int, std::size_t> numbers;
        for (const std::size_t i : members) {
            if (!numbers.emplace(rig.views[i].image.first_number, i).second)
                throw InputError("{}: the same file occurs twice", rig.views[i].place);
            if (!same_pose(rig.views[i].camera, rig.views[kept].camera))
                throw InputError("{}: its pose differs from that of {}: cameras that move are not supported",
                                 rig.views[i].place, rig.views[kept].place);
            if (i != kept) dropped.insert(i);
        }
        const int count = int(numbers.size()), lowest = numbers.begin()->first;
        if (numbers.rbegin()->first - lowest + 1 != count)
            throw InputError("{}: of this view, frames are missing between {} and {}", rig.views[kept].place,
                             lowest, numbers.rbegin()->first);
        if (first.value_or(lowest) != lowest || frames.value_or(count) != count)
            throw InputError("{}: has other frames listed than the views before it", rig.views[kept].place);
        first = lowest, frames = count;
        const RigView& earliest = rig.views[numbers.begin()->second];
        const FramePath image = earliest.image;
        const std::optional<FramePath> mask = earliest.mask;
        rig.views[kept].image = image, rig.views[kept].mask = mask;
    }
    std::vector<RigView> kept;
    for (std::size_t i = 0; i < rig.views.size(); ++i)
        if (!dropped.contains(i)) kept.push_back(std::move(rig.views[i]));
    rig.views = std::move(kept);
    if (!rig.frame_count) rig.frame_count = frames;
}

/// One camera that moves while time goes by (entries with different "time") would pass for many views of one
/// moment.
void refuse_moving_camera(const Rig& rig) {
    for (const RigView& view : rig.views)
        if (view.time.value_or(0) != rig.views.front().time.value_or(0) && !view.image.numbered)
            throw InputError(
                "{}: time differs from that of the first entry: one moving camera is not a capture, several "
                "views of each moment are needed",
                view.place);
}

}  // namespace

fs::path FramePath::own_part(int frame) const {
    return fmt::format("{}{:0{}}{}", before, first_number + frame, digits, after.substr(0, after.find('/')));
}

fs::path FramePath::file(int frame) const {
    return numbered && frame != 0
               ? fs::path(fmt::format("{}{:0{}}{}", before, first_number + frame, digits, after))
               : first;
}

std::set<int> FramePath::numbers() const {
    const std::size_t slash = before.rfind('/');
    const std::string start = before.substr(slash == before.npos ? 0 : slash + 1),
                      end = after.substr(0, after.find('/'));
    const fs::path folder = slash == before.npos ? fs::path(".") : fs::path(before.substr(0, slash + 1));
    std::set<int> numbers{first_number};
    std::error_code error;
    for (fs::directory_iterator entry(folder, error), last; !error && entry != last; entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (name.size() <= start.size() + end.size() || !name.starts_with(start) || !name.ends_with(end))
            continue;
        const std::string text = name.substr(start.size(), name.size() - start.size() - end.size());
        int number = 0;
        const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (problem == std::errc{} && stop == text.data() + text.size() && number > first_number &&
            text == fmt::format("{:0{}}", number, digits))
            numbers.insert(number);
    }
    return numbers;
}

FramePath counted_as(const FramePath& path, const fs::path& first) {
    if (!path.numbered) return {.first = first};
    return path.after.find('/') == path.after.npos ? by_file(first) : by_folder(first);
}

std::optional<int> folder_number(const std::string& name) {
    return number_in(name);
}

void group_frames(Rig& rig) {
    const bool by_name = files_are_frames(rig);
    const Counting counting = by_name ? by_file : by_folder;
    const Groups groups = groups_of(rig, counting);
    for (RigView& view : rig.views) {
        if (view.video) continue;
        if (by_name) view.name = view.image.first.parent_path().filename().string();
        view.image = counting(view.image.first);
        if (view.mask) view.mask = counting(view.mask->first);
    }
    refuse_moving_camera(rig);
    if (!rig.views.front().video) {
        const bool some = std::ranges::any_of(rig.views, [](const RigView& v) { return v.image.numbered; });
        for (const RigView& view : rig.views)
            if (some && !view.image.numbered)
                throw InputError("{}: is one image, while other views have several frames", view.place);
        if (std::ranges::any_of(groups, [](const auto& group) { return group.second.size() > 1; }))
            merge(rig, groups);
    }
    const auto below = [&](FramePath& path) {
        path.first = rig.folder / path.first;
        if (path.numbered) path.before = (rig.folder / path.before).string();
    };
    for (RigView& view : rig.views) {
        below(view.image);
        if (view.mask) below(*view.mask);
    }
}

}  // namespace volumen
