#include "formats/stream/decoder_choice.h"

#include <doctest/doctest.h>

#include <vector>

using namespace volumen;

namespace {

const DecoderNeed kNeed{"H.264", 4096, 2160};
const DeviceOffer kGood{.device = "vaapi", .max_width = 4096, .max_height = 4096};
const DeviceOffer kSmall{.device = "cuda", .max_width = 2048, .max_height = 2048};
const DeviceOffer kAbsent{.device = "vulkan", .trouble = "no such device"};

DecoderChoice choose(std::vector<DeviceOffer> offers, bool asked_for = false, DecoderNeed need = kNeed) {
    return choose_decoder(need, offers, asked_for);
}

}  // namespace

TEST_CASE("the first device that can decodes, and nothing is told") {
    CHECK(choose({kGood}).offer == 0);
    CHECK(choose({kGood}).note.empty());
    CHECK(choose({kAbsent, kGood}).offer == 1);
    CHECK(choose({kAbsent, kGood}).note.empty());
    CHECK(choose({kGood, kSmall}).note.empty());
}

TEST_CASE("a machine without devices decodes in software, silently") {
    CHECK(choose({}).offer == DecoderChoice::kSoftware);
    CHECK(choose({}).note.empty());
    CHECK(choose({kAbsent, kAbsent}).offer == DecoderChoice::kSoftware);
    CHECK(choose({kAbsent, kAbsent}).note.empty());
}

TEST_CASE("a device that is there and too small is told, with both sizes") {
    const DecoderChoice choice = choose({kSmall, kAbsent});
    CHECK(choice.offer == DecoderChoice::kSoftware);
    CHECK(choice.note == "cuda decodes H.264 up to 2048×2048, the stream needs 4096×2160: using software");
    const DecoderChoice other = choose({kSmall, kGood});
    CHECK(other.offer == 1);
    CHECK(other.note == "cuda decodes H.264 up to 2048×2048, the stream needs 4096×2160: using vaapi");
    const DecoderChoice tall = choose({kGood}, false, {"HEVC", 256, 4097});
    CHECK(tall.note == "vaapi decodes HEVC up to 4096×4096, the stream needs 256×4097: using software");
    DeviceOffer least = kGood;
    least.min_width = least.min_height = 320;
    CHECK(choose({least}, false, {"AV1", 256, 256}).note ==
          "vaapi decodes AV1 from 320×320 on, the stream has 256×256: using software");
    CHECK(choose({least}, false, {"AV1", 320, 320}).offer == 0);
}

TEST_CASE("a device that was asked for by name and is not there is told") {
    const DecoderChoice choice = choose({kAbsent}, true);
    CHECK(choice.offer == DecoderChoice::kSoftware);
    CHECK(choice.note == "vulkan does not decode H.264 (no such device): using software");
}

TEST_CASE("a device that refuses is told, with its reason where there is one") {
    CHECK(refusal_note(kNeed, "cuda", "no more sessions") ==
          "cuda does not decode this H.264 video of 4096×2160 (no more sessions): using software");
    CHECK(refusal_note(kNeed, "cuda", "") ==
          "cuda does not decode this H.264 video of 4096×2160: using software");
}
