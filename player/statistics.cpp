#include "player/statistics.h"

#include <algorithm>
#include <cmath>

namespace volumen {
namespace {

/// Milliseconds of the GPU; null where it has no timestamps, and all of a frame are 0.
nlohmann::json measured(bool any, double ms) {
    return any ? nlohmann::json(ms) : nlohmann::json();
}
nlohmann::json measured(const FrameStatistics& frame, double ms) {
    return measured(frame.render_ms > 0, ms);
}

}  // namespace

Summary summarise(std::vector<double> values) {
    if (values.empty()) return {};
    std::ranges::sort(values);
    const std::size_t n = values.size();
    const double median = n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
    const auto rank = std::size_t(std::ceil(0.95 * double(n)));
    return {median, values[std::clamp<std::size_t>(rank, 1, n) - 1], values.back()};
}

FrameStatistics frame_statistics(int index, double decode_ms, const RenderStats& render) {
    return {.index = index,
            .decode_ms = decode_ms,
            .reconstruct_ms = render.reconstruct_ms,
            .project_ms = render.project_ms,
            .sort_ms = render.sort_ms,
            .raster_ms = render.raster_ms,
            .render_ms = render.render_ms,
            .splats = render.splats,
            .visible = render.visible};
}

nlohmann::json Statistics::json() const {
    using nlohmann::json;
    json out;
    std::vector<double> render_ms;
    out["frames"] = json::array();
    for (const FrameStatistics& f : frames) {
        out["frames"].push_back({{"index", f.index},
                                 {"decode_ms", f.decode_ms},
                                 {"reconstruct_ms", measured(f, f.reconstruct_ms)},
                                 {"project_ms", measured(f, f.project_ms)},
                                 {"sort_ms", measured(f, f.sort_ms)},
                                 {"raster_ms", measured(f, f.raster_ms)},
                                 {"render_ms", measured(f, f.render_ms)},
                                 {"present_ms", f.present_ms},
                                 {"splats", f.splats},
                                 {"visible", f.visible}});
        render_ms.push_back(f.render_ms);
    }
    if (render_ms.size() > kWarmUpFrames)
        render_ms.erase(render_ms.begin(), render_ms.begin() + kWarmUpFrames);
    const Summary summary = summarise(std::move(render_ms));
    const bool any = summary.max > 0;
    out["render_ms"] = {{"median", measured(any, summary.median)},
                        {"p95", measured(any, summary.p95)},
                        {"max", measured(any, summary.max)}};
    out["time_to_first_frame_ms"] = time_to_first_frame_ms;
    out["dropped"] = dropped;
    out["stalls"] = json::array();
    for (const Stall& s : stalls) out["stalls"].push_back({{"frame", s.frame}, {"wait_ms", s.wait_ms}});
    out["lost"] = json::array();
    for (const LostFrames& l : lost)
        out["lost"].push_back({{"frame", l.first_frame}, {"frames", l.count}, {"reason", l.reason}});
    out["requests"] = json::array();  // a local file is read without any
    out["gpu"] = gpu;
    out["decoder"] = decoder;
    out["decoder_note"] = decoder_note;
    out["size"] = {width, height};
    return out;
}

}  // namespace volumen
