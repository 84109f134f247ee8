// What changes cost to code: bits, their gradients, and that training with them saves some.
#include <cmath>

#include "encoder/pack/coded_planes.h"
#include "encoder/pack/rotation.h"
#include "encoder/train/v3/residual_entropy.h"
#include "formats/stream/frame.h"
#include "tests/encoder/train/clouds.h"

using namespace volumen;
using namespace volumen::train;

namespace {

constexpr std::uint64_t kSeed = 11;

double gaussian_cdf(double x) {
    return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

/// A cloud of SH degree 1 whose rotations are canonical, and the next frame's.
struct Change {
    SplatCloud before, after;

    explicit Change(std::mt19937_64& random, float amount = 0.02f) {
        before = with_sh_degree(sheet(16, random), 1);
        jitter(before, {7, 8, 9}, 0.3f, random);
        jitter(before, {10, 11, 12, 13, 14, 15, 16}, 0.5f, random);
        canonicalise_rotations({&before, 1});
        after = before;
        jitter(after, {0, 1, 2}, 0.1f * amount, random);
        for (int c = 3; c < after.channels(); ++c) jitter(after, {c}, amount, random);
    }
};

}  // namespace

TEST_CASE("residual bits are those of a Gaussian over a cell of the quantiser") {
    for (const float residual : {-3.2f, -0.4f, 0.0f, 0.7f, 5.0f})
        for (const float mean : {0.0f, 0.3f})
            for (const float log_deviation : {-1.0f, 0.0f, 1.5f}) {
                CAPTURE(residual);
                CAPTURE(log_deviation);
                const double s = std::exp(double(log_deviation));
                const double p = gaussian_cdf((double(residual) + 0.5 - double(mean)) / s) -
                                 gaussian_cdf((double(residual) - 0.5 - double(mean)) / s);
                const CellGaussian gaussian{mean, log_deviation};
                float likely, d_residual;
                const CellGaussian::Gradient d = gaussian({&residual, 1}, {&likely, 1}, {&d_residual, 1});
                CHECK(double(likely) == doctest::Approx(std::max(p, 1e-18)).epsilon(3e-3));
                if (p < 1e-6) continue;
                constexpr double kStep = 1e-4;
                const auto bits = [&](double r, double m, double ls) {
                    const double deviation = std::exp(ls);
                    return -std::log2(gaussian_cdf((r + 0.5 - m) / deviation) -
                                      gaussian_cdf((r - 0.5 - m) / deviation));
                };
                const auto slope = [&](double dr, double dm, double ds) {
                    const double r = double(residual), m = double(mean), ls = double(log_deviation);
                    return (bits(r + dr, m + dm, ls + ds) - bits(r - dr, m - dm, ls - ds)) / (2 * kStep);
                };
                CHECK(double(d_residual) == doctest::Approx(slope(kStep, 0, 0)).epsilon(5e-3));
                CHECK(d.mean == doctest::Approx(slope(0, kStep, 0)).epsilon(5e-3));
                CHECK(d.log_deviation == doctest::Approx(slope(0, 0, kStep)).epsilon(5e-3));
            }
    // Far out nothing pulls, and many are as one.
    const std::vector<float> residuals{1000, 0.25f, 1,    2, -1, -2, 3, 0.5f, 0,
                                       7,    -7,    1.5f, 4, 5,  6,  8, 9,    0.1f};
    std::vector<float> p(residuals.size()), d(residuals.size());
    const CellGaussian gaussian{0.1f, 0.4f};
    const CellGaussian::Gradient sum = gaussian(residuals, p, d);
    CHECK(d[0] == 0);
    double mean = 0, log_deviation = 0;
    for (std::size_t i = 0; i < residuals.size(); ++i) {
        float p1, d1;
        const CellGaussian::Gradient one = gaussian({&residuals[i], 1}, {&p1, 1}, {&d1, 1});
        CHECK(p1 == p[i]);
        CHECK(d1 == d[i]);
        mean += one.mean, log_deviation += one.log_deviation;
    }
    CHECK(sum.mean == doctest::Approx(mean));
    CHECK(sum.log_deviation == doctest::Approx(log_deviation));
}

TEST_CASE("the gradient of what a change costs matches finite differences in every channel") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    const Change change(random);
    constexpr std::uint64_t kDraw = 4711;
    const ResidualEntropy entropy(change.before, 2, 2);
    SplatCloud gradient(change.after.count, change.after.sh_degree);
    ResidualEntropy once = entropy;
    once(change.after, 3, kDraw, gradient);
    const auto bits = [&](const SplatCloud& at) { return 3 * entropy.bits(at, kDraw); };
    for (const auto& channels :
         {std::initializer_list<int>{3, 4, 5, 6}, {7, 8, 9}, {10}, {11, 12, 13}, {14, 15, 16, 17, 18, 19}})
        check_gradient(change.after, gradient, channels, 8, bits);
    // A splat that is the median of its block's motion moves the block, which counts as given: others do not.
    std::size_t alike = 0, all = 0;
    for (const int axis : {0, 1, 2}) {
        const std::vector<double> measured = central_differences(change.after, axis, 8, 2e-5f, bits);
        for (std::size_t k = 0; k < measured.size(); ++k, ++all)
            alike += std::abs(measured[k] - double(gradient.channel(axis)[8 * k])) <
                     0.05 * std::abs(measured[k]) + 1;
    }
    CHECK(alike + 6 >= all);
}

TEST_CASE("what moves with its block costs nothing, whatever moves alone does") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    Change change(random);
    const ResidualEntropy entropy(change.before, 2, 1);
    SplatCloud shifted = change.before;
    for (float& x : shifted.channel(0)) x += 0.3f;
    CHECK(entropy.bits(shifted) == doctest::Approx(entropy.bits(change.before)).epsilon(1e-3));
    SplatCloud jittered = change.before;
    jitter(jittered, {0}, 0.05f, random);
    CHECK(entropy.bits(jittered) > entropy.bits(change.before) + 1);
    // A quaternion and its negative are the same rotation.
    SplatCloud negated = change.before;
    for (int c = 3; c < 7; ++c)
        for (float& v : negated.channel(c)) v *= -2;
    CHECK(entropy.bits(negated) == doctest::Approx(entropy.bits(change.before)).epsilon(1e-3));
}

TEST_CASE("means and deviations are learnt, and descending the bits saves some") {
    INFO("seed " << kSeed);
    std::mt19937_64 random(kSeed);
    Change change(random, 0.1f);
    ResidualEntropy entropy(change.before, 2, 1);
    const double first = entropy.bits(change.after);
    SplatCloud gradient(change.after.count, change.after.sh_degree);
    for (int i = 0; i < 200; ++i) entropy(change.after, 0, random(), gradient);
    const double learnt = entropy.bits(change.after);
    CHECK(learnt < first - 1);
    for (int i = 0; i < 200; ++i) {
        std::ranges::fill(gradient.values, 0.0f);
        entropy(change.after, 1, random(), gradient);
        for (std::size_t k = 0; k < gradient.values.size(); ++k)
            change.after.values[k] -= 2e-4f * gradient.values[k];
    }
    CHECK(entropy.bits(change.after) < learnt - 1);
}

TEST_CASE("what the entropy term learnt survives, and a draw is a draw") {
    std::mt19937_64 random(kSeed);
    const Change change(random);
    ResidualEntropy entropy(change.before, 2, 1);
    SplatCloud gradient(change.after.count, change.after.sh_degree);
    for (std::uint64_t i = 0; i < 10; ++i) entropy(change.after, 1, i, gradient);
    Archive out;
    entropy.fields(out);
    const Bytes bytes = out.release();
    ResidualEntropy again(change.before, 2, 1);
    Archive in(bytes, "state");
    again.fields(in);
    in.finish();
    SplatCloud a(change.after.count, change.after.sh_degree), b = a;
    entropy(change.after, 1, 77, a), again(change.after, 1, 77, b);
    CHECK(a.values == b.values);
    CHECK(entropy.bits(change.after) == again.bits(change.after));
    CHECK(entropy.bits(change.after, 1) != entropy.bits(change.after, 2));
}
