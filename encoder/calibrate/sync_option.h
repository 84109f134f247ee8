// The --sync option: offsets by hand, or estimated.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "encoder/calibrate/sync.h"

namespace volumen {

/// "3:2,cam04:-1" (view by index or name : frames it is late), the rest as the capture's file has it; "auto":
/// estimated from all views but `held_out`, each one found told through `tell`; "": none, so that the file's
/// are used. Otherwise one offset a view, as CaptureOptions wants them. Throws UsageError.
std::vector<int> sync_offsets(const std::filesystem::path& capture, const std::string& text,
                              const std::vector<int>& held_out,
                              const std::function<void(const std::string&)>& tell);

/// What to paste into the capture's file: `"offsets": {"12.png": 2}`.
std::string offsets_entry(const std::vector<CaptureView>& views, const std::vector<int>& offsets);

}  // namespace volumen
