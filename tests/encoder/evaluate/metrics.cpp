#include "encoder/evaluate/metrics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

using namespace volumen;

namespace {

Image8 flat(int width, int height, std::uint8_t value) {
    Image8 image(width, height, 3);
    std::fill(image.pixels.begin(), image.pixels.end(), value);
    return image;
}

Image8 noise(int width, int height, unsigned seed) {
    std::mt19937 random(seed);
    Image8 image(width, height, 3);
    for (auto& p : image.pixels) p = std::uint8_t(random() & 255);
    return image;
}

/// The definition, pixel by pixel.
double ssim_by_definition(const Image8& a, const Image8& b) {
    double total = 0;
    for (int c = 0; c < 3; ++c)
        for (int y = 0; y < a.height; ++y)
            for (int x = 0; x < a.width; ++x) {
                double norm = 0, ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
                for (int dy = -5; dy <= 5; ++dy)
                    for (int dx = -5; dx <= 5; ++dx) {
                        const double w = std::exp(-(dx * dx + dy * dy) / (2 * 1.5 * 1.5));
                        norm += w;
                        const int u = x + dx, v = y + dy;
                        if (u < 0 || v < 0 || u >= a.width || v >= a.height) continue;
                        const double p = a.at(u, v)[c] / 255.0, q = b.at(u, v)[c] / 255.0;
                        ma += w * p, mb += w * q, aa += w * p * p, bb += w * q * q, ab += w * p * q;
                    }
                ma /= norm, mb /= norm, aa /= norm, bb /= norm, ab /= norm;
                total += (2 * ma * mb + 1e-4) * (2 * (ab - ma * mb) + 9e-4) /
                         ((ma * ma + mb * mb + 1e-4) * (aa - ma * ma + bb - mb * mb + 9e-4));
            }
    return total / (3.0 * a.width * a.height);
}

}  // namespace

TEST_CASE("PSNR of known pairs") {
    // All values off by 10: 20 log10(255 / 10).
    CHECK(psnr(flat(7, 5, 100), flat(7, 5, 110)).value() == doctest::Approx(28.1308).epsilon(1e-5));
    CHECK(psnr(flat(7, 5, 0), flat(7, 5, 255)).value() == doctest::Approx(0));
    CHECK(psnr(flat(7, 5, 9), flat(7, 5, 9)).value() == kPerfectPsnr);
    // One value of one pixel in four off by 51 (a fifth of the range): mse = 0.04 / 12.
    Image8 a = flat(2, 2, 0);
    a.at(1, 0)[2] = 51;
    CHECK(psnr(a, flat(2, 2, 0)).value() == doctest::Approx(24.7712).epsilon(1e-5));
}

TEST_CASE("PSNR counts only the pixels that it is told to") {
    Image8 a = flat(2, 1, 50), mask(2, 1, 1);
    a.at(0, 0)[0] = 255;
    *mask.at(0, 0) = 127, *mask.at(1, 0) = 128;
    CHECK(psnr(a, flat(2, 1, 50), mask, 128).value() == kPerfectPsnr);
    CHECK(psnr(a, flat(2, 1, 50), mask, 127).value() < 20);
    CHECK_FALSE(psnr(a, flat(2, 1, 50), mask, 129).has_value());
}

TEST_CASE("SSIM is the definition") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    const Image8 a = noise(23, 17, seed);
    CHECK(ssim(a, a).value() == 1);
    CHECK(ssim(a, noise(23, 17, seed + 1)).value() ==
          doctest::Approx(ssim_by_definition(a, noise(23, 17, seed + 1))).epsilon(1e-4));
    // A single difference: all windows but those around it are equal.
    Image8 b = a;
    b.at(12, 3)[1] = std::uint8_t(b.at(12, 3)[1] ^ 0x80);
    CHECK(ssim(b, a).value() == doctest::Approx(ssim_by_definition(b, a)).epsilon(1e-5));
    CHECK(ssim(b, a).value() < 1);
    // … and none at all where it does not count.
    Image8 valid(23, 17, 1);
    std::fill(valid.pixels.begin(), valid.pixels.end(), std::uint8_t(1));
    *valid.at(12, 3) = 0;
    CHECK(ssim(b, a, valid).value() == 1);
    std::fill(valid.pixels.begin(), valid.pixels.end(), std::uint8_t(0));
    CHECK_FALSE(ssim(b, a, valid).has_value());
}

TEST_CASE("flicker is what changes in the render beyond what changes in the truth") {
    const Image8 truth0 = flat(4, 4, 100), truth1 = flat(4, 4, 120);
    CHECK(flicker(flat(4, 4, 123), flat(4, 4, 103), truth1, truth0).value() == 0);  // a steady error
    CHECK(flicker(flat(4, 4, 120), flat(4, 4, 103), truth1, truth0).value() == 3);
    CHECK(flicker(flat(4, 4, 100), flat(4, 4, 100), truth1, truth0).value() == 20);
    Image8 pixel = flat(4, 4, 120);
    pixel.at(2, 1)[0] = 72;
    CHECK(flicker(pixel, truth0, truth1, truth0).value() == doctest::Approx(1));
    Image8 valid(4, 4, 1);
    *valid.at(2, 1) = 1;
    CHECK(flicker(pixel, truth0, truth1, truth0, valid).value() == doctest::Approx(16));
}

TEST_CASE("rounding to 8 bits") {
    PlanarImage image(3, 1);
    image.values = {-1, 0.5f, 2, 0.0f, 0.001f, 0.003f, 1, 0.9981f, 0.9979f};
    const Image8 out = to_8_bit(image);
    CHECK(out.pixels == std::vector<std::uint8_t>{0, 0, 255, 128, 0, 255, 255, 1, 254});
}
