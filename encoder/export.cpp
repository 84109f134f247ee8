#include "encoder/export.h"

#include "encoder/evaluate/frame_source.h"
#include "encoder/model.h"
#include "encoder/new_directory.h"
#include "encoder/pack/coded_planes.h"
#include "formats/core/error.h"
#include "formats/splats/ply.h"
#include "formats/splats/write_splats.h"

namespace volumen {
namespace {

/// The end of the wanted frames, which are the take's.
int checked_end(const FrameSource& take, const std::filesystem::path& source, const ExportOptions& options) {
    const int end = options.end_frame < 0 ? take.frame_count() : options.end_frame;
    if (options.first_frame >= end || end > take.frame_count())
        throw UsageError("--frames {}:{}: {} has frames 0:{}", options.first_frame, end, source.string(),
                         take.frame_count());
    return end;
}

SourceFrame expect_next(FrameSource& take, const std::filesystem::path& source, int frame) {
    std::optional<SourceFrame> content = take.next();
    if (!content) throw InputError("{}: ends before frame {}", source.string(), frame);
    return std::move(*content);
}

}  // namespace

int export_take(const std::filesystem::path& source, const std::filesystem::path& directory,
                const ExportOptions& options) {
    NewDirectory target(directory, {kTakeFile, nullptr});
    const std::unique_ptr<FrameSource> take = open_frame_source(source);
    const int end = checked_end(*take, source, options);
    SequenceInfo info{take->info()};
    info.segment_begins = {0};
    for (const int begin : take->segment_begins())
        if (begin > options.first_frame && begin < end)
            info.segment_begins.push_back(begin - options.first_frame);
    take->seek(options.first_frame);
    for (int frame = options.first_frame; frame < end; ++frame) {
        SourceFrame content = expect_next(*take, source, frame);
        // An .spz rounds: its values are on no levels of the stream's.
        if (content.packed && options.extension == ".ply") {
            info.decoded = true;
            if (!info.levels && content.packed->layout) info.levels = steps_of(*content.packed->layout);
        }
        write_splats(model_frame_path(target.path(), frame).replace_extension(options.extension),
                     content.unpacked());
        if (options.progress) options.progress(frame - options.first_frame + 1, end - options.first_frame);
    }
    if (const std::optional<SplatCloud> stage = take->stage()) {
        const std::filesystem::path file = stage_path(target.path());
        std::filesystem::create_directory(file.parent_path());
        write_ply(file, *stage);
    }
    write_sequence_info(target.path(), info);
    target.commit();
    return end - options.first_frame;
}

void export_frame(const std::filesystem::path& source, const std::filesystem::path& file,
                  const ExportOptions& options) {
    const std::unique_ptr<FrameSource> take = open_frame_source(source);
    const int frames = checked_end(*take, source, options) - options.first_frame;
    if (frames != 1)
        throw UsageError("{}: holds one frame, not {}; choose it with --frames A:A+1, or name a folder",
                         file.string(), frames);
    take->seek(options.first_frame);
    write_splats(file, expect_next(*take, source, options.first_frame).unpacked());
    if (options.progress) options.progress(1, 1);
}

}  // namespace volumen
