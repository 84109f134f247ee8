// What evaluate measures.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "encoder/evaluate/evaluate.h"
#include "encoder/evaluate/frame_source.h"

namespace volumen {

/// The mean of what there was to add; nothing where there was nothing.
class Mean {
  public:
    void add(std::optional<double> value) {
        if (value) sum_ += *value, ++count_;
    }
    std::optional<double> value() const {
        if (count_ == 0) return {};
        return sum_ / count_;
    }

  private:
    double sum_ = 0;
    int count_ = 0;
};

struct FrameFigures {
    int index = 0;                                     ///< in the stream
    int capture_frame = 0;                             ///< in the capture
    Mean psnr, psnr_masked, ssim, flicker, render_ms;  ///< over views; flicker: none for the first frame
    double bytes = 0, raw_bytes = 0, decode_ms = 0;
    std::size_t splats = 0;
};

struct ViewFigures {
    int view = 0;  ///< index in the capture's file
    std::string name;
    Mean psnr, psnr_masked, ssim, flicker;  ///< over frames
};

/// A stream's rate and what it shows for it.
struct RatePoint {
    std::string stream;  ///< as it was named
    Coding coding;
    Evaluation figures;
};

struct Figures {
    std::string stream, capture, device;
    std::string masks;          ///< where they come from, as --masks names it
    int width = 0, height = 0;  ///< of the first view
    double fps = 0;
    std::vector<FrameFigures> frames;
    std::vector<ViewFigures> views;
    std::vector<SourceTrack> tracks;
    std::vector<RatePoint> rate_distortion;  ///< this stream, then the others; empty where there are none

    Evaluation summary() const;
    std::string to_json() const;
};

}  // namespace volumen
