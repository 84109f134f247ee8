#include "player/headless.h"

#include <fmt/core.h>

#include <cstdio>
#include <filesystem>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/media/image_file.h"
#include "player/output_pattern.h"
#include "player/source/view_file.h"
#include "player/statistics.h"
#include "shaders/renderer.h"

namespace volumen {
namespace {

constexpr ViewSize kDefaultSize{1280, 720};

}  // namespace

Image8 without_alpha(const Image8& image) {
    Image8 out(image.width, image.height, 3);
    const std::size_t pixels = std::size_t(image.width) * image.height;
    for (std::size_t i = 0; i < pixels; ++i)
        for (std::size_t c = 0; c < 3; ++c) out.pixels[3 * i + c] = image.pixels[4 * i + c];
    return out;
}

FrameRange played_range(const Take& take, const PlayOptions& options) {
    const FrameRange all{0, take.frame_count()};
    if (!options.frames) return all;
    if (!take.is_still() && options.frames->end > all.end)
        throw UsageError("--frames {}:{}: the take has {} frames", options.frames->begin, options.frames->end,
                         all.end);
    return *options.frames;
}

int run_headless(const Take& take, const PlayOptions& options, std::chrono::steady_clock::time_point start) {
    const FrameRange range = played_range(take, options);
    const auto pattern = options.output ? std::optional<OutputPattern>(*options.output) : std::nullopt;
    ViewFile view{std::nullopt, take.default_view()};
    if (options.camera) view = read_view_file(*options.camera, take.default_view());
    const ViewSize size = options.size.value_or(view.size().value_or(kDefaultSize));
    const Camera camera = view.camera(size);

    gpu::DeviceParams params;
    params.name = options.gpu, params.validation = options.validation;
    gpu::Device device(params);
    if (!device.note.empty()) fmt::print(stderr, "volumen-play: {}\n", device.note);
    Renderer renderer(device);
    renderer.set_stage(take.stage());
    const RenderSettings settings{.background = take.info().background,
                                  .order = options.order,
                                  .compensate = options.antialias,
                                  .picture = options.picture};
    const auto source = take.frames(range, options.hwaccel);

    Statistics statistics;
    bool still_uploaded = false;
    while (const auto frame = source->next()) {
        if (const auto* packed = std::get_if<PackedFrame>(&frame->content)) {
            renderer.set_frame(*packed);
        } else if (!still_uploaded) {
            renderer.set_cloud(*std::get<std::shared_ptr<const SplatCloud>>(frame->content));
            still_uploaded = true;
        }
        const Image8 image = renderer.render(camera, settings);
        if (statistics.frames.empty()) {
            const std::chrono::duration<double, std::milli> passed = std::chrono::steady_clock::now() - start;
            statistics.time_to_first_frame_ms = passed.count();
        }
        statistics.frames.push_back(frame_statistics(frame->index, frame->decode_ms, renderer.stats()));
        if (pattern) write_image(pattern->file(frame->index), without_alpha(image));
    }

    statistics.lost = source->lost();
    statistics.gpu = device.device_name;
    statistics.decoder = source->device();
    statistics.decoder_note = source->decoder_note();
    if (!statistics.decoder_note.empty()) fmt::print(stderr, "volumen-play: {}\n", statistics.decoder_note);
    statistics.width = size.width, statistics.height = size.height;
    if (options.stats) write_statistics(*options.stats, statistics);
    for (const LostFrames& lost : statistics.lost)
        fmt::print(stderr, "volumen-play: frames {}:{} are lost: {}\n", lost.first_frame,
                   lost.first_frame + lost.count, lost.reason);
    if (device.validation_messages() > 0)
        fmt::print(stderr, "volumen-play: {} messages of the validation layers\n",
                   device.validation_messages());
    return statistics.lost.empty() ? 0 : 1;
}

void write_statistics(const std::string& file, const Statistics& statistics) {
    const std::string text = statistics.json().dump(1) + "\n";
    if (file == "-") {
        fmt::print("{}", text);
        return;
    }
    write_file(file, text);
}

}  // namespace volumen
