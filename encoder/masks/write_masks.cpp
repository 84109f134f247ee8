#include "encoder/masks/write_masks.h"

#include <atomic>

#include "encoder/views.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"
#include "formats/media/image_file.h"

namespace volumen::masks {
namespace {

namespace fs = std::filesystem;

void make_folder(const fs::path& folder) {
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw InputError("{}: cannot be made: {}", folder.string(), error.message());
}

}  // namespace

WriteResult write_masks(const fs::path& path, const fs::path& folder, const WriteOptions& options) {
    if (options.mode == MaskMode::file || options.mode == MaskMode::none)
        throw UsageError("--masks: to compute masks there are auto, plate and motion");
    const Capture capture = Capture::open(path, {.strict = options.strict, .masks = reads_own(options.mode)});
    const auto warn = [&](const std::string& line) {
        if (options.warn) options.warn(line);
    };
    for (const std::string& line : capture.warnings()) warn(line);
    if (capture.has_masks())
        throw InputError("{}: has masks already; --masks plate or --masks motion computes others",
                         path.string());
    const std::vector<int> views = views_without(int(capture.views().size()), options.held_out_views);
    const auto [first, end] = frames_within(capture.frame_count(), options.first_frame, options.end_frame);
    const Masks masks(capture, views, options.mode, options.learning);
    if (!masks.any())
        throw InputError(
            "{}: nothing moves in front of still cameras: photograph the empty set as background/<view>.png",
            path.string());
    for (const std::string& line : masks.warnings()) warn(line);

    WriteResult result;
    result.mode = masks.mode();
    FrameReader reader(capture, views, first, end);
    while (std::optional<CaptureFrame> frame = reader.next()) {
        masks.apply(*frame);
        check_masks(capture, views, *frame, result.frames == 0, options.strict);
        std::atomic<int> files = 0;
        parallel_for(views.size(), 1, [&](std::size_t begin, std::size_t stop, int) {
            for (std::size_t v = begin; v < stop; ++v) {
                const ViewImage& image = frame->images[v];
                if (image.absent()) continue;
                const fs::path file = folder / capture.mask_file(views[v], frame->index);
                make_folder(file.parent_path());
                write_image(file, capture.stored_mask(views[v], image.alpha));
                ++files;
            }
        });
        for (std::size_t v = 0; v < views.size(); ++v)
            if (!frame->images[v].problem.empty())
                warn(fmt::format("frame {}, view {} is left out: {}", frame->index, views[v],
                                 frame->images[v].problem));
        result.files += files;
        ++result.frames;
        if (options.progress) options.progress(result.frames, end - first);
    }
    return result;
}

}  // namespace volumen::masks
