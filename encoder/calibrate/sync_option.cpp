#include "encoder/calibrate/sync_option.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>

#include "formats/core/error.h"

namespace volumen {
namespace {

constexpr int kMaxOffset = kMaxFrames;

bool number(const std::string& text, int& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

/// By name, by index, or by name without extension: the first that fits.
std::size_t find_view(const std::vector<CaptureView>& views, const std::string& key) {
    const auto named = [&](const auto& is) {
        return std::size_t(std::ranges::find_if(views, is) - views.begin());
    };
    std::size_t view = named([&](const CaptureView& v) { return v.name == key; });
    int index = 0;
    if (view == views.size() && number(key, index) && index >= 0 && index < int(views.size()))
        view = std::size_t(index);
    if (view == views.size())
        view = named([&](const CaptureView& v) { return std::filesystem::path(v.name).stem() == key; });
    if (view == views.size())
        throw UsageError("--sync: there is no view {}: views go by name or by index, 0 to {}", key,
                         views.size() - 1);
    return view;
}

}  // namespace

std::vector<int> sync_offsets(const std::filesystem::path& path, const std::string& text,
                              const std::vector<int>& held_out,
                              const std::function<void(const std::string&)>& tell) {
    if (text.empty()) return {};
    const Capture capture = Capture::open(path);
    const std::vector<CaptureView>& views = capture.views();
    if (text == "auto") {
        std::vector<int> used;
        for (int v = 0; v < int(views.size()); ++v)
            if (std::ranges::find(held_out, v) == held_out.end()) used.push_back(v);
        if (used.empty()) return {};
        const SyncedOffsets synced = synced_offsets(path, used);
        for (std::size_t i = 0; i < used.size(); ++i) {
            const SyncCurve& curve = synced.estimate.curves[i];
            if (curve.offset != 0 && tell)
                tell(fmt::format("view {} ({}) is {} frame{} {}: taken so (confidence {:.0f} %)", used[i],
                                 views[std::size_t(used[i])].name, std::abs(curve.offset),
                                 std::abs(curve.offset) == 1 ? "" : "s", curve.offset > 0 ? "late" : "early",
                                 100 * curve.confidence));
        }
        return synced.offsets;
    }
    std::vector<int> offsets;
    for (const CaptureView& view : views) offsets.push_back(view.offset);
    std::set<std::size_t> given;
    for (std::size_t begin = 0; begin <= text.size();) {
        const std::size_t comma = std::min(text.find(',', begin), text.size());
        const std::string entry = text.substr(begin, comma - begin);
        const std::size_t colon = entry.rfind(':');
        int frames = 0;
        if (colon == entry.npos || colon == 0 || !number(entry.substr(colon + 1), frames) ||
            std::abs(frames) > kMaxOffset)
            throw UsageError(
                "--sync {}: write auto, or VIEW:FRAMES with commas between, such as 3:2,cam04:-1", text);
        const std::size_t view = find_view(views, entry.substr(0, colon));
        if (!given.insert(view).second)
            throw UsageError("--sync {}: view {} is given twice", text, entry.substr(0, colon));
        offsets[view] = frames;
        begin = comma + 1;
    }
    return offsets;
}

std::string offsets_entry(const std::vector<CaptureView>& views, const std::vector<int>& offsets) {
    nlohmann::ordered_json entry = nlohmann::ordered_json::object();
    for (std::size_t v = 0; v < views.size(); ++v)
        if (offsets[v] != 0) {
            const bool unique = std::ranges::count_if(views, [&](const CaptureView& other) {
                                    return other.name == views[v].name;
                                }) == 1;
            entry[unique ? views[v].name : std::to_string(v)] = offsets[v];
        }
    return "\"offsets\": " + entry.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace volumen
