// NumPy's .npy files of floating-point numbers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace volumen {

struct NpyArray {
    std::vector<std::size_t> shape;
    std::vector<double> values;  ///< the last index runs fastest, whatever order the file has
};

/// Versions 1 to 3, float32 or float64 of either byte order, C or Fortran order. Throws InputError naming
/// `file` for anything else, and where header and length disagree.
NpyArray parse_npy(std::span<const std::uint8_t> bytes, const std::string& file);

}  // namespace volumen
