// Where a take's masks come from.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "encoder/masks/mask_maker.h"

namespace volumen::masks {

enum class MaskMode {
    automatic,  ///< the capture's own, else plates, else motion where there is any, else none
    file,       ///< the capture's own: alpha, or a mask folder
    plate,      ///< computed, from background/<view>.png
    motion,     ///< computed, from what the still cameras see while the performer moves
    none,       ///< the whole image is the take, whatever masks the capture has
};

/// "auto", "file", "plate", "motion" or "none"; throws UsageError.
MaskMode parse_mask_mode(const std::string& name);
const char* name(MaskMode mode);
/// Whether the mode looks at the masks that the capture has: CaptureOptions::masks.
bool reads_own(MaskMode mode);

/// Masks for the frames of some views of a capture.
class Masks {
  public:
    /// Looks at plates, or at frames spread over the capture; nothing but `views` is read. Throws InputError
    /// where the mode asks for what the capture does not have. `progress`: share of that done.
    Masks(const Capture& capture, const std::vector<int>& views, MaskMode mode,
          const std::function<void(double)>& progress = {});

    MaskMode mode() const { return mode_; }  ///< never `automatic`
    /// What to tell the user, one line each.
    const std::vector<std::string>& warnings() const { return warnings_; }
    /// Whether frames have alpha after apply().
    bool any() const { return mode_ != MaskMode::none; }
    /// The images of `views`, in their order, as this mode wants them.
    void apply(CaptureFrame& frame) const;
    /// Of each view; none where masks are not computed.
    const std::vector<Background>* backgrounds() const { return maker_ ? &maker_->backgrounds() : nullptr; }

  private:
    void from_plates(const Capture& capture, const std::vector<int>& views, std::vector<ViewImage> plates);
    void warn_of_hidden(const Capture& capture, const std::vector<int>& views);

    MaskMode mode_;
    std::vector<std::string> warnings_;
    std::optional<MaskMaker> maker_;
};

/// Looks for masks that cannot be right, in the images of `views` of one frame. Where all are empty, or
/// (looked at only with `volume`) no place in space lies in them, throws InputError with frame and views. A
/// single view whose mask is empty where the others see the performer in it becomes absent, with its problem;
/// with `strict` it throws that.
void check_masks(const Capture& capture, const std::vector<int>& views, CaptureFrame& frame, bool volume,
                 bool strict);

}  // namespace volumen::masks
