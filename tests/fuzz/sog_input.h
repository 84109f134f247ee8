// A SOG's files as one input: each a length in two little-endian bytes, then so many bytes, or what is left.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "formats/core/error.h"

inline constexpr const char* kSogFiles[] = {"meta.json",          "means_l.webp",   "means_u.webp",
                                            "quats.webp",         "scales.webp",    "sh0.webp",
                                            "shN_centroids.webp", "shN_labels.webp"};

inline std::vector<std::uint8_t> sog_file(std::span<const std::uint8_t> input, const std::string& file) {
    for (const char* name : kSogFiles) {
        if (input.size() < 2) break;
        const std::size_t size = std::min<std::size_t>(input[0] | input[1] << 8, input.size() - 2);
        if (file == name) return {input.begin() + 2, input.begin() + 2 + std::ptrdiff_t(size)};
        input = input.subspan(2 + size);
    }
    throw volumen::InputError("{}: is not there", file);
}
