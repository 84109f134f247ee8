#include "encoder/train/residual.h"

#include <algorithm>
#include <cmath>

namespace volumen::train {
namespace {

constexpr int kBlock = 8;           ///< pixels: about a limb's width in an image of half the size
constexpr float kUnusual = 1.25f;   ///< times the usual peak
constexpr std::size_t kMemory = 9;  ///< frames
constexpr std::size_t kFewest = 3;  ///< frames, before anything is usual

}  // namespace

Residual residual(Rasteriser& rasteriser, const SplatCloud& cloud, const TrainingFrame& frame) {
    Residual out;
    double errors = 0, subject = 0;
    RasterSettings raster;
    raster.background = glm::vec3(0), raster.compensate = true;
    PlanarImage truth;
    for (const TrainingView& view : frame.views) {
        view.over(raster.background, truth);
        const PlanarImage& render = rasteriser.forward(cloud, view.camera, raster);
        const std::span<const float> coverage = rasteriser.alpha();
        const int columns = (truth.width + kBlock - 1) / kBlock, rows = (truth.height + kBlock - 1) / kBlock;
        std::vector<float> blocks(std::size_t(columns) * std::size_t(rows));
        for (int y = 0; y < truth.height; ++y)
            for (int x = 0; x < truth.width; ++x) {
                const std::size_t i = std::size_t(y) * std::size_t(truth.width) + std::size_t(x);
                if (!view.weight.empty() && view.weight[i] == 0) continue;
                float error = 0;
                for (int c = 0; c < 3; ++c) error += std::abs(render.plane(c)[i] - truth.plane(c)[i]) / 3;
                if (!view.alpha.empty()) {
                    error += std::abs(coverage[i] - view.alpha[i]);
                    subject += view.alpha[i];
                } else {
                    subject += 1;
                }
                errors += error;
                blocks[std::size_t(y / kBlock) * std::size_t(columns) + std::size_t(x / kBlock)] += error;
            }
        out.peak += *std::ranges::max_element(blocks) / float(kBlock * kBlock) / float(frame.views.size());
    }
    out.mean = float(errors / std::max(subject, 1.0));
    return out;
}

bool LimbWatch::lost(const Residual& residual) const {
    if (peaks_.size() < kFewest) return false;
    std::vector<float> sorted = peaks_;
    std::ranges::sort(sorted);
    return residual.peak > kUnusual * sorted[sorted.size() / 2];
}

void LimbWatch::add(const Residual& residual) {
    if (peaks_.size() == kMemory) peaks_.erase(peaks_.begin());
    peaks_.push_back(residual.peak);
}

void LimbWatch::fields(Archive& archive) {
    archive(peaks_);
}

}  // namespace volumen::train
