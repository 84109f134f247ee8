// Random numbers that are the same on every standard library.
#pragma once

#include <random>

namespace volumen::train {

/// A uniform number in [0, 1).
inline float uniform(std::mt19937_64& random) {
    return float(random() >> 40) * 0x1p-24f;
}

}  // namespace volumen::train
