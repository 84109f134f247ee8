// A little training, to tell how long all of it will take and how large the stream will be.
#pragma once

#include "encoder/check/check.h"

namespace volumen {

/// Trains three frames with a fraction of the iterations that the settings ask for, at their size, packs
/// them, and scales up to frames [first_frame, end_frame). Throws InputError where the capture cannot be
/// trained.
Trial run_trial(const std::filesystem::path& capture, const CheckOptions& options, int first_frame,
                int end_frame);

}  // namespace volumen
