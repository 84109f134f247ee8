// Separable resampling in float: area-weighted where an axis shrinks, bilinear where it grows.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "formats/core/error.h"
#include "formats/media/image_file.h"

namespace volumen {
namespace {

/// out[i] = Σ weight[first_weight + j] * in[first + j] for j < count; weights sum to 1.
struct Taps {
    int first = 0, count = 0;
    std::size_t first_weight = 0;
};
struct Axis {
    std::vector<Taps> taps;
    std::vector<float> weights;
};

Axis make_axis(int from, int to) {
    Axis axis;
    const double step = double(from) / to;
    for (int i = 0; i < to; ++i) {
        Taps taps;
        taps.first_weight = axis.weights.size();
        if (to < from) {
            const double begin = i * step, end = std::min((i + 1) * step, double(from));
            taps.first = int(begin);
            for (int x = taps.first; x < from && x < end; ++x) {
                const double covered = std::min(end, x + 1.0) - std::max(begin, double(x));
                axis.weights.push_back(float(covered / (end - begin)));
            }
        } else {
            const double centre = std::clamp((i + 0.5) * step - 0.5, 0.0, from - 1.0);
            taps.first = std::min(int(centre), std::max(from - 2, 0));
            const float after = float(centre - taps.first);
            axis.weights.push_back(1 - after);
            if (from > 1) axis.weights.push_back(after);
        }
        taps.count = int(axis.weights.size() - taps.first_weight);
        axis.taps.push_back(taps);
    }
    return axis;
}

/// One input row to floats; colour premultiplied where there is alpha.
void load_row(const Image8& image, int y, std::vector<float>& row) {
    const std::uint8_t* from = image.at(0, y);
    if (image.channels != 4) {
        std::copy_n(from, row.size(), row.begin());
        return;
    }
    for (std::size_t i = 0; i < row.size(); i += 4) {
        for (std::size_t c = 0; c < 3; ++c) row[i + c] = float(from[i + c] * from[i + 3]);
        row[i + 3] = from[i + 3];
    }
}

void shrink_row(const std::vector<float>& row, const Axis& axis, int channels, float* out) {
    for (const Taps& taps : axis.taps) {
        const float* weight = &axis.weights[taps.first_weight];
        const float* in = &row[std::size_t(taps.first) * std::size_t(channels)];
        for (int c = 0; c < channels; ++c) out[c] = 0;
        for (int j = 0; j < taps.count; ++j, in += channels)
            for (int c = 0; c < channels; ++c) out[c] += weight[j] * in[c];
        out += channels;
    }
}

std::uint8_t to_byte(float value) {
    return std::uint8_t(std::clamp(value + 0.5f, 0.0f, 255.0f));
}

void store_row(const std::vector<float>& row, Image8& image, int y) {
    std::uint8_t* to = image.at(0, y);
    if (image.channels != 4) {
        std::transform(row.begin(), row.end(), to, to_byte);
        return;
    }
    for (std::size_t i = 0; i < row.size(); i += 4) {
        const float alpha = row[i + 3];
        for (std::size_t c = 0; c < 3; ++c) to[i + c] = alpha > 0 ? to_byte(row[i + c] / alpha) : 0;
        to[i + 3] = to_byte(alpha);
    }
}

}  // namespace

Image8 resize(const Image8& image, int width, int height) {
    if (width < 1 || height < 1 || width > kMaxImageSide || height > kMaxImageSide)
        throw UsageError("an image cannot be resized to {} x {}: 1 to {} a side are accepted", width, height,
                         kMaxImageSide);
    if (image.empty() || (width == image.width && height == image.height)) return image;
    const int channels = image.channels;
    const Axis across = make_axis(image.width, width), down = make_axis(image.height, height);
    Image8 out(width, height, channels);

    // Input rows already shrunk across, in a ring that holds as many as one output row needs.
    int most = 1;
    for (const Taps& taps : down.taps) most = std::max(most, taps.count);
    const std::size_t row_size = std::size_t(width) * std::size_t(channels);
    std::vector<float> ring(row_size * std::size_t(most)), sum(row_size);
    std::vector<float> row(std::size_t(image.width) * std::size_t(channels));
    int loaded = 0;
    for (int y = 0; y < height; ++y) {
        const Taps& taps = down.taps[std::size_t(y)];
        for (; loaded < taps.first + taps.count; ++loaded) {
            load_row(image, loaded, row);
            shrink_row(row, across, channels, &ring[std::size_t(loaded % most) * row_size]);
        }
        std::fill(sum.begin(), sum.end(), 0.0f);
        for (int j = 0; j < taps.count; ++j) {
            const float weight = down.weights[taps.first_weight + std::size_t(j)];
            const float* from = &ring[std::size_t((taps.first + j) % most) * row_size];
            for (std::size_t i = 0; i < row_size; ++i) sum[i] += weight * from[i];
        }
        store_row(sum, out, y);
    }
    return out;
}

}  // namespace volumen
