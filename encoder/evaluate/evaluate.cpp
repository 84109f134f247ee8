#include "encoder/evaluate/evaluate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <numeric>

#include "encoder/evaluate/figures.h"
#include "encoder/evaluate/frame_source.h"
#include "encoder/evaluate/metrics.h"
#include "encoder/evaluate/pictures.h"
#include "encoder/evaluate/report.h"
#include "encoder/evaluate/view_renderer.h"
#include "encoder/evaluate/write_file.h"
#include "formats/capture/capture.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"
#include "formats/media/image_file.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;

struct Pair {
    Image8 truth, render;
    double psnr = 0;
    int view = 0;
};

struct Scores {
    std::optional<double> psnr, psnr_masked, ssim, flicker;
};

std::string last_name(const fs::path& path) {
    return path.filename().empty() ? path.parent_path().filename().string() : path.filename().string();
}

/// `stream`, then the others, each once.
std::vector<fs::path> distinct(const fs::path& stream, const std::vector<fs::path>& others) {
    std::vector<fs::path> out, seen;
    const auto add = [&](const fs::path& path) {
        fs::path folder = fs::weakly_canonical(path.extension() == ".mpd" ? path.parent_path() : path);
        if (!folder.has_filename()) folder = folder.parent_path();
        if (std::ranges::find(seen, folder) != seen.end()) return;
        seen.push_back(std::move(folder)), out.push_back(path);
    };
    add(stream);
    for (const fs::path& other : others) add(other);
    return out;
}

/// What streams of one take have in common.
struct Take {
    int frames = 0;
    glm::vec3 background{0};
    bool stage = false;
    std::optional<int> first_capture_frame;  ///< where one of them knows it
};

/// Throws InputError where they do not have it in common.
Take common_take(const std::vector<fs::path>& streams) {
    Take take;
    fs::path knows;
    for (const fs::path& path : streams) {
        const std::unique_ptr<FrameSource> source = open_frame_source(path);
        const glm::vec3 background = source->info().background;
        const bool stage = source->stage().has_value();
        if (take.frames == 0)
            take.frames = source->frame_count(), take.background = background, take.stage = stage;
        if (source->frame_count() != take.frames)
            throw InputError("{}: has {} frames, {} has {}; only streams of the same take can be compared",
                             path.string(), source->frame_count(), streams[0].string(), take.frames);
        // Either says what pictures are held to: figures against different ones are no comparison.
        if (background != take.background || stage != take.stage)
            throw InputError("{}: {} than {}; only streams of the same take can be compared", path.string(),
                             stage == take.stage ? "has another background"
                             : stage             ? "has a stage, other"
                                                 : "has no stage, other",
                             streams[0].string());
        const std::optional<int> first = source->first_capture_frame();
        if (!first) continue;
        if (take.first_capture_frame && *first != *take.first_capture_frame)
            throw InputError(
                "{}: begins at the capture's frame {}, {} at {}; only streams of the same take can be "
                "compared",
                path.string(), *first, knows.string(), *take.first_capture_frame);
        take.first_capture_frame = first, knows = path;
    }
    return take;
}

/// Measures streams of one take, one after the other.
class Evaluator {
  public:
    Evaluator(const Take& take, const fs::path& capture, const EvaluateOptions& options)
        : options_(options),
          capture_(Capture::open(capture, {.width = options.width,
                                           .height = options.height,
                                           .scale = options.scale,
                                           .offsets = options.offsets,
                                           .masks = masks::reads_own(options.masks)})) {
        choose_views();
        first_ = options.first_capture_frame >= 0 ? options.first_capture_frame
                                                  : take.first_capture_frame.value_or(0);
        const int end = options.end_capture_frame < 0
                            ? capture_.frame_count()
                            : std::min(options.end_capture_frame, capture_.frame_count());
        frame_count_ = std::min(take.frames, end - first_);
        if (frame_count_ < 1)
            throw InputError("{}: has {} frames, none of which is frame {}; check --frames", capture.string(),
                             capture_.frame_count(), first_);
        choose_masks();
        figures_.capture = last_name(capture);
        figures_.masks = masks::name(masks_->mode());
        const Camera& first = capture_.views()[std::size_t(views_[0])].camera;
        figures_.width = first.width, figures_.height = first.height;
    }

    /// All else is about this stream from now on.
    void open(const fs::path& stream) {
        source_ = open_frame_source(stream);
        background_ = source_->info().background;
        cut_out_ = !masks_->backgrounds() || background_ != glm::vec3(0);
        renderer_ = options_.use_gpu ? make_gpu_renderer(options_.device, background_)
                                     : make_cpu_renderer(background_);
        if (const std::optional<SplatCloud> stage = source_->stage()) {
            renderer_->set_stage(*stage);
            cut_out_ = false;
        }
        figures_.stream = last_name(stream);
        figures_.device = renderer_->device();
        figures_.fps = source_->info().fps.value();
        figures_.tracks = source_->tracks();
        figures_.frames.clear(), figures_.views.clear();
        for (const int v : views_) {
            ViewFigures f;
            f.view = v, f.name = capture_.views()[std::size_t(v)].name;
            figures_.views.push_back(std::move(f));
        }
    }

    void tell_warnings() const {
        for (const std::string& line : capture_.warnings())
            fmt::print(stderr, "volumen-encode: warning: {}\n", line);
        for (const std::string& line : masks_->warnings())
            fmt::print(stderr, "volumen-encode: warning: {}\n", line);
    }

    /// `images`: where renders go, if wanted; `progress`: of the stream's frames.
    void measure(const std::optional<fs::path>& images,
                 const std::function<void(int done, int of)>& progress) {
        before_.assign(views_.size(), {});
        FrameReader truth(capture_, read_views_, first_, first_ + frame_count_);
        source_->seek(0);
        for (int i = 0; i < frame_count_; ++i) {
            std::optional<SourceFrame> frame = source_->next();
            std::optional<CaptureFrame> views = truth.next();
            if (!frame || !views) throw InputError("{}: ends after {} frames", figures_.stream, i);
            measure_frame(*frame, masked(std::move(*views)), images);
            progress(i + 1, frame_count_);
        }
    }

    /// A view's offset may leave frames without a truth: said once, since figures are without them.
    void tell_uncovered() const {
        const int end = first_ + frame_count_;
        for (const int v : views_) {
            int without = 0;
            for (int frame = first_; frame < end; ++frame) without += !capture_.covers(v, frame);
            if (without == frame_count_)
                throw InputError("view {} ({}): its offset of {} leaves none of the frames to compare", v,
                                 capture_.views()[std::size_t(v)].name,
                                 capture_.views()[std::size_t(v)].offset);
            if (without > 0)
                fmt::print(stderr,
                           "volumen-encode: view {} ({}): its offset of {} leaves {} of {} frames out\n", v,
                           capture_.views()[std::size_t(v)].name, capture_.views()[std::size_t(v)].offset,
                           without, frame_count_);
        }
    }

    const Figures& figures() const { return figures_; }
    Coding coding() const { return source_->coding(); }

    /// The truth and the result of one picture, once more; of the next view that has the frame.
    Pair picture(int frame, std::size_t view) {
        source_->seek(frame);
        std::optional<SourceFrame> source = source_->next();
        if (!source) throw InputError("{}: frame {} cannot be decoded again", figures_.stream, frame);
        renderer_->set_frame(*source);
        const int capture_frame = first_ + frame;
        for (std::size_t tried = 0; tried < views_.size() && !capture_.covers(views_[view], capture_frame);
             ++tried)
            view = (view + 1) % views_.size();
        const int v = views_[view];
        const ViewImage truth = read(view, capture_frame);
        Image8 render = renderer_->render(capture_.views()[std::size_t(v)].camera);
        Image8 shown = shown_truth(truth);
        const double db = psnr(render, shown, truth.valid).value_or(0);
        return {std::move(shown), std::move(render), db, v};
    }

    ReportPicture report_picture(const char* what, int frame) {
        constexpr std::size_t kView = 0;
        Pair pair = picture(frame, kView);
        return {fmt::format("{} frame: {}", what, frame),
                fmt::format("view {}, {:.2f} dB", pair.view, pair.psnr), std::move(pair.truth),
                std::move(pair.render)};
    }

    std::vector<ReportPicture> report_pictures() {
        const auto quality = [&](int i) { return figures_.frames[std::size_t(i)].psnr.value(); };
        std::vector<int> order = measured_frames();
        std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return quality(a) > quality(b); });
        std::vector<ReportPicture> pictures;
        pictures.push_back(report_picture("Best", order.front()));
        pictures.push_back(report_picture("Median", order[order.size() / 2]));
        pictures.push_back(report_picture("Worst", order.back()));
        return pictures;
    }

    /// Frames evenly over the take, views in turn.
    void write_contact_sheet(const fs::path& file) {
        constexpr int kColumns = 8;
        const std::vector<int> frames = measured_frames();
        const int columns = std::min(kColumns, int(frames.size()));
        std::vector<Image8> truths, renders;
        for (int i = 0; i < columns; ++i) {
            const std::size_t at = std::size_t(i) * frames.size() / std::size_t(columns);
            Pair pair = picture(frames[at], std::size_t(i) % views_.size());
            truths.push_back(std::move(pair.truth)), renders.push_back(std::move(pair.render));
        }
        write_image(file, tile({truths, renders}));
    }

  private:
    /// Masks for `read_views_`, which are those to compare, or all where masks are computed: views judge each
    /// other's.
    void choose_masks() {
        read_views_ = views_;
        if (!capture_.has_masks() && options_.masks != masks::MaskMode::none) {
            read_views_.resize(capture_.views().size());
            std::iota(read_views_.begin(), read_views_.end(), 0);
        }
        masks_.emplace(capture_, read_views_, options_.masks, options_.learning);
        if (!masks_->backgrounds()) read_views_ = views_;
    }

    /// The views to compare, in their order, of a frame of `read_views_`.
    CaptureFrame masked(CaptureFrame frame) const {
        std::vector<Image8> whole;
        if (!cut_out_)
            for (const ViewImage& image : frame.images) whole.push_back(image.rgb);
        masks_->apply(frame);
        CaptureFrame out{frame.index, {}};
        for (const int v : views_) {
            const auto at = std::size_t(std::ranges::find(read_views_, v) - read_views_.begin());
            if (!cut_out_) frame.images[at].rgb = whole[at];
            out.images.push_back(frame.images[at]);
        }
        return out;
    }

    /// views_[k] of a frame that it covers, by random access. Throws where there is no image.
    ViewImage read(std::size_t k, int capture_frame) const {
        if (!masks_->backgrounds()) {
            CaptureFrame frame{capture_frame, {capture_.read(views_[k], capture_frame)}};
            masks_->apply(frame);
            return std::move(frame.images.front());
        }
        CaptureFrame frame =
            FrameReader(capture_, read_views_, capture_frame, capture_frame + 1).next().value();
        return std::move(masked(std::move(frame)).images[k]);
    }

    /// What the render is held to.
    Image8 shown_truth(const ViewImage& image) const {
        if (cut_out_ || image.alpha.empty()) return to_8_bit(composite(image, background_));
        return image.rgb;
    }

    /// Those that a view shows.
    std::vector<int> measured_frames() const {
        std::vector<int> frames;
        for (std::size_t i = 0; i < figures_.frames.size(); ++i)
            if (figures_.frames[i].psnr.value()) frames.push_back(int(i));
        return frames;
    }

    void choose_views() {
        const int count = int(capture_.views().size());
        views_ = options_.views;
        if (views_.empty()) {
            views_.resize(std::size_t(count));
            std::iota(views_.begin(), views_.end(), 0);
        }
        for (const int v : views_)
            if (v < 0 || v >= count)
                throw UsageError("--views: {} is not a view of the capture, which has 0 to {}", v, count - 1);
    }

    void measure_frame(SourceFrame& frame, const CaptureFrame& truth, const std::optional<fs::path>& images) {
        FrameFigures f;
        f.index = frame.index, f.capture_frame = truth.index;
        renderer_->set_frame(frame);
        const std::size_t batch = std::size_t(thread_count());
        for (std::size_t begin = 0; begin < views_.size(); begin += batch) {
            const std::size_t end = std::min(begin + batch, views_.size());
            std::vector<Image8> renders;
            for (std::size_t k = begin; k < end; ++k) {
                renders.push_back(renderer_->render(capture_.views()[std::size_t(views_[k])].camera));
                f.render_ms.add(renderer_->render_ms());
                if (images) keep(*images, renders.back(), truth.index, views_[k]);
            }
            std::vector<Scores> scores(end - begin);
            parallel_for(end - begin, 1, [&](std::size_t a, std::size_t b, int) {
                for (std::size_t k = a; k < b; ++k)
                    scores[k] = score(begin + k, truth.images[begin + k], std::move(renders[k]));
            });
            for (std::size_t k = begin; k < end; ++k) add(scores[k - begin], f, figures_.views[k]);
        }
        f.splats = frame.splats, f.decode_ms = frame.decode_ms;
        f.bytes = source_->frame_bytes(frame.index);
        f.raw_bytes = raw_frame_bytes(frame.splats, source_->sh_degree());
        figures_.frames.push_back(std::move(f));
    }

    Scores score(std::size_t k, const ViewImage& image, Image8 render) {
        if (!image.problem.empty())
            throw InputError("view {} ({}) cannot be compared: {}; mend it, or leave the view out of --views",
                             views_[k], figures_.views[k].name, image.problem);
        if (image.absent()) {
            before_[k] = {};
            return {};
        }
        Image8 truth = shown_truth(image);
        if (truth.width != render.width || truth.height != render.height)
            throw InputError("view {}: its images differ in size", views_[k]);
        constexpr int kInside = 128;  // alpha of 0.5
        Scores s;
        s.psnr = psnr(render, truth, image.valid);
        if (!image.alpha.empty()) s.psnr_masked = psnr(render, truth, image.alpha, kInside);
        s.ssim = ssim(render, truth, image.valid);
        Pair& before = before_[k];
        if (!before.truth.empty())
            s.flicker = flicker(render, before.render, truth, before.truth, image.valid);
        before = {std::move(truth), std::move(render), 0, views_[k]};
        return s;
    }

    static void add(const Scores& s, FrameFigures& frame, ViewFigures& view) {
        frame.psnr.add(s.psnr), view.psnr.add(s.psnr);
        frame.psnr_masked.add(s.psnr_masked), view.psnr_masked.add(s.psnr_masked);
        frame.ssim.add(s.ssim), view.ssim.add(s.ssim);
        frame.flicker.add(s.flicker), view.flicker.add(s.flicker);
    }

    static void keep(const fs::path& images, const Image8& render, int frame, int view) {
        const fs::path folder = images / std::to_string(frame);
        fs::create_directories(folder);
        write_image(folder / fmt::format("{}.png", view), render);
    }

    const EvaluateOptions& options_;
    std::unique_ptr<FrameSource> source_;
    Capture capture_;
    glm::vec3 background_{0};
    std::vector<int> views_;
    std::vector<int> read_views_;  ///< those, or all where masks are computed
    std::optional<masks::Masks> masks_;
    bool cut_out_ = true;  ///< the truth is what lies in the masks, over the background; else the whole image
    int first_ = 0;        ///< the capture's frame that is frame 0
    int frame_count_ = 0;
    std::unique_ptr<ViewRenderer> renderer_;
    std::vector<Pair> before_;  ///< one a view: the frame before, for flicker
    Figures figures_;
};

}  // namespace

Evaluation evaluate(const fs::path& stream, const fs::path& capture, const EvaluateOptions& options) {
    const std::vector<fs::path> streams = distinct(stream, options.against);
    Evaluator evaluator(common_take(streams), capture, options);
    evaluator.tell_warnings();
    Figures figures;
    std::vector<ReportPicture> pictures;
    std::vector<RatePoint> points;
    for (std::size_t i = 0; i < streams.size(); ++i) {
        evaluator.open(streams[i]);
        evaluator.measure(i == 0 ? options.images : std::nullopt, [&](int done, int of) {
            if (options.progress) options.progress(int(i) * of + done, int(streams.size()) * of);
        });
        points.push_back({streams[i].string(), evaluator.coding(), evaluator.figures().summary()});
        if (i > 0) continue;
        evaluator.tell_uncovered();
        figures = evaluator.figures();
        if (options.html) pictures = evaluator.report_pictures();
        if (options.contact_sheet) evaluator.write_contact_sheet(*options.contact_sheet);
    }
    if (streams.size() > 1) figures.rate_distortion = std::move(points);
    if (options.json) {
        const std::string json = figures.to_json() + "\n";
        if (*options.json == "-")
            std::fwrite(json.data(), 1, json.size(), stdout), std::fflush(stdout);
        else
            write_text_file(*options.json, json);
    }
    if (options.html) write_text_file(*options.html, make_report(figures, pictures));
    return figures.summary();
}

}  // namespace volumen
