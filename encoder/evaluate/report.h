// The self-contained HTML report.
#pragma once

#include <string>
#include <vector>

#include "encoder/evaluate/figures.h"
#include "formats/core/image.h"

namespace volumen {

struct ReportPicture {
    std::string title, caption;
    Image8 truth, render;  ///< RGB, of one size
};

/// One HTML file, pictures and charts within: nothing is loaded from elsewhere.
std::string make_report(const Figures& figures, const std::vector<ReportPicture>& pictures);

}  // namespace volumen
