// Images: 8-bit interleaved (files, screens) and float planar (training).
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace volumen {

/// The largest width or height that any reader accepts: above it lies damage or hostility, not a camera.
inline constexpr int kMaxImageSide = 16384;

/// 8-bit image, interleaved, rows top to bottom without padding. `channels` is 1, 3 or 4.
struct Image8 {
    int width = 0, height = 0, channels = 0;
    std::vector<std::uint8_t> pixels;

    Image8() = default;
    Image8(int w, int h, int c) : width(w), height(h), channels(c), pixels(std::size_t(w) * h * c) {}
    bool empty() const { return pixels.empty(); }
    std::uint8_t* at(int x, int y) { return pixels.data() + (std::size_t(y) * width + x) * channels; }
    const std::uint8_t* at(int x, int y) const {
        return pixels.data() + (std::size_t(y) * width + x) * channels;
    }
};

/// Float image, three planes (R, G, B) of width × height values, display-referred in [0, 1].
struct PlanarImage {
    int width = 0, height = 0;
    std::vector<float> values;

    PlanarImage() = default;
    PlanarImage(int w, int h) : width(w), height(h), values(std::size_t(w) * h * 3) {}
    std::size_t area() const { return std::size_t(width) * height; }
    std::span<float> plane(int c) { return {values.data() + area() * c, area()}; }
    std::span<const float> plane(int c) const { return {values.data() + area() * c, area()}; }
};

}  // namespace volumen
