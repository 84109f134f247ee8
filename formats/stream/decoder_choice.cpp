#include "formats/stream/decoder_choice.h"

#include <fmt/core.h>

namespace volumen {

namespace {

bool takes(const DeviceOffer& offer, const DecoderNeed& need) {
    return offer.trouble.empty() && need.width >= offer.min_width && need.height >= offer.min_height &&
           need.width <= offer.max_width && need.height <= offer.max_height;
}

std::string shortcoming(const DecoderNeed& need, const DeviceOffer& offer) {
    if (!offer.trouble.empty())
        return fmt::format("{} does not decode {} ({})", offer.device, need.codec, offer.trouble);
    const bool too_large = need.width > offer.max_width || need.height > offer.max_height;
    return too_large ? fmt::format("{} decodes {} up to {}×{}, the stream needs {}×{}", offer.device,
                                   need.codec, offer.max_width, offer.max_height, need.width, need.height)
                     : fmt::format("{} decodes {} from {}×{} on, the stream has {}×{}", offer.device,
                                   need.codec, offer.min_width, offer.min_height, need.width, need.height);
}

}  // namespace

DecoderChoice choose_decoder(const DecoderNeed& need, std::span<const DeviceOffer> offers, bool asked_for) {
    DecoderChoice choice;
    std::string told;
    for (std::size_t i = 0; i < offers.size() && choice.offer == DecoderChoice::kSoftware; ++i) {
        if (takes(offers[i], need))
            choice.offer = int(i);
        else if (asked_for || offers[i].trouble.empty())
            told += (told.empty() ? "" : "; ") + shortcoming(need, offers[i]);
    }
    if (told.empty()) return choice;
    choice.note = fmt::format(
        "{}: using {}", told,
        choice.offer == DecoderChoice::kSoftware ? "software" : offers[std::size_t(choice.offer)].device);
    return choice;
}

std::string refusal_note(const DecoderNeed& need, const std::string& device, const std::string& reason) {
    return fmt::format("{} does not decode this {} video of {}×{}{}: using software", device, need.codec,
                       need.width, need.height, reason.empty() ? "" : " (" + reason + ")");
}

}  // namespace volumen
