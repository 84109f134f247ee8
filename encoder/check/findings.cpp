#include "encoder/check/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace volumen {
namespace {

/// Cameras whose channels differ by less show what gloss and noise explain, and so do those within this many
/// of the usual deviations (the median's, as the standard deviation of a normal distribution).
constexpr float kLeastColour = 0.06f, kDeviations = 4, kNormalDeviation = 1.4826f;
/// Gains of one view that vary more over time than that: exposure was not fixed.
constexpr float kLeastFlicker = 0.05f;
constexpr double kSoftShare = 0.55;  ///< of the rig's median sharpness
constexpr double kClipped = 0.08;    ///< of the subject's pixels
constexpr double kFullMask = 0.97;
/// Share of a mask that the other views deny; voxels and pixels alone deny a few hundredths.
constexpr double kDenied = 0.12, kMostlyDenied = 0.4;
constexpr double kPoorOverlap = 0.4;  ///< IoU: few views in a ring do not reach more from the front
constexpr double kSeesEnough = 0.6;
constexpr float kMoved = 2;       ///< pixels
constexpr double kUnseen = 0.25;  ///< share of the surface that fewer than two views see
constexpr double kSure = 0.5;     ///< of a sync offset

double median_of(std::vector<double> values) {
    std::erase_if(values, [](double v) { return !std::isfinite(v); });
    if (values.empty()) return NAN;
    const auto middle = values.begin() + std::ptrdiff_t(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

std::string named(const CheckedView& v) {
    return fmt::format("view {} ({})", v.index, v.name);
}

class Finder {
  public:
    Finder(const CheckResult& result, const Observations& seen) : r_(result), seen_(seen) {}

    std::vector<Finding> run() {
        opening();
        rig();
        for (const CheckedView& v : r_.views) masks(v), framing(v), picture(v);
        sync();
        colours();
        coverage();
        std::stable_sort(found_.begin(), found_.end(),
                         [](const Finding& a, const Finding& b) { return a.severity < b.severity; });
        return std::move(found_);
    }

  private:
    template <class... Args>
    void add(Severity severity, int view, std::string mend, fmt::format_string<Args...> what,
             Args&&... args) {
        found_.push_back({severity, view, fmt::format(what, std::forward<Args>(args)...), std::move(mend)});
    }
    double median(double CheckedView::*figure) const {
        std::vector<double> values;
        for (const CheckedView& v : r_.views) values.push_back(v.*figure);
        return median_of(std::move(values));
    }

    void opening() {
        for (const std::string& problem : seen_.problems)
            add(Severity::wrong, -1, "Mend the file or take the view out of the calibration.", "{}", problem);
        for (const std::string& line : seen_.missing)
            add(Severity::doubtful, -1, "Export the image again; training leaves it out of its frame.", "{}",
                line);
        for (const std::string& line : seen_.warnings) add(Severity::note, -1, "", "{}", line);
        if (!seen_.trial_error.empty())
            add(Severity::wrong, -1, "Training would stop there: mend what is listed here first.",
                "a trial of the training failed: {}", seen_.trial_error);
    }

    void rig() {
        const std::size_t count = r_.views.size();
        if (count == 1)
            add(Severity::wrong, -1, "Volumen needs several cameras that film the same moment.",
                "the capture has one view only");
        else if (count < 8)
            add(Severity::doubtful, -1,
                "Twelve or more views all around hold up between the cameras; expect softness there.",
                "the capture has only {} views", count);
        if (!r_.masks())
            add(Severity::note, -1,
                "Masks (alpha, or a mask folder) help more than anything else: training then starts from the "
                "visual hull.",
                "the capture has no masks{}",
                r_.surface.points.empty() ? ": overlap, coverage and colours cannot be told" : "");
        if (seen_.no_volume)
            add(Severity::wrong, -1,
                "Check the calibration (axes, scale, order of the views) and that masks are white where the "
                "performer is.",
                "the masks of the views share no place in space");
    }

    void masks(const CheckedView& v) {
        if (std::ranges::find(seen_.empty_masks, v.index) != seen_.empty_masks.end()) {
            add(Severity::wrong, v.index, "Make its masks again, or take the view out.",
                "{}: its masks are empty", named(v));
            return;
        }
        if (v.mask_share > kFullMask)
            add(Severity::wrong, v.index, "Masks must be white only where the performer is.",
                "{}: its masks cover the whole picture", named(v));
        // A late view is denied as well, and that has its own remedy.
        if (v.found_offset != 0) return;
        if (v.denied > kDenied)
            add(v.denied > kMostlyDenied ? Severity::wrong : Severity::doubtful, v.index,
                "Look at its picture below, where that is red: its pose or its masks are off.",
                "{}: the other views deny {:.0f} % of its masks", named(v), 100 * v.denied);
        else if (v.overlap < kPoorOverlap)
            add(Severity::doubtful, v.index,
                "Look at its picture below, where that is blue: its masks lack parts, or too few views see "
                "the "
                "subject from there.",
                "{}: its masks are only {:.0f} % of what the others' hull shows there", named(v),
                100 * v.overlap);
    }

    void framing(const CheckedView& v) {
        const glm::vec3 middle = 0.5f * (r_.info.bounds_min + r_.info.bounds_max);
        if (v.camera.to_camera(middle).z <= 0)
            add(Severity::wrong, v.index,
                "Its pose is not that of the others: check the axes' convention and that camera-to-world is "
                "meant.",
                "{}: the subject is behind it", named(v));
        else if (v.sees < kSeesEnough)
            add(v.sees < 0.05 ? Severity::wrong : Severity::doubtful, v.index,
                "Fine where other views see the rest; otherwise point or place the camera so that all is in.",
                "{}: only {:.0f} % of the subject falls into its picture", named(v), 100 * v.sees);
    }

    void picture(const CheckedView& v) {
        const double usual = median(&CheckedView::sharpness);
        if (v.sharpness < kSoftShare * usual)
            add(Severity::doubtful, v.index, "Focus it, or shorten its exposure.",
                "{}: its picture is soft ({:.0f} % of the usual sharpness)", named(v),
                100 * v.sharpness / usual);
        if (v.clipped > kClipped)
            add(Severity::doubtful, v.index, "Expose it less: burnt-out colours cannot be compensated.",
                "{}: {:.0f} % of the subject is burnt out", named(v), 100 * v.clipped);
        if (v.drift && glm::length(*v.drift) >= kMoved)
            add(Severity::wrong, v.index,
                "Cameras must stand still; calibrate it again, or take the view out.",
                "{}: its surroundings move by {:.1f}, {:.1f} pixels during the take: the camera moved",
                named(v), v.drift->x, v.drift->y);
    }

    void sync() {
        for (const CheckedView& v : r_.views) {
            if (v.found_offset == 0) continue;
            const int frames = std::abs(v.found_offset);
            add(v.sync_confidence >= kSure ? Severity::wrong : Severity::doubtful, v.index,
                fmt::format("Add {} to the capture's file, or train with --sync {}:{} or --sync auto.",
                            r_.offsets_entry, v.index, v.offset + v.found_offset),
                "{}: it is {} frame{} {} (told by {}, confidence {:.0f} %)", named(v), frames,
                frames == 1 ? "" : "s", v.found_offset > 0 ? "late" : "early", r_.sync.method,
                100 * v.sync_confidence);
        }
        const auto moves = [](const SyncCurve& c) { return c.confidence > 0; };
        if (r_.frames > 1 && !r_.views.empty() && std::ranges::none_of(r_.sync.curves, moves))
            add(Severity::note, -1, "", "nothing tells whether the views are synchronous: {}",
                r_.sync.range < 1 ? "the take is too short" : "too little moves");
    }

    void colours() {
        glm::vec3 usual;
        for (int k = 0; k < 3; ++k) {
            std::vector<double> deviations;
            for (const CheckedView& v : r_.views) deviations.push_back(std::abs(std::log(double(v.gain[k]))));
            usual[k] = kNormalDeviation * float(median_of(std::move(deviations)));
        }
        for (const CheckedView& v : r_.views) {
            glm::vec3 deviation = glm::log(v.gain);
            bool differs = false;
            for (int k = 0; k < 3; ++k)
                differs |= std::abs(deviation[k]) > std::max(kLeastColour, kDeviations * usual[k]);
            if (differs) {
                const float exposure = (deviation.r + deviation.g + deviation.b) / 3;
                deviation -= exposure;
                const float balance =
                    std::max({std::abs(deviation.r), std::abs(deviation.g), std::abs(deviation.b)});
                const char* what = balance > 0.5f * std::abs(exposure)
                                       ? std::abs(exposure) > kLeastColour
                                             ? "its exposure and white balance differ"
                                             : "its white balance differs"
                                       : "its exposure differs";
                add(Severity::doubtful, v.index,
                    "Training compensates it (--colour auto); fix the cameras' exposure and white balance "
                    "for the "
                    "next take.",
                    "{}: {}: it shows {:.0f}, {:.0f}, {:.0f} % of the rig's red, green, blue", named(v), what,
                    100 * v.gain.r, 100 * v.gain.g, 100 * v.gain.b);
            }
            float least = 1e9f, most = 0;
            for (const glm::vec3& g : v.gains)
                if (std::isfinite(g.g)) least = std::min(least, g.g), most = std::max(most, g.g);
            if (most > 0 && std::log(most / least) > kLeastFlicker + 2 * usual.g)
                add(Severity::doubtful, v.index,
                    "Lock the camera's exposure: training compensates one gain a view.",
                    "{}: its exposure varies by {:.0f} % over the take", named(v), 100 * (most / least - 1));
        }
    }

    void coverage() {
        if (!r_.masks() || r_.coverage.size() < 2) return;
        const double poor = r_.coverage[0] + r_.coverage[1];
        if (poor > kUnseen)
            add(Severity::doubtful, -1, "Add cameras where the coverage picture is red.",
                "{:.0f} % of the subject's surface is seen by fewer than two views", 100 * poor);
    }

    const CheckResult& r_;
    const Observations& seen_;
    std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> find_faults(const CheckResult& result, const Observations& seen) {
    return Finder(result, seen).run();
}

}  // namespace volumen
