#include "encoder/calibrate/motion_planes.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "formats/core/parallel.h"

namespace volumen {
namespace {

constexpr int kBins = 720;         ///< planes around a baseline, half a degree each
constexpr int kNoise = 10;         ///< 8-bit levels that a still pixel may change by
constexpr std::size_t kPairs = 4;  ///< of each view
constexpr int kLeastOverlap = 6;   ///< frames that two signals must share

/// Change of each pixel's luma from the frame before, above noise; one image a frame, empty where one of both
/// is absent.
std::vector<std::vector<float>> motion(const SampledView& view) {
    std::vector<std::vector<float>> out(view.pictures.size());
    const auto luma = [](const SmallPicture& p, std::size_t i) {
        return (p.rgb[3 * i] + 2 * p.rgb[3 * i + 1] + p.rgb[3 * i + 2]) / 4;
    };
    for (std::size_t f = 1; f < view.pictures.size(); ++f) {
        const SmallPicture &before = view.pictures[f - 1], &now = view.pictures[f];
        if (before.absent() || now.absent()) continue;
        out[f].resize(now.rgb.size() / 3);
        for (std::size_t i = 0; i < out[f].size(); ++i)
            out[f][i] = float(std::max(std::abs(luma(now, i) - luma(before, i)) - kNoise, 0));
    }
    return out;
}

/// Energy by plane and frame.
struct Planes {
    std::vector<std::vector<double>> energy;  ///< [frame][bin]; empty: none
    std::vector<bool> covered;                ///< bins that the view has pixels in
};

Planes planes(const SampledView& view, const std::vector<std::vector<float>>& motion, glm::vec3 axis,
              glm::vec3 e1, glm::vec3 e2) {
    const Camera& camera = view.camera;
    std::vector<int> bin(std::size_t(camera.width) * std::size_t(camera.height), -1);
    Planes out;
    out.covered.assign(kBins, false);
    for (int y = 0; y < camera.height; ++y)
        for (int x = 0; x < camera.width; ++x) {
            const glm::vec3 ray =
                glm::transpose(camera.rotation) * glm::vec3((float(x) + 0.5f - camera.cx) / camera.fx,
                                                            (float(y) + 0.5f - camera.cy) / camera.fy, 1);
            // Near the epipole planes are thinner than pixels.
            if (glm::length(glm::cross(glm::normalize(ray), axis)) < 0.05f) continue;
            const float angle = std::atan2(glm::dot(ray, e2), glm::dot(ray, e1));
            const int b =
                std::clamp(int((angle / (2 * std::numbers::pi_v<float>)+0.5f) * float(kBins)), 0, kBins - 1);
            bin[std::size_t(y) * std::size_t(camera.width) + std::size_t(x)] = b;
            out.covered[std::size_t(b)] = true;
        }
    out.energy.resize(motion.size());
    for (std::size_t f = 0; f < motion.size(); ++f) {
        if (motion[f].empty()) continue;
        out.energy[f].assign(kBins, 0);
        for (std::size_t i = 0; i < bin.size(); ++i)
            if (bin[i] >= 0) out.energy[f][std::size_t(bin[i])] += motion[f][i];
    }
    return out;
}

/// Energies become their differences from each plane's mean over time: what is steady tells no time.
void centre(Planes& p, const std::vector<bool>& both) {
    for (std::size_t b = 0; b < kBins; ++b) {
        double mean = 0;
        int count = 0;
        for (const auto& frame : p.energy)
            if (!frame.empty()) mean += frame[b], ++count;
        mean /= std::max(count, 1);
        for (auto& frame : p.energy)
            if (!frame.empty()) frame[b] = both[b] ? frame[b] - mean : 0;
    }
}

std::vector<double> correlate(const Planes& a, const Planes& b, int range) {
    std::vector<double> out;
    for (int d = -range; d <= range; ++d) {
        double ab = 0, aa = 0, bb = 0;
        int frames = 0;
        for (int f = 0; f < int(a.energy.size()); ++f) {
            const int g = f + d;
            if (g < 0 || g >= int(b.energy.size())) continue;
            const auto &x = a.energy[std::size_t(f)], &y = b.energy[std::size_t(g)];
            if (x.empty() || y.empty()) continue;
            ++frames;
            for (std::size_t k = 0; k < kBins; ++k) ab += x[k] * y[k], aa += x[k] * x[k], bb += y[k] * y[k];
        }
        out.push_back(frames >= kLeastOverlap && aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : NAN);
    }
    return out;
}

}  // namespace

std::vector<PairCurve> motion_pairs(const Samples& samples, int range) {
    const std::size_t count = samples.views.size();
    std::vector<std::vector<std::vector<float>>> motions(count);
    parallel_for(count, 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t v = begin; v < end; ++v) motions[v] = motion(samples.views[v]);
    });
    std::set<std::pair<std::size_t, std::size_t>> wanted;
    for (std::size_t u = 0; u < count; ++u) {
        std::vector<std::pair<float, std::size_t>> near;
        const Camera& camera = samples.views[u].camera;
        for (std::size_t v = 0; v < count; ++v) {
            const Camera& other = samples.views[v].camera;
            // Cameras that stand in one place have no planes of their own.
            if (v == u || glm::length(other.centre() - camera.centre()) < 0.02f * samples.radius) continue;
            near.emplace_back(-glm::dot(camera.forward(), other.forward()), v);
        }
        std::sort(near.begin(), near.end());
        for (std::size_t i = 0; i < std::min(kPairs, near.size()); ++i)
            wanted.insert(std::minmax(u, near[i].second));
    }
    std::vector<PairCurve> pairs;
    for (const auto& [u, v] : wanted) pairs.push_back({u, v, {}});
    parallel_for(pairs.size(), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            PairCurve& pair = pairs[i];
            const SampledView &a = samples.views[pair.first], &b = samples.views[pair.second];
            const glm::vec3 axis = glm::normalize(b.camera.centre() - a.camera.centre());
            // Angles count from the direction of the subject, so that no plane near it lies on the seam.
            glm::vec3 e1 = samples.centre - a.camera.centre();
            e1 -= glm::dot(e1, axis) * axis;
            if (glm::length(e1) < 1e-6f)
                e1 = glm::cross(axis, std::abs(axis.x) < 0.9f ? glm::vec3(1, 0, 0) : glm::vec3(0, 1, 0));
            e1 = glm::normalize(e1);
            const glm::vec3 e2 = glm::cross(axis, e1);
            Planes pa = planes(a, motions[pair.first], axis, e1, e2),
                   pb = planes(b, motions[pair.second], axis, e1, e2);
            std::vector<bool> both(kBins);
            for (std::size_t k = 0; k < kBins; ++k) both[k] = pa.covered[k] && pb.covered[k];
            centre(pa, both), centre(pb, both);
            pair.correlation = correlate(pa, pb, range);
        }
    });
    return pairs;
}

}  // namespace volumen
