#include <algorithm>

#include "encoder/masks/choose.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"

namespace volumen::masks {
namespace {

constexpr std::uint8_t kInside = 128;  ///< alpha from which a pixel is the performer's
/// Pixels of a view on which the others must agree before its empty mask is called wrong, one in so many.
constexpr std::size_t kSeenShare = 2000;

struct Checked {
    const Capture& capture;
    const std::vector<int>& views;
    CaptureFrame& frame;
    std::vector<std::size_t> masked, empty;  ///< indices into the frame's images

    std::string name(std::size_t v) const {
        return fmt::format("{} ({})", views[v], capture.views()[std::size_t(views[v])].name);
    }
    /// A line has room for a few.
    std::string names(const std::vector<std::size_t>& which) const {
        constexpr std::size_t kNamed = 6;
        std::string out;
        for (std::size_t i = 0; i < std::min(which.size(), kNamed); ++i)
            out += (i ? ", " : "") + name(which[i]);
        return which.size() > kNamed ? out + fmt::format(" and {} more", which.size() - kNamed) : out;
    }
    LabelledView labelled(std::size_t v) const {
        const ViewImage& image = frame.images[v];
        LabelledView out{capture.views()[std::size_t(views[v])].camera, {}};
        out.labels.resize(image.alpha.pixels.size());
        for (std::size_t i = 0; i < out.labels.size(); ++i) {
            const bool valid = image.valid.empty() || image.valid.pixels[i];
            out.labels[i] = !valid                             ? Label::unsure
                            : image.alpha.pixels[i] >= kInside ? Label::performer
                                                               : Label::background;
        }
        return out;
    }
};

Volume volume_of(const Capture& capture, const std::vector<int>& views) {
    return Volume::around(capture.info(views));
}

/// The view without which the others agree, if there is one.
std::string culprit(const Checked& c, const std::vector<LabelledView>& labelled) {
    Volume volume = volume_of(c.capture, c.views);
    for (std::size_t out = 0; out < labelled.size() && labelled.size() > 3; ++out) {
        std::vector<LabelledView> others = labelled;
        others.erase(others.begin() + std::ptrdiff_t(out));
        volume.support(others);
        if (volume.filled() > 0)
            return fmt::format("; without view {} the others agree", c.name(c.masked[out]));
    }
    return "";
}

}  // namespace

void check_masks(const Capture& capture, const std::vector<int>& views, CaptureFrame& frame, bool volume,
                 bool strict) {
    Checked c{capture, views, frame, {}, {}};
    for (std::size_t v = 0; v < frame.images.size(); ++v) {
        const ViewImage& image = frame.images[v];
        if (image.absent() || image.alpha.empty()) continue;
        c.masked.push_back(v);
        if (std::ranges::none_of(image.alpha.pixels, [](std::uint8_t a) { return a >= kInside; }))
            c.empty.push_back(v);
    }
    if (c.masked.empty()) return;
    if (c.empty.size() == c.masked.size())
        throw InputError(
            "frame {}: the masks of all views are empty: {}; masks are white, or images opaque, where the "
            "performer is",
            frame.index, c.names(c.empty));
    if (c.empty.empty() && !volume) return;

    std::vector<LabelledView> labelled;
    for (const std::size_t v : c.masked) labelled.push_back(c.labelled(v));
    Volume space = volume_of(capture, views);
    const std::vector<std::vector<Support>> support = space.support(labelled);
    for (std::size_t k = 0; k < c.masked.size(); ++k) {
        const std::size_t v = c.masked[k];
        if (std::ranges::find(c.empty, v) == c.empty.end()) continue;
        const auto seen = std::ranges::count_if(support[k], [](Support s) { return s >= Support::inside; });
        if (std::size_t(seen) * kSeenShare < support[k].size())
            continue;  // the performer may be out of its sight
        const std::string problem = fmt::format(
            "frame {}: the mask of view {} is empty, but the other views see the performer in it: mend the "
            "mask, "
            "or leave the view out with --views-holdout",
            frame.index, c.name(v));
        if (strict) throw InputError(problem);
        frame.images[v] = {};
        frame.images[v].problem = problem;
    }
    if (volume && labelled.size() >= 3 && space.filled() == 0)
        throw InputError(
            "frame {}: the masks of views {} agree on no place in space{}: check the calibration, and that "
            "masks "
            "are white where the performer is",
            frame.index, c.names(c.masked), culprit(c, labelled));
}

}  // namespace volumen::masks
