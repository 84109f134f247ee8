// Numbers that Adam steps.
#pragma once

#include <cmath>
#include <vector>

#include "encoder/train/adam.h"

namespace volumen::train {

/// The numbers and their moments, with the constants of instant-ngp (Müller et al. 2022, section 4).
struct Parameters {
    static constexpr float kBeta1 = 0.9f, kBeta2 = 0.99f, kEpsilon = 1e-15f;

    std::vector<float> values, first, second;
    int steps = 0;  ///< since the moments were zero

    explicit Parameters(std::size_t count) : values(count), first(count), second(count) {}

    void reset_moments() {
        first.assign(values.size(), 0);
        second.assign(values.size(), 0);
        steps = 0;
    }

    /// The part of step `steps` (counted up before) that concerns values[from, from + count).
    AdamUpdate update(std::size_t from, std::size_t count, const float* gradient, float rate) {
        return {values.data() + from,
                gradient,
                first.data() + from,
                second.data() + from,
                count,
                kBeta1,
                kBeta2,
                float(double(rate) / (1 - std::pow(double(kBeta1), steps))),
                float(1 / std::sqrt(1 - std::pow(double(kBeta2), steps))),
                kEpsilon};
    }
};

}  // namespace volumen::train
