#include "encoder/check/trial.h"

#include <algorithm>
#include <chrono>
#include <random>

#include "encoder/pack/pack.h"
#include "encoder/train/train.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kFrames = 3;
/// Enough that splats sit where they will; cost and size hardly change after that.
constexpr int kFirstIterations = 300, kCoarseIterations = 20, kFineIterations = 250;

/// Gone at the end, whatever happens.
class ScratchFolder {
  public:
    ScratchFolder()
        : path_(fs::temp_directory_path() / ("volumen-check-" + std::to_string(std::random_device{}()))) {
        fs::create_directories(path_);
    }
    ~ScratchFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

/// What the trainer holds at once: pictures read ahead, the frame as floats with its smaller copies, the
/// splats with gradients, moments and their like.
double memory_of(const Capture& capture, const train::TrainSettings& settings) {
    double pixels = 0;
    for (const CaptureView& v : capture.views()) pixels += double(v.camera.width) * v.camera.height;
    constexpr double kReadAhead = 4, kBytesRead = 4, kBytesTrained = 16, kPyramid = 4.0 / 3;
    constexpr double kCopies = 10, kProgram = 100e6;
    const double channels = double(SplatCloud(0, settings.sh_degree).channels());
    return kProgram + pixels * (kReadAhead * kBytesRead + kBytesTrained * kPyramid) +
           double(settings.splats) * channels * sizeof(float) * kCopies;
}

}  // namespace

Trial run_trial(const fs::path& path, const CheckOptions& options, int first_frame, int end_frame) {
    const Capture capture = Capture::open(path, {.width = options.width, .height = options.height});
    const ScratchFolder scratch;
    Trial trial;
    trial.frames = end_frame - first_frame;
    const train::TrainSettings& wanted = options.settings;
    train::TrainOptions training;
    training.settings = wanted;
    training.settings.first_iterations = std::min(kFirstIterations, wanted.first_iterations);
    training.settings.coarse_iterations = std::min(kCoarseIterations, wanted.coarse_iterations);
    training.settings.fine_iterations = std::min(kFineIterations, wanted.fine_iterations);
    training.masks = options.masks;
    training.width = options.width, training.height = options.height;
    const int frames = std::min(kFrames, trial.frames);
    training.first_frame = first_frame + (trial.frames - frames) / 2;
    training.end_frame = training.first_frame + frames;
    // Iterations are timed by themselves: what comes before the first is done once a take.
    struct Span {
        Clock::time_point begin, end;
        double share_begin = 0, share_end = 0;
    };
    std::vector<Span> spans(static_cast<std::size_t>(frames));
    training.progress = [&](int frame, int, double share, double) {
        if (options.tick) options.tick();
        Span& span = spans[std::size_t(frame)];
        if (span.share_begin == 0) span.begin = Clock::now(), span.share_begin = share;
        span.end = Clock::now(), span.share_end = share;
    };
    const train::TrainResult result = train::train_capture(path, scratch.path() / "model", training);
    const auto seconds_an_iteration = [&](int frame) {
        const Span& span = spans[std::size_t(frame)];
        const double iterations =
            (span.share_end - span.share_begin) * train::frame_iterations(training.settings, frame);
        return iterations > 0 ? std::chrono::duration<double>(span.end - span.begin).count() / iterations : 0;
    };
    const double first = seconds_an_iteration(0), later = seconds_an_iteration(frames - 1);
    double spent = 0;
    for (int frame = 0; frame < frames; ++frame)
        spent += seconds_an_iteration(frame) * train::frame_iterations(training.settings, frame);
    trial.seconds = std::max(result.seconds - spent, 0.0) * double(trial.frames) / frames;  // reading
    for (int frame = 0; frame < trial.frames; ++frame)
        trial.seconds += (frame == 0 ? first : later) * train::frame_iterations(wanted, frame);
    trial.iteration_ms = 1000 * later;
    trial.memory_bytes = memory_of(capture, wanted);

    // A segment is one frame that stands alone and others that are told by their difference.
    const auto packed = [&](int segment) {
        PackOptions packing;
        packing.segment_frames = segment;
        return double(pack(scratch.path() / "model", scratch.path() / "stream", packing).bytes);
    };
    const double alone = packed(1) / frames;
    const double difference = frames > 1 ? (packed(frames) - alone) / (frames - 1) : alone;
    const int segments = (trial.frames + wanted.segment_frames - 1) / wanted.segment_frames;
    const double bytes = segments * alone + (trial.frames - segments) * difference;
    trial.kilobytes_a_frame = bytes / trial.frames / 1000;
    trial.mbit_per_s = bytes * 8 / trial.frames * capture.info().fps.value() / 1e6;
    return trial;
}

}  // namespace volumen
