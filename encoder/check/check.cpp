#include "encoder/check/check.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <numeric>

#include "encoder/calibrate/sync_option.h"
#include "encoder/calibrate/vote_hull.h"
#include "encoder/check/findings.h"
#include "encoder/check/image_quality.h"
#include "encoder/check/page.h"
#include "encoder/check/pictures.h"
#include "encoder/check/trial.h"
#include "encoder/evaluate/write_file.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"
#include "formats/media/image_file.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;

constexpr int kMoments = 8;        ///< at which overlap and colours are looked at
constexpr int kPictureSide = 320;  ///< of the pictures in the page
constexpr int kDriftSide = 640;    ///< of the pictures in which movement is looked for
constexpr int kViewsPerError = 8;  ///< one view in so many may be wrong without carving the hull away
constexpr int kOverlapVoxels = 96, kPictureVoxels = 128;

class Checker {
  public:
    Checker(const fs::path& path, const CheckOptions& options) : path_(path), options_(options) {}

    CheckResult run() {
        open();
        tell("reading");
        std::vector<int> views(capture_->views().size());
        std::iota(views.begin(), views.end(), 0);
        CaptureOptions sampling;
        sampling.problems = &seen_.problems;
        sampling.masks = masks::reads_own(options_.masks);
        samples_ = read_samples(path_, views, first_, end_, sampling);
        count_missing();
        tell("synchronisation");
        r_.sync = estimate_sync(samples_);
        found_.assign(views.size(), 0);
        for (std::size_t v = 0; v < views.size(); ++v) {
            r_.views[v].found_offset = found_[v] = r_.sync.curves[v].offset;
            r_.views[v].sync_confidence = r_.sync.curves[v].confidence;
        }
        if (r_.sync.any()) {
            std::vector<int> offsets;
            for (const CheckedView& v : r_.views) offsets.push_back(v.offset + v.found_offset);
            r_.offsets_entry = offsets_entry(capture_->views(), offsets);
        }
        tell("masks and colours");
        choose_masks(views);
        if (r_.masks())
            moments();
        else
            points();
        tell("pictures");
        pictures();
        if (options_.trial) try_training();
        r_.findings = find_faults(r_, seen_);
        return std::move(r_);
    }

  private:
    void tell(const char* what) const {
        if (options_.tick) options_.tick();
        if (options_.progress) options_.progress(what);
    }

    void open() {
        CaptureOptions opening{.width = options_.width, .height = options_.height};
        opening.problems = &seen_.problems;
        opening.masks = masks::reads_own(options_.masks);
        capture_ = Capture::open(path_, opening);
        end_ = options_.end_frame < 0 ? capture_->frame_count() : options_.end_frame;
        first_ = options_.first_frame;
        if (first_ < 0 || first_ >= end_ || end_ > capture_->frame_count())
            throw UsageError("--frames {}:{}: the capture has frames 0:{}", first_, end_,
                             capture_->frame_count());
        seen_.warnings = capture_->warnings();
        const fs::path named = path_.filename().empty() ? path_.parent_path() : path_;
        r_.capture = named.filename().string();
        r_.frames = capture_->frame_count(), r_.info = capture_->info();
        for (std::size_t v = 0; v < capture_->views().size(); ++v) {
            const CaptureView& from = capture_->views()[v];
            CheckedView view;
            view.index = int(v), view.name = from.name, view.camera = from.camera, view.offset = from.offset;
            r_.views.push_back(std::move(view));
        }
    }

    /// The capture's own masks, or such as training would compute, in the small pictures at the moments.
    void choose_masks(const std::vector<int>& views) {
        CaptureOptions small{.width = kSampleSide};
        std::vector<std::string> told;  // when the capture was opened first
        small.problems = &told;
        small.masks = masks::reads_own(options_.masks);
        for (std::size_t v = 0; v < views.size(); ++v)
            small.offsets.push_back(r_.views[v].offset + found_[v]);
        const Capture capture = Capture::open(path_, small);
        std::optional<masks::Masks> chosen;
        try {
            chosen.emplace(capture, views, options_.masks, [&](double) {
                if (options_.tick) options_.tick();
            });
        } catch (const InputError& error) {
            if (options_.masks != masks::MaskMode::automatic) throw;
            seen_.warnings.push_back(error.what());  // a plate that cannot be read
            return;
        }
        for (const std::string& line : chosen->warnings()) seen_.warnings.push_back(line);
        r_.masks_from = chosen->mode();
        if (!chosen->backgrounds()) return;
        samples_.masks = true;
        for (const int moment : choose_moments()) {
            const int frame = samples_.first_frame + moment;
            CaptureFrame images = FrameReader(capture, views, frame, frame + 1).next().value();
            chosen->apply(images);
            for (std::size_t v = 0; v < views.size(); ++v) {
                const int own = moment + found_[v];
                if (own < 0 || own >= samples_.frame_count || images.images[v].absent()) continue;
                SmallPicture& picture = samples_.views[v].pictures[std::size_t(own)];
                if (!picture.absent()) picture.set_mask(std::move(images.images[v].alpha.pixels));
            }
        }
    }

    /// Gives a picture at full size the mask that was computed for its small one.
    void add_mask(ViewImage& image, std::size_t view, const SmallPicture& small) const {
        if (!samples_.masks || !image.alpha.empty() || small.mask.empty()) return;
        const Camera& camera = samples_.views[view].camera;
        Image8 mask(camera.width, camera.height, 1);
        for (std::size_t i = 0; i < small.mask.size(); ++i) mask.pixels[i] = small.mask[i] ? 255 : 0;
        image.alpha = resize(mask, image.rgb.width, image.rgb.height);
    }

    /// Images of the stretch that ought to be there.
    void count_missing() {
        constexpr std::size_t kNamed = 3;
        for (std::size_t v = 0; v < samples_.views.size(); ++v) {
            std::vector<std::string> frames;
            int missing = 0;
            for (int f = 0; f < samples_.frame_count; ++f)
                if (samples_.views[v].pictures[std::size_t(f)].absent() &&
                    capture_->covers(int(v), samples_.first_frame + f)) {
                    if (frames.size() < kNamed) frames.push_back(std::to_string(samples_.first_frame + f));
                    ++missing;
                }
            if (missing == 0) continue;
            std::string list = frames.front();
            for (std::size_t i = 1; i < frames.size(); ++i) list += ", " + frames[i];
            if (missing > int(frames.size())) list += ", …";
            seen_.missing.push_back(
                fmt::format("view {} ({}): {} of {} images looked at are missing or damaged (frames {})", v,
                            r_.views[v].name, missing, samples_.frame_count, list));
        }
    }

    /// Frames of the stretch, evenly, at which the offsets leave every view a picture where possible.
    std::vector<int> choose_moments() const {
        const auto [least, most] = std::ranges::minmax_element(found_);
        int first = std::max(0, -*least), last = samples_.frame_count - 1 - std::max(0, *most);
        if (first > last) first = 0, last = samples_.frame_count - 1;
        const int count = std::min(kMoments, last - first + 1);
        std::vector<int> out;
        for (int i = 0; i < count; ++i)
            out.push_back(count == 1 ? (first + last) / 2 : first + (last - first) * i / (count - 1));
        return out;
    }

    void moments() {
        const std::size_t views = r_.views.size();
        const int tolerance = int(views) / kViewsPerError;
        std::vector<double> shares(views, 0), overlaps(views, 0), denials(views, 0), sees(views, 0);
        std::vector<int> seen(views, 0), masked(views, 0), compared(views, 0);
        int hulls = 0;
        const std::vector<int> frames = choose_moments();
        for (const int frame : frames) {
            r_.moments.push_back(samples_.first_frame + frame);
            const VoteHull hull(samples_, frame, found_, kOverlapVoxels);
            const bool empty = hull.empty(tolerance);
            hulls += !empty;
            parallel_for(views, 1, [&](std::size_t begin, std::size_t end, int) {
                for (std::size_t v = begin; v < end; ++v) {
                    const SmallPicture* picture = samples_.at(v, frame, found_[v]);
                    if (!picture) continue;
                    const std::size_t inside = std::size_t(std::ranges::count(picture->mask, 1));
                    ++seen[v], masked[v] += inside > 0;
                    shares[v] += double(inside) / double(picture->mask.size());
                    if (empty) continue;
                    const std::vector<std::uint8_t> silhouette = hull.silhouette(v, tolerance);
                    overlaps[v] += overlap(picture->mask, silhouette), ++compared[v];
                    std::size_t denied = 0;
                    for (std::size_t i = 0; i < silhouette.size(); ++i)
                        denied += picture->mask[i] && !silhouette[i];
                    if (inside) denials[v] += double(denied) / double(inside);
                }
            });
            Surface surface = surface_of(samples_, frame, found_, tolerance);
            const std::vector<glm::vec3> gains = view_gains(surface, views);
            for (std::size_t v = 0; v < views; ++v) {
                r_.views[v].gains.push_back(gains[v]);
                const Camera& camera = samples_.views[v].camera;
                const auto in_picture = [&](const SurfacePoint& p) {
                    const glm::vec3 c = camera.to_camera(p.position);
                    if (c.z <= 0) return false;
                    const float x = camera.fx * c.x / c.z + camera.cx, y = camera.fy * c.y / c.z + camera.cy;
                    return x >= 0 && y >= 0 && x < float(camera.width) && y < float(camera.height);
                };
                if (!surface.points.empty())
                    sees[v] += double(std::ranges::count_if(surface.points, in_picture)) /
                               double(surface.points.size());
            }
            if (frame == frames[frames.size() / 2]) r_.surface = std::move(surface);
        }
        seen_.no_volume = hulls == 0 && views > 1;
        for (std::size_t v = 0; v < views; ++v) {
            CheckedView& view = r_.views[v];
            if (seen[v]) view.mask_share = shares[v] / seen[v];
            if (compared[v]) view.overlap = overlaps[v] / compared[v], view.denied = denials[v] / compared[v];
            if (hulls) view.sees = sees[v] / hulls;
            if (seen[v] && !masked[v]) seen_.empty_masks.push_back(int(v));
            for (int k = 0; k < 3; ++k) {
                std::vector<float> values;
                for (const glm::vec3& g : view.gains)
                    if (std::isfinite(g[k])) values.push_back(g[k]);
                if (values.empty()) continue;
                std::sort(values.begin(), values.end());
                view.gain[k] = values[values.size() / 2];
            }
        }
        r_.coverage.assign(views + 1, 0);
        for (const SurfacePoint& p : r_.surface.points)
            r_.coverage[std::size_t(p.seen_by)] += 1.0 / double(r_.surface.points.size());
    }

    /// Without masks: the capture's own points, if any.
    void points() {
        const std::optional<PointCloud>& points = capture_->points();
        if (!points) return;
        constexpr std::size_t kMost = 20'000;
        const std::size_t step = std::max<std::size_t>(1, points->count() / kMost);
        for (std::size_t i = 0; i < points->count(); i += step) {
            const auto at = [&](const std::vector<float>& v) {
                return glm::vec3(v[3 * i], v[3 * i + 1], v[3 * i + 2]);
            };
            r_.surface.points.push_back({at(points->positions), glm::vec3(0),
                                         points->colours.empty() ? glm::vec3(0.5f) : at(points->colours), 0});
        }
    }

    /// What is read at full size: one picture a view, and without masks a second one for movement.
    void pictures() {
        const std::vector<int> frames = choose_moments();
        const int middle = frames[frames.size() / 2];
        std::optional<VoteHull> hull;
        if (r_.masks()) hull.emplace(samples_, middle, found_, kPictureVoxels);
        const int tolerance = int(r_.views.size()) / kViewsPerError;
        parallel_for(r_.views.size(), 1, [&](std::size_t begin, std::size_t end, int) {
            for (std::size_t v = begin; v < end; ++v) {
                CheckedView& view = r_.views[v];
                const auto read = [&](int frame) {
                    ViewImage image;
                    const int own = std::clamp(frame + found_[v], 0, samples_.frame_count - 1);
                    const SmallPicture& small = samples_.views[v].pictures[std::size_t(own)];
                    if (small.absent()) return image;
                    image = capture_->read(int(v), samples_.first_frame + own);
                    add_mask(image, v, small);
                    return image;
                };
                ViewImage image = read(middle);
                if (image.absent()) continue;
                view.sharpness = sharpness(image), view.clipped = clipped_share(image);
                if (frames.size() > 1) {
                    ViewImage later = read(frames.back()), before = read(frames.front());
                    view.drift = shift(before, later);
                }
                const double scale =
                    std::min(1.0, double(kPictureSide) / std::max(image.rgb.width, image.rgb.height));
                const int width = std::max(1, int(std::lround(image.rgb.width * scale))),
                          height = std::max(1, int(std::lround(image.rgb.height * scale)));
                const Camera camera = view.camera.resized(width, height);
                const Image8 rgb = resize(image.rgb, width, height);
                view.picture = hull && !image.alpha.empty()
                                   ? mask_picture(rgb, resize(image.alpha, width, height),
                                                  hull->silhouette_of_all(camera, tolerance))
                                   : point_picture(rgb, camera, r_.surface.points);
            }
        });
    }

    /// Movement of the surroundings, in pixels of the full size.
    static std::optional<glm::vec2> shift(ViewImage& before, ViewImage& after) {
        if (before.absent() || after.absent()) return std::nullopt;
        const int side = std::max(before.rgb.width, before.rgb.height);
        const double scale = std::min(1.0, double(kDriftSide) / side);
        if (scale < 1)
            for (ViewImage* image : {&before, &after})
                for (Image8* part : {&image->rgb, &image->alpha, &image->valid})
                    if (!part->empty())
                        *part = resize(*part, std::max(1, int(part->width * scale)),
                                       std::max(1, int(part->height * scale)));
        std::optional<glm::vec2> out = surroundings_shift(before, after);
        if (out) *out /= float(scale);
        return out;
    }

    void try_training() {
        tell("a trial of the training");
        try {
            if (!seen_.problems.empty()) throw InputError(seen_.problems.front());
            r_.trial = run_trial(path_, options_, first_, end_);
        } catch (const InputError& error) {
            if (seen_.problems.empty()) seen_.trial_error = error.what();
        }
    }

    const fs::path path_;
    const CheckOptions& options_;
    std::optional<Capture> capture_;
    int first_ = 0, end_ = 0;
    Samples samples_;
    std::vector<int> found_;  ///< offsets, one a view
    Observations seen_;
    CheckResult r_;
};

const char* severity_name(Severity s) {
    return s == Severity::wrong ? "wrong" : s == Severity::doubtful ? "doubtful" : "note";
}

nlohmann::ordered_json number_or_null(double value) {
    return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

}  // namespace

std::string CheckResult::masks_text() const {
    switch (masks_from) {
        case masks::MaskMode::plate:
            return "with masks computed from plates";
        case masks::MaskMode::motion:
            return "with masks computed from motion";
        case masks::MaskMode::none:
            return "without masks";
        default:
            return "with masks";
    }
}

std::string CheckResult::to_text() const {
    std::string out =
        fmt::format("{}: {} views, {} frames, {}\n", capture, views.size(), frames, masks_text());
    for (const Finding& f : findings)
        out += fmt::format("  {:<9}{}{}{}\n", severity_name(f.severity), f.what, f.mend.empty() ? "" : ". ",
                           f.mend);
    if (findings.empty()) out += "  nothing is wrong\n";
    if (!offsets_entry.empty()) out += fmt::format("  to paste  {}\n", offsets_entry);
    if (trial)
        out += fmt::format(
            "  estimate  {:.0f} s of training, {:.0f} MB of memory, {:.1f} kB a frame, {:.2f} Mbit/s\n",
            trial->seconds, trial->memory_bytes / 1e6, trial->kilobytes_a_frame, trial->mbit_per_s);
    return out;
}

std::string CheckResult::to_json() const {
    nlohmann::ordered_json root;
    root["capture"] = capture, root["frames"] = frames, root["masks"] = masks();
    root["masks_from"] = masks::name(masks_from);
    root["findings"] = nlohmann::ordered_json::array();
    for (const Finding& f : findings)
        root["findings"].push_back(
            {{"severity", severity_name(f.severity)},
             {"view", f.view < 0 ? nlohmann::ordered_json() : nlohmann::ordered_json(f.view)},
             {"what", f.what},
             {"mend", f.mend}});
    nlohmann::ordered_json offsets = nlohmann::ordered_json::object();
    for (const CheckedView& v : views)
        if (v.found_offset != 0) offsets[std::to_string(v.index)] = v.offset + v.found_offset;
    root["offsets"] = offsets;
    root["views"] = nlohmann::ordered_json::array();
    for (const CheckedView& v : views) {
        nlohmann::ordered_json entry;
        entry["view"] = v.index, entry["name"] = v.name;
        entry["offset"] = v.offset + v.found_offset, entry["offset_confidence"] = v.sync_confidence;
        entry["gain"] = nlohmann::ordered_json::array();
        for (int k = 0; k < 3; ++k) entry["gain"].push_back(number_or_null(double(v.gain[k])));
        entry["mask_share"] = number_or_null(v.mask_share), entry["overlap"] = number_or_null(v.overlap);
        entry["denied"] = number_or_null(v.denied);
        entry["sees"] = number_or_null(v.sees), entry["sharpness"] = number_or_null(v.sharpness);
        entry["clipped"] = number_or_null(v.clipped);
        root["views"].push_back(std::move(entry));
    }
    root["coverage"] = coverage;
    if (trial)
        root["estimate"] = {{"seconds", trial->seconds},
                            {"memory_bytes", trial->memory_bytes},
                            {"bytes_per_frame", 1000 * trial->kilobytes_a_frame},
                            {"mbit_per_s", trial->mbit_per_s}};
    else
        root["estimate"] = nullptr;
    return root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

CheckResult check_capture(const fs::path& capture, const CheckOptions& options) {
    CheckResult result = Checker(capture, options).run();
    if (options.html) write_text_file(*options.html, make_check_page(result));
    return result;
}

}  // namespace volumen
