// What the player measured, and how it is written down.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "player/decode/frame_source.h"
#include "player/view/presenter.h"
#include "shaders/renderer.h"

namespace volumen {

/// The first frames compile pipelines and fill caches: they are left out of the summary.
inline constexpr std::size_t kWarmUpFrames = 3;

/// Median (mean of the middle two of an even count), 95th percentile (nearest rank) and maximum; all 0 for
/// nothing.
struct Summary {
    double median = 0, p95 = 0, max = 0;
};
Summary summarise(std::vector<double> values);

struct FrameStatistics {
    int index = 0;
    double decode_ms = 0, reconstruct_ms = 0, project_ms = 0, sort_ms = 0, raster_ms = 0,
           render_ms = 0;   ///< render: the last four together
    double present_ms = 0;  ///< that the window's picture waited for the display; 0 without a window
    std::uint32_t splats = 0, visible = 0;
};

/// What is known of a frame once it is drawn. `index`: of the take.
FrameStatistics frame_statistics(int index, double decode_ms, const RenderStats& render);

/// The content of `--stats`.
struct Statistics {
    std::vector<FrameStatistics> frames;
    double time_to_first_frame_ms = 0;
    std::uint64_t dropped = 0;
    std::vector<Stall> stalls;
    std::vector<LostFrames> lost;
    std::string gpu, decoder, decoder_note;
    int width = 0, height = 0;

    /// DESIGN's keys, and `lost`, `gpu`, `decoder`, `decoder_note`, `size`.
    nlohmann::json json() const;
};

}  // namespace volumen
