#include "encoder/train/train.h"

#include <algorithm>
#include <chrono>

#include "encoder/model.h"
#include "encoder/train/checkpoint.h"
#include "encoder/train/segment_images.h"
#include "encoder/train/trainer.h"
#include "encoder/views.h"
#include "formats/capture/capture.h"
#include "formats/core/error.h"
#include "formats/core/file.h"

namespace volumen::train {
namespace {

constexpr DirectoryKind kModelDirectory{kModelFile, kCheckpointFile};
/// Of a camera's colours: below it a line on stderr is not worth reading.
constexpr float kNotableStrength = 0.02f;

std::vector<Camera> cameras(const Capture& capture, const std::vector<int>& views) {
    std::vector<Camera> out;
    for (const int view : views) out.push_back(capture.views()[std::size_t(view)].camera);
    return out;
}

/// The share of the work that is done.
class Work {
  public:
    Work(const Trainer& trainer, int frames, int segment_frames) : before_{0} {
        for (int frame = 0; frame < frames; ++frame) {
            own_.push_back(trainer.iterations(frame));
            const int passes = trainer.refine_iterations(frame % segment_frames + 1, frame + 1 == frames);
            before_.push_back(before_.back() + own_.back() + passes);
        }
    }
    struct Shares {
        double frame, all;
    };
    /// That share of the frame itself is done.
    Shares training(int frame, double share) const { return at(frame, share * own_[std::size_t(frame)]); }
    /// That share of the passes that follow the frame is done.
    Shares refining(int frame, double share) const {
        const std::size_t f = std::size_t(frame);
        return at(frame, own_[f] + share * (before_[f + 1] - before_[f] - own_[f]));
    }

  private:
    Shares at(int frame, double iterations) const {
        const double from = before_[std::size_t(frame)], to = before_[std::size_t(frame) + 1];
        return {iterations / (to - from), (from + iterations) / before_.back()};
    }

    std::vector<double> before_;  ///< iterations before each frame, and of all
    std::vector<double> own_;     ///< of each frame without the passes that follow
};

/// How the run of the finished model that stands there differs from this one: not at all where empty.
std::optional<std::string> finished_difference(const std::filesystem::path& model, const RunRecord& run) {
    if (!std::filesystem::exists(model / kModelFile)) return std::nullopt;
    return difference(read_model_info(model).run, run);
}

/// The trainer goes on behind the last frame of `done`, which an earlier run has left in the directory.
void go_on(Trainer& trainer, NewDirectory& directory, const Checkpoint& done, Profile profile) {
    std::set<std::string> kept{kCheckpointFile, kStageFile};
    const auto keep = [&](const std::filesystem::path& file) {
        if (!std::filesystem::exists(file))
            throw InputError("{}: is missing; --restart begins anew", file.string());
        kept.insert(file.filename().string());
    };
    for (int frame = 0; frame < done.frames; ++frame) {
        keep(model_frame_path(directory.path(), frame));
        if (profile == Profile::dualgs) keep(model_joints_path(directory.path(), frame));
    }
    directory.keep_only(kept);
    const std::string name = (directory.path() / kCheckpointFile).string();
    const int first = done.segments.back().first_frame;
    trainer.restore(
        done.trainer, name,
        {.cloud = [&](int frame) { return read_ply(model_frame_path(directory.path(), first + frame)); },
         .joints = [&](int frame) { return read_ply(model_joints_path(directory.path(), first + frame)); }});
}

/// Waits for the disk.
void keep_cloud(const std::filesystem::path& file, const SplatCloud& cloud) {
    write_ply(file, cloud);
    sync_to_disk(file);
}

/// Of any frame: those of a segment have as many.
std::size_t most_splats(const std::filesystem::path& model) {
    std::size_t most = 0;
    for (const ModelSegment& segment : read_model_info(model).segments)
        most = std::max(most, read_ply(model_frame_path(model, segment.first_frame)).count);
    return most;
}

/// Tells what is passed over, each once.
class Warnings {
  public:
    Warnings(const std::function<void(const std::string&)>& warn, const Capture& capture)
        : warn_(warn), last_(capture.views().size()) {
        for (const std::string& line : capture.warnings()) tell(line);
    }
    void tell(const CaptureFrame& frame, const std::vector<int>& views) {
        for (std::size_t i = 0; i < views.size(); ++i) {
            const std::string& problem = frame.images[i].problem;
            std::string& last = last_[std::size_t(views[i])];
            if (problem.empty() || problem == last) continue;
            tell(fmt::format("frame {}, view {} is left out: {}", frame.index, views[i], problem));
            last = problem;
        }
    }

    void tell(const std::string& line) {
        if (warn_) warn_(line);
    }

  private:
    const std::function<void(const std::string&)>& warn_;
    std::vector<std::string> last_;  ///< one a view, so that memory does not grow with the take
};

/// Tells which cameras are compensated, once they are known.
void tell_colours(const CameraColour& colour, const Capture& capture, const std::vector<int>& views,
                  const std::function<void(const std::string&)>& warn) {
    if (!warn) return;
    for (const int view : views) {
        const ColourAffine affine = colour.affine(view);
        if (affine.strength() < kNotableStrength) continue;
        const glm::vec3 grey = 0.5f * affine.gain + affine.offset;
        warn(fmt::format(
            "view {} ({}) shows {:.0f}, {:.0f}, {:.0f} % of the rig's red, green and blue: "
            "compensated (--colour off leaves it)",
            view, capture.views()[std::size_t(view)].name, 200 * grey.r, 200 * grey.g, 200 * grey.b));
    }
}

}  // namespace

TrainResult train_capture(const std::filesystem::path& path, const std::filesystem::path& model,
                          const TrainOptions& wanted) {
    TrainOptions options = wanted;
    const auto start = std::chrono::steady_clock::now();
    const Capture capture = Capture::open(path, {.width = options.width,
                                                 .height = options.height,
                                                 .scale = options.scale,
                                                 .offsets = options.offsets,
                                                 .strict = options.strict,
                                                 .masks = masks::reads_own(options.masks)});
    Warnings warnings(options.warn, capture);
    const std::vector<int> views = views_without(int(capture.views().size()), options.held_out_views);
    const auto [first, end] = frames_within(capture.frame_count(), options.first_frame, options.end_frame);
    const int frames = end - first;

    const masks::Masks masks(capture, views, options.masks, [&](double share) {
        if (options.preparation) options.preparation("masks", share);
    });
    for (const std::string& line : masks.warnings()) warnings.tell(line);

    ModelInfo info;
    info.take = capture.info(views);
    const bool stage = options.stage != StageMode::off && masks.backgrounds();
    if (options.stage == StageMode::on && !stage)
        throw InputError(
            "{}: a stage needs masks that are computed, from still cameras: use --masks plate or motion",
            path.string());
    info.take.background = glm::vec3(masks.any() && !stage ? 1.0f : 0.0f);
    TrainResult result;
    const glm::vec3 middle = 0.5f * (info.take.bounds_min + info.take.bounds_max);
    result.views_of_a_surface = views_of_a_surface(cameras(capture, views), middle);
    result.few_cameras =
        options.few_cameras == FewCameras::on ||
        (options.few_cameras == FewCameras::automatic && result.views_of_a_surface < kFewViews);
    if (result.few_cameras)
        options.settings =
            for_few_cameras(options.settings, int(views.size()), options.own_splats, options.own_sh_degree);
    info.sh_degree = options.settings.sh_degree;
    info.first_capture_frame = options.first_frame;
    info.held_out_views = options.held_out_views;
    info.width = capture.views()[std::size_t(views.front())].camera.width;
    info.height = capture.views()[std::size_t(views.front())].camera.height;

    info.profile = name(options.settings.profile);
    info.run = record_run(capture, options, masks.mode());

    NewDirectory directory(model, kModelDirectory, options.unfinished);
    const auto finish = [&] {
        result.frames = frames;
        result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return result;
    };
    const std::unique_ptr<Trainer> trainer = make_trainer(info.take, capture.points(), options.settings);
    Checkpoint done;
    std::string another;  // what makes the unfinished run another one
    if (directory.goes_on()) {
        done = read_checkpoint(directory.path() / kCheckpointFile);
        another = difference(done.run, info.run);
    }
    if (directory.goes_on() && another.empty()) {
        go_on(*trainer, directory, done, options.settings.profile);
    } else if (options.unfinished == Unfinished::go_on) {
        const std::optional<std::string> finished = finished_difference(model, info.run);
        if (finished && finished->empty()) {
            result.splats = most_splats(model), result.resumed_frames = frames;
            return finish();
        }
        if (!another.empty())
            throw UsageError("--resume: the unfinished run is another one ({}); --restart discards it",
                             another);
        if (finished)
            throw UsageError(
                "--resume: {} is finished, and of another run ({}); without --resume it is trained anew",
                model.string(), *finished);
    }
    done.run = info.run;
    result.resumed_frames = done.frames;

    if (const std::filesystem::path file = directory.path() / kStageFile;
        stage && !std::filesystem::exists(file)) {
        write_ply(file, train_stage(capture, views, masks, wanted.settings, [&](double share) {
                      if (options.preparation) options.preparation("stage", share);
                  }));
        sync_to_disk(file);
    }
    const Work work(*trainer, frames, options.settings.segment_frames);
    const auto tell_progress = [&](int frame, Work::Shares shares) {
        if (options.progress) options.progress(frame, frames, shares.frame, shares.all);
    };
    // The checkpoint speaks of the frames, so the frames are on the disk first.
    const auto keep_state = [&] {
        done.trainer = trainer->save();
        write_checkpoint(directory.path() / kCheckpointFile, done);
    };
    // The passes that follow the last frame so far.
    const auto refine = [&] {
        if (done.segments.empty()) return;
        const ModelSegment segment = done.segments.back();
        const int last = done.frames - 1;
        const bool at_end = done.frames == frames;
        if (const int passes = trainer->passes_left(at_end); passes > 0) {
            SegmentImages images(capture, views, first + segment.first_frame, first + done.frames,
                                 [&](CaptureFrame& frame) { masks.apply(frame); });
            for (int left; (left = trainer->passes_left(at_end)) > 0; keep_state())
                trainer->refine(images, at_end, [&](double share) {
                    tell_progress(last, work.refining(last, (passes - left + share) / passes));
                });
        }
        if (!trainer->unsettled()) return;
        for (int frame = 0; frame < segment.frame_count; ++frame) {
            const SplatCloud cloud = trainer->refined(frame);
            done.bounds.add(cloud);
            keep_cloud(model_frame_path(directory.path(), segment.first_frame + frame), cloud);
            keep_cloud(model_joints_path(directory.path(), segment.first_frame + frame),
                       trainer->refined_joints(frame));
        }
        trainer->settle();
        keep_state();
    };
    FrameReader reader(capture, views, first + done.frames, end);
    int kept = done.frames;
    try {
        refine();
        while (std::optional<CaptureFrame> images = reader.next()) {
            const int frame = done.frames;
            masks.apply(*images);
            masks::check_masks(capture, views, *images, frame == 0, options.strict);
            warnings.tell(*images, views);
            const SplatCloud& cloud =
                trainer->next(make_training_frame(capture, views, *images),
                              [&](double share) { tell_progress(frame, work.training(frame, share)); });
            if (frame == 0) tell_colours(trainer->colour(), capture, views, options.warn);
            for (const std::string& note : trainer->notes())
                warnings.tell(fmt::format("frame {}: {}", images->index, note));
            if (trainer->began_segment()) done.segments.push_back({frame, 0});
            ++done.segments.back().frame_count;
            done.bounds.add(cloud);
            done.splats = std::max(done.splats, std::uint64_t(cloud.count));
            ++done.frames;
            keep_cloud(model_frame_path(directory.path(), frame), cloud);
            if (trainer->joints()) keep_cloud(model_joints_path(directory.path(), frame), *trainer->joints());
            keep_state();
            kept = done.frames;
            refine();
        }
        if (const std::string line = trainer->summary(); !line.empty()) warnings.tell(line);
        info.segments = done.segments;
        done.bounds.apply(info.take);
        write_model_info(directory.path(), info);
        directory.commit();
    } catch (const InputError& error) {
        if (kept == 0) throw;
        throw InputError("{} ({} of {} frames are kept: --resume goes on)", error.what(), kept, frames);
    }
    result.splats = std::size_t(done.splats);
    return finish();
}

bool is_unfinished(const std::filesystem::path& model) {
    return std::filesystem::exists(NewDirectory::part_of(model) / kCheckpointFile);
}

}  // namespace volumen::train
