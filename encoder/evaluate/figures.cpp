#include "encoder/evaluate/figures.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace volumen {
namespace {

using Json = nlohmann::ordered_json;

Json number(std::optional<double> value) {
    return value && std::isfinite(*value) ? Json(*value) : Json(nullptr);
}

Json text(const std::string& name) {
    return name.empty() ? Json(nullptr) : Json(name);
}

}  // namespace

Evaluation Figures::summary() const {
    // Every image counts once: a frame's mean is over the same views as any other's.
    Mean psnr, psnr_masked, ssim, flicker, render_ms, decode_ms, bytes, raw_bytes;
    Evaluation e;
    e.frames = int(frames.size()), e.views = int(views.size());
    for (const FrameFigures& f : frames) {
        psnr.add(f.psnr.value()), psnr_masked.add(f.psnr_masked.value()), ssim.add(f.ssim.value());
        flicker.add(f.flicker.value()), render_ms.add(f.render_ms.value());
        decode_ms.add(f.decode_ms), bytes.add(f.bytes), raw_bytes.add(f.raw_bytes);
        e.splats = std::max(e.splats, f.splats);
        e.frame_psnr.push_back(f.psnr.value().value_or(0));
    }
    const double none = std::numeric_limits<double>::quiet_NaN();
    e.psnr = psnr.value().value_or(none), e.psnr_masked = psnr_masked.value().value_or(none);
    e.ssim = ssim.value().value_or(none), e.flicker = flicker.value().value_or(none);
    e.render_ms = render_ms.value().value_or(0), e.decode_ms = decode_ms.value().value_or(0);
    e.bytes_per_frame = bytes.value().value_or(0), e.raw_bytes_per_frame = raw_bytes.value().value_or(0);
    e.mbit_per_s = e.bytes_per_frame * 8 * fps / 1e6;
    e.ratio = e.bytes_per_frame > 0 ? e.raw_bytes_per_frame / e.bytes_per_frame : 0;
    return e;
}

std::string Figures::to_json() const {
    const Evaluation e = summary();
    Json root{{"frames", e.frames},
              {"views", e.views},
              {"psnr", number(e.psnr)},
              {"psnr_masked", number(e.psnr_masked)},
              {"ssim", number(e.ssim)},
              {"flicker", number(e.flicker)},
              {"bytes_per_frame", e.bytes_per_frame},
              {"mbit_per_s", e.mbit_per_s},
              {"raw_bytes_per_frame", e.raw_bytes_per_frame},
              {"ratio", e.ratio},
              {"splats", e.splats},
              {"decode_ms", e.decode_ms},
              {"render_ms", e.render_ms},
              {"fps", fps},
              {"width", width},
              {"height", height},
              {"device", device},
              {"masks", masks},
              {"stream", stream},
              {"capture", capture}};
    Json& track_list = root["tracks"] = Json::array();
    for (const SourceTrack& t : tracks) track_list.push_back({{"name", t.name}, {"bytes", t.bytes}});
    Json& frame_list = root["per_frame"] = Json::array();
    for (const FrameFigures& f : frames)
        frame_list.push_back({{"frame", f.index},
                              {"capture_frame", f.capture_frame},
                              {"psnr", number(f.psnr.value())},
                              {"psnr_masked", number(f.psnr_masked.value())},
                              {"ssim", number(f.ssim.value())},
                              {"flicker", number(f.flicker.value())},
                              {"bytes", f.bytes},
                              {"raw_bytes", f.raw_bytes},
                              {"splats", f.splats},
                              {"decode_ms", f.decode_ms},
                              {"render_ms", number(f.render_ms.value())}});
    Json& view_list = root["per_view"] = Json::array();
    for (const ViewFigures& v : views)
        view_list.push_back({{"view", v.view},
                             {"name", v.name},
                             {"psnr", number(v.psnr.value())},
                             {"psnr_masked", number(v.psnr_masked.value())},
                             {"ssim", number(v.ssim.value())},
                             {"flicker", number(v.flicker.value())}});
    Json& point_list = root["rate_distortion"] = Json::array();
    for (const RatePoint& p : rate_distortion)
        point_list.push_back({{"stream", p.stream},
                              {"profile", text(p.coding.profile)},
                              {"codec", text(p.coding.codec)},
                              {"quality", number(p.coding.quality)},
                              {"bytes_per_frame", p.figures.bytes_per_frame},
                              {"mbit_per_s", p.figures.mbit_per_s},
                              {"psnr", number(p.figures.psnr)},
                              {"psnr_masked", number(p.figures.psnr_masked)},
                              {"ssim", number(p.figures.ssim)},
                              {"flicker", number(p.figures.flicker)}});
    return root.dump(1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace volumen
