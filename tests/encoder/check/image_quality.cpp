// Sharp and soft, clipped, moved.
#include "encoder/check/image_quality.h"

#include <doctest/doctest.h>

#include <cmath>
#include <random>

#include "formats/media/image_file.h"

using namespace volumen;

namespace {

constexpr std::uint64_t kSeed = 5;

/// Blocks of random brightness, shifted.
ViewImage texture(int width, int height, int dx = 0, int dy = 0) {
    ViewImage image;
    image.rgb = Image8(width, height, 3);
    for (int y = 0; y < height; ++y)
        for (int x = 0; x < width; ++x) {
            std::mt19937_64 random(kSeed + std::uint64_t((x + dx + 64) / 3) * 1000 +
                                   std::uint64_t((y + dy + 64) / 3));
            const std::uint8_t grey = std::uint8_t(20 + random() % 200);
            for (int k = 0; k < 3; ++k) image.rgb.at(x, y)[k] = grey;
        }
    return image;
}

}  // namespace

TEST_CASE("soft pictures have less fine detail") {
    const ViewImage sharp = texture(120, 90);
    ViewImage soft;
    soft.rgb = resize(resize(sharp.rgb, 20, 15), 120, 90);
    CHECK(sharpness(sharp) > 0.7);
    CHECK(sharpness(soft) < 0.4 * sharpness(sharp));
    ViewImage flat;
    flat.rgb = Image8(20, 20, 3);
    CHECK(std::isnan(sharpness(flat)));
}

TEST_CASE("burnt-out pixels count where the subject is") {
    ViewImage image = texture(10, 10);
    for (int x = 0; x < 10; ++x) image.rgb.at(x, 0)[1] = 255;
    CHECK(clipped_share(image) == doctest::Approx(0.1));
    image.alpha = Image8(10, 10, 1);
    for (int x = 0; x < 10; ++x) *image.alpha.at(x, 0) = 255;
    CHECK(clipped_share(image) == doctest::Approx(1));
    image.alpha = Image8(10, 10, 1);
    CHECK(std::isnan(clipped_share(image)));
}

TEST_CASE("a camera that moved is told from one that stood") {
    INFO("seed " << kSeed);
    const ViewImage first = texture(240, 200), moved = texture(240, 200, 3, -4);
    std::optional<glm::vec2> shift = surroundings_shift(first, first);
    REQUIRE(shift);
    CHECK(*shift == glm::vec2(0));
    shift = surroundings_shift(first, moved);
    REQUIRE(shift);
    CHECK(*shift == glm::vec2(-3, 4));
    // Inside the mask all may move.
    ViewImage masked = first, masked_moved = moved;
    masked.alpha = masked_moved.alpha = Image8(240, 200, 1);
    std::fill(masked.alpha.pixels.begin(), masked.alpha.pixels.end(), std::uint8_t(255));
    CHECK_FALSE(surroundings_shift(masked, masked_moved));
    ViewImage flat;
    flat.rgb = Image8(240, 200, 3);
    CHECK_FALSE(surroundings_shift(flat, flat));
    CHECK_FALSE(surroundings_shift(first, ViewImage()));
}
