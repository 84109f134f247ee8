// Stream (or model) against capture: JSON and HTML.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "encoder/masks/choose.h"

namespace volumen {

struct EvaluateOptions {
    std::vector<int> views;     ///< by index in the capture's file; empty: all
    int width = 0, height = 0;  ///< as CaptureOptions
    double scale = 1;
    std::vector<int> offsets;  ///< as CaptureOptions
    bool use_gpu = true;       ///< the player's renderer; false: the CPU rasteriser
    std::string device;        ///< see gpu::DeviceParams::name
    /// As in training, but computed from all views of the capture: the stream has learnt nothing from them.
    masks::MaskMode masks = masks::MaskMode::automatic;
    /// Other streams and models of the same take, to compare rate and quality with; one that is named twice
    /// counts once.
    std::vector<std::filesystem::path> against;
    /// The capture's frame that is frame 0 of the stream; -1: as a model was trained, else 0.
    int first_capture_frame = -1;
    int end_capture_frame = -1;                          ///< where the comparison ends; -1: as far as both go
    std::optional<std::filesystem::path> json, html;     ///< json "-": stdout
    std::optional<std::filesystem::path> images;         ///< a folder for renders, if wanted
    std::optional<std::filesystem::path> contact_sheet;  ///< a PNG: frames across; truth, result below
    std::function<void(double share)> learning;          ///< masks, before the first frame
    std::function<void(int done, int of)> progress;      ///< frames, of all streams together
};

/// Mean figures, as DESIGN.md lists them; the JSON and the report have them per frame and per view too.
struct Evaluation {
    int frames = 0, views = 0;
    double psnr = 0, psnr_masked = 0, ssim = 0,
           flicker = 0;  ///< NaN (null in the JSON) where there is no mask, or only one frame
    double bytes_per_frame = 0, mbit_per_s = 0, raw_bytes_per_frame = 0, ratio = 0;
    std::size_t splats = 0;  ///< the most of any frame
    double decode_ms = 0, render_ms = 0;
    std::vector<double> frame_psnr;  ///< mean over views
};

/// `stream` is a stream, or a model directory or one of PLYs (then the unpacked frames are rendered and bytes
/// are those of its PLYs). Frame i is compared with the capture's frame first_capture_frame + i, as far as
/// both go and up to end_capture_frame. Images are
/// composited on the take's background by their masks, and psnr_masked is measured where these are at least
/// 0.5. The whole image counts instead where the stream has a stage, or where masks are computed and the
/// take's background is black: then training had no masks, or a stage. The streams of `against` are measured
/// on the same frames and views, one after the other; JSON and report show them beside `stream`, all else is
/// of `stream`. Memory grows neither with the number of frames nor of streams. Throws InputError, also for
/// streams that differ in their number of frames, background or stage, UsageError for views that the capture
/// lacks.
Evaluation evaluate(const std::filesystem::path& stream, const std::filesystem::path& capture,
                    const EvaluateOptions& options);

}  // namespace volumen
