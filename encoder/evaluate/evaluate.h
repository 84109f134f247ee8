// Stream (or model) against capture: JSON and HTML.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace volumen {

struct EvaluateOptions {
    std::vector<int> views;     ///< by index in the capture's file; empty: all
    int width = 0, height = 0;  ///< as CaptureOptions
    double scale = 1;
    bool use_gpu = true;                              ///< the player's renderer; false: the CPU rasteriser
    std::string device;                               ///< see gpu::DeviceParams::name
    int first_capture_frame = 0;                      ///< the capture's frame that is frame 0 of the stream
    std::optional<std::filesystem::path> json, html;  ///< json "-": stdout
    std::optional<std::filesystem::path> images;      ///< a folder for renders, if wanted
};

/// Mean figures, as DESIGN.md lists them; the JSON and the report have them per frame too.
struct Evaluation {
    int frames = 0, views = 0;
    double psnr = 0, psnr_masked = 0, ssim = 0, flicker = 0;
    double bytes_per_frame = 0, mbit_per_s = 0, raw_bytes_per_frame = 0, ratio = 0;
    std::size_t splats = 0;
    double decode_ms = 0, render_ms = 0;
    std::vector<double> frame_psnr;  ///< mean over views
};

/// `stream` is a stream, or a model directory (then the unpacked frames are rendered and bytes are those of
/// its PLYs).
Evaluation evaluate(const std::filesystem::path& stream, const std::filesystem::path& capture,
                    const EvaluateOptions& options);

}  // namespace volumen
