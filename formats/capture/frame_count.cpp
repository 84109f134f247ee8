// How many frames a capture has, from the files on disk.
#include <algorithm>
#include <map>
#include <set>

#include "formats/capture/capture_state.h"
#include "formats/core/error.h"

namespace volumen {
namespace {

/// Frames that a view's numbers reach to. Holes in numbered files are missing images; a folder that is
/// missing takes every view's image of a frame with it: that is an error, unless `known` says that the take
/// ends before.
int count_files(const FramePath& path, const std::set<int>& numbers, int known, const std::string& place) {
    const bool folders = path.after.find('/') != path.after.npos;
    int expected = path.first_number;
    for (const int number : numbers) {
        if (folders && number != expected) {
            if (known <= expected - path.first_number) return expected - path.first_number;
            throw InputError(
                "{}: {} is missing, though later frames are there: number the frames without a gap, or "
                "end the take before it with frame_count",
                place, path.own_part(expected - path.first_number).string());
        }
        expected = number + 1;
        if (expected - path.first_number > kMaxFrames)
            throw InputError("{}: frames are numbered up to {}: at most {} are accepted", place, number,
                             kMaxFrames);
    }
    return expected - path.first_number;
}

}  // namespace

int count_frames(const Rig& rig, std::vector<ViewSource>& sources,
                 const std::function<void(const std::string&)>& pass_over) {
    // Views share their frames' folders: each is listed once.
    std::map<std::pair<std::string, std::string>, std::set<int>> listed;
    for (ViewSource& source : sources) {
        const FramePath& image = source.rig.image;
        if (!image.numbered) continue;
        const auto [found, is_new] =
            listed.try_emplace({image.before, image.after.substr(0, image.after.find('/'))});
        if (is_new) found->second = image.numbers();
        source.files =
            count_files(image, found->second, rig.frame_count.value_or(kMaxFrames), source.rig.place);
    }
    const auto [shortest, longest] =
        std::minmax_element(sources.begin(), sources.end(),
                            [](const ViewSource& a, const ViewSource& b) { return a.files < b.files; });
    if (!rig.frame_count) {
        if (shortest->files < longest->files)
            pass_over(fmt::format("{}: has {} frames, {} has {}: the take ends with the shortest",
                                  shortest->rig.place, shortest->files, longest->rig.name, longest->files));
        return shortest->files;
    }
    const FramePath& image = longest->rig.image;
    if (*rig.frame_count > longest->files) {
        if (longest->rig.video)
            throw InputError("{}: frame_count is {}, but the longest video has {} frames", rig.file.string(),
                             *rig.frame_count, longest->files);
        if (!image.numbered)
            throw InputError("{}: frame_count is {}, but no folder of {} is a frame's number",
                             rig.file.string(), *rig.frame_count, image.first.string());
        throw InputError("{}: frame_count is {}, but {} does not exist", rig.file.string(), *rig.frame_count,
                         image.own_part(longest->files).string());
    }
    for (ViewSource& source : sources) {
        if (source.files < *rig.frame_count)
            pass_over(fmt::format("{}: has {} frames, {} less than frame_count", source.rig.place,
                                  source.files, *rig.frame_count - source.files));
        if (!source.rig.video) source.files = std::max(source.files, *rig.frame_count);
    }
    return *rig.frame_count;
}

}  // namespace volumen
