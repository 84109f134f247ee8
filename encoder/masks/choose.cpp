#include "encoder/masks/choose.h"

#include "encoder/masks/motion.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"

namespace volumen::masks {
namespace {

/// A background of which the performer hides more for ever is worth a word.
constexpr float kWorthTelling = 0.005f;
/// Where more of the image than this is never free, motion does not tell performer and set apart.
constexpr float kMostHidden = 0.25f;

}  // namespace

const char* name(MaskMode mode) {
    constexpr const char* kNames[] = {"auto", "file", "plate", "motion", "none"};
    return kNames[std::size_t(mode)];
}

MaskMode parse_mask_mode(const std::string& text) {
    for (const MaskMode mode :
         {MaskMode::automatic, MaskMode::file, MaskMode::plate, MaskMode::motion, MaskMode::none})
        if (text == name(mode)) return mode;
    throw UsageError("--masks {}: there are auto, file, plate, motion and none", text);
}

bool reads_own(MaskMode mode) {
    return mode == MaskMode::automatic || mode == MaskMode::file;
}

Masks::Masks(const Capture& capture, const std::vector<int>& views, MaskMode mode,
             const std::function<void(double)>& progress)
    : mode_(mode) {
    if (mode_ == MaskMode::automatic && capture.has_masks()) mode_ = MaskMode::file;
    if (mode_ == MaskMode::none) return;
    if (mode_ == MaskMode::file) {
        if (!capture.has_masks())
            throw InputError(
                "the capture has no masks: give its images alpha or add mask/<frame>/<view>.png, or use "
                "--masks "
                "auto");
        return;
    }
    if (mode_ != MaskMode::motion) {
        std::vector<ViewImage> plates;
        for (const int view : views) {
            std::optional<ViewImage> plate = capture.plate(view);
            if (plate) {
                plates.push_back(std::move(*plate));
                continue;
            }
            const std::string& name = capture.views()[std::size_t(view)].name;
            if (mode_ == MaskMode::plate)
                throw InputError(
                    "view {} ({}) has no background plate: photograph the empty set as background/{}.png, or "
                    "use --masks auto",
                    view, name, std::filesystem::path(name).stem().string());
            if (!plates.empty())
                warnings_.push_back(fmt::format(
                    "view {} ({}) has no background plate, unlike others: plates are not used", view, name));
            break;
        }
        if (plates.size() == views.size()) {
            from_plates(capture, views, std::move(plates));
            return;
        }
    }
    std::optional<std::vector<Background>> learnt =
        learn_backgrounds(capture, views, mode_ == MaskMode::automatic, progress);
    mode_ = learnt ? MaskMode::motion : MaskMode::none;
    if (!learnt) return;
    float hidden = 0;
    for (const Background& background : *learnt)
        hidden += (1 - background.known_share()) / float(views.size());
    if (mode == MaskMode::automatic && hidden > kMostHidden) {
        warnings_.push_back(
            fmt::format("motion does not tell the performer from the set ({:.0f} % of the images never come "
                        "to rest): the "
                        "whole image is the take; background/<view>.png would help, --masks motion insists",
                        100 * hidden));
        mode_ = MaskMode::none;
        return;
    }
    maker_.emplace(capture, views, std::move(*learnt));
    warn_of_hidden(capture, views);
}

void Masks::from_plates(const Capture& capture, const std::vector<int>& views,
                        std::vector<ViewImage> plates) {
    std::vector<Background> backgrounds(views.size());
    parallel_for(views.size(), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t v = begin; v < end; ++v) {
            const Image8& rgb = plates[v].rgb;
            backgrounds[v] = background_from_plate(
                plates[v],
                sample_view(capture, views[v], sample_count(rgb.width, rgb.height, capture.frame_count())));
        }
    });
    mode_ = MaskMode::plate;
    maker_.emplace(capture, views, std::move(backgrounds));
}

void Masks::warn_of_hidden(const Capture& capture, const std::vector<int>& views) {
    float most = 0, sum = 0;
    std::size_t worst = 0;
    for (std::size_t v = 0; v < views.size(); ++v) {
        const float hidden = 1 - maker_->backgrounds()[v].known_share();
        sum += hidden;
        if (hidden > most) most = hidden, worst = v;
    }
    const float mean = sum / float(views.size());
    if (mean < kWorthTelling) return;
    warnings_.push_back(fmt::format(
        "{:.1f} % of the background (view {}, {}: {:.1f} %) is never seen free of the performer; there masks "
        "rest on what the views agree on: background/<view>.png would help",
        100 * mean, views[worst], capture.views()[std::size_t(views[worst])].name, 100 * most));
}

void Masks::apply(CaptureFrame& frame) const {
    if (maker_) maker_->apply(frame);
    if (mode_ == MaskMode::none)
        for (ViewImage& image : frame.images) image.alpha = {};
}

}  // namespace volumen::masks
