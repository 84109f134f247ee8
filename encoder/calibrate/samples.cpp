#include "encoder/calibrate/samples.h"

#include <algorithm>

#include "formats/core/parallel.h"

namespace volumen {
namespace {

/// Pictures kept at once: about 400 MB at the largest.
constexpr int kMaxPictures = 4096;
constexpr std::uint8_t kInside = 128;

SmallPicture small_picture(ViewImage image) {
    SmallPicture out;
    if (image.absent()) return out;
    out.rgb = std::move(image.rgb.pixels);
    out.set_mask(std::move(image.alpha.pixels));
    return out;
}

}  // namespace

void SmallPicture::set_mask(std::vector<std::uint8_t> alpha) {
    mask = std::move(alpha);
    for (std::uint8_t& a : mask) a = a >= kInside;
}

Samples read_samples(const std::filesystem::path& path, const std::vector<int>& views, int first, int end,
                     const CaptureOptions& options) {
    CaptureOptions small = options;
    small.width = kSampleSide, small.height = 0;
    std::vector<std::string> told;  // by whoever opened it first
    if (small.problems) small.problems = &told;
    const Capture capture = Capture::open(path, small);
    Samples samples;
    const int most = std::clamp(kMaxPictures / std::max(int(views.size()), 1), 2, kSampleFrames);
    samples.frame_count = std::min(end - first, most);
    samples.first_frame = first + (end - first - samples.frame_count) / 2;
    samples.masks = capture.has_masks();
    const TakeInfo info = capture.info(views);
    samples.centre = 0.5f * (info.bounds_min + info.bounds_max);
    samples.radius = 0.5f * (info.bounds_max.x - info.bounds_min.x);
    samples.views.resize(views.size());
    parallel_for(views.size(), 1, [&](std::size_t begin, std::size_t stop, int) {
        for (std::size_t v = begin; v < stop; ++v) {
            SampledView& out = samples.views[v];
            out.view = views[v], out.camera = capture.views()[std::size_t(views[v])].camera;
            FrameReader reader(capture, {views[v]}, samples.first_frame,
                               samples.first_frame + samples.frame_count, 1);
            while (std::optional<CaptureFrame> frame = reader.next())
                out.pictures.push_back(small_picture(std::move(frame->images[0])));
        }
    });
    return samples;
}

}  // namespace volumen
