// The check as one HTML file.
#pragma once

#include <string>

#include "encoder/check/check.h"

namespace volumen {

/// Self-contained: pictures and charts within, nothing is loaded from elsewhere.
std::string make_check_page(const CheckResult& result);

}  // namespace volumen
