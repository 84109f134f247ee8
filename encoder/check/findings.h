// From what was measured to what is wrong and how to mend it.
#pragma once

#include "encoder/check/check.h"

namespace volumen {

/// Worst first. `problems`: of views that could not be opened; `passed_over`: what reading left out;
/// `empty_masks`: views whose masks were all empty; `no_volume`: the masks share no place in space.
struct Observations {
    std::vector<std::string> problems, warnings;
    std::vector<std::string> missing;  ///< images, one line each
    std::vector<int> empty_masks;
    bool no_volume = false;
    std::string trial_error;
};
std::vector<Finding> find_faults(const CheckResult& result, const Observations& seen);

}  // namespace volumen
