#include "encoder/train/camera_colour.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "formats/capture/capture.h"
#include "formats/core/error.h"
#include "formats/core/parallel.h"

namespace volumen::train {
namespace {

/// Pixels of a job; partial sums are added in the order of the jobs, so that results do not depend on
/// threads.
constexpr std::size_t kJobPixels = 16'384;
/// Pulls towards the identity: of the loss per log gain and per offset, each squared and halved. Offsets hold
/// back, since gain and offset tell the same tale on a subject of one brightness.
constexpr float kGainPull = 1e-2f, kOffsetPull = 2e-2f;
/// Rate of offsets, of that of log gains: exposure and white balance are gains.
constexpr float kOffsetRate = 0.3f;
/// Cameras whose ratios are nearer to the rig's agree with it, and so do those within this many of the usual
/// deviations (median, as the standard deviation of a normal distribution): gloss alone makes such
/// differences.
constexpr float kLeastDeviation = 0.035f, kDeviations = 3, kNormalDeviation = 1.4826f;
/// Colours below it say little about gains; fewer pixels than that say nothing.
constexpr float kLeastColour = 0.04f;
constexpr std::size_t kLeastPixels = 32;
constexpr float kOpaque = 0.95f;
/// exp of it is far beyond any camera that still shows a picture.
constexpr float kMaxLogGain = 2, kMaxOffset = 0.5f;

std::size_t jobs_of(std::size_t pixels) {
    return (pixels + kJobPixels - 1) / kJobPixels;
}

float median(std::vector<float> values) {
    const std::size_t middle = values.size() / 2;
    std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(middle), values.end());
    const float upper = values[middle];
    if (values.size() % 2) return upper;
    return 0.5f * (upper + *std::max_element(values.begin(), values.begin() + std::ptrdiff_t(middle)));
}

}  // namespace

ColourMode colour_mode(const std::string& name) {
    if (name == "off") return ColourMode::off;
    if (name == "auto") return ColourMode::automatic;
    if (name == "on") return ColourMode::on;
    throw UsageError("--colour {}: there are auto, on and off", name);
}

float ColourAffine::strength() const {
    const glm::vec3 change = glm::abs(gain * 0.5f + offset - 0.5f) / 0.5f;
    return std::max({change.x, change.y, change.z});
}

glm::vec3 colour_ratio(const PlanarImage& truth, std::span<const float> truth_alpha,
                       const PlanarImage& render, std::span<const float> coverage,
                       std::span<const float> weight) {
    glm::vec3 out(1);
    std::vector<float> ratios;
    for (int k = 0; k < 3; ++k) {
        const std::span<const float> seen = truth.plane(k), shown = render.plane(k);
        ratios.clear();
        for (std::size_t i = 0; i < seen.size(); ++i) {
            if (!truth_alpha.empty() && (truth_alpha[i] < kOpaque || coverage[i] < kOpaque)) continue;
            if (!weight.empty() && weight[i] == 0) continue;
            // A clipped pixel does not tell how bright it was.
            if (shown[i] < kLeastColour || seen[i] < 0.5f * kLeastColour || seen[i] > 0.996f) continue;
            ratios.push_back(seen[i] / shown[i]);
        }
        if (ratios.size() >= kLeastPixels) out[k] = median(ratios);
    }
    return out;
}

bool CameraColour::wants(int view) const {
    const std::size_t v = std::size_t(view);
    return mode_ != ColourMode::off && (v >= cameras_.size() || !cameras_[v].judged);
}

void CameraColour::judge(const std::vector<ColourRatio>& ratios) {
    glm::vec3 middle, usual;
    std::vector<float> values;
    for (int k = 0; k < 3; ++k) {
        values.clear();
        for (const ColourRatio& r : ratios) values.push_back(std::log(r.ratio[k]));
        middle[k] = median(values);
        for (float& value : values) value = std::abs(value - middle[k]);
        usual[k] = kNormalDeviation * median(values);
    }
    for (const ColourRatio& r : ratios) {
        if (!wants(r.view)) continue;
        Learnt& learnt = camera(r.view);
        learnt.judged = 1;
        const glm::vec3 gain = glm::log(r.ratio) - middle;
        bool differs = mode_ == ColourMode::on;
        for (int k = 0; k < 3; ++k)
            differs |= std::abs(gain[k]) > std::max(kLeastDeviation, kDeviations * usual[k]);
        if (differs) start(r.view, {glm::exp(gain), glm::vec3(0)});
    }
}

bool CameraColour::compensates(int view) const {
    return std::size_t(view) < cameras_.size() && cameras_[std::size_t(view)].kept;
}

ColourAffine CameraColour::affine(int view) const {
    const std::size_t v = std::size_t(view);
    if (!compensates(view)) return {};
    const std::array<float, 6>& a = cameras_[v].value;
    return {{std::exp(a[0]), std::exp(a[1]), std::exp(a[2])}, {a[3], a[4], a[5]}};
}

CameraColour::Learnt& CameraColour::camera(int view) {
    if (std::size_t(view) >= cameras_.size()) cameras_.resize(std::size_t(view) + 1);
    return cameras_[std::size_t(view)];
}

void CameraColour::start(int view, const ColourAffine& affine) {
    Learnt& learnt = camera(view);
    learnt = {.judged = 1, .kept = 1};
    for (int k = 0; k < 3; ++k) {
        learnt.value[std::size_t(k)] = std::clamp(std::log(affine.gain[k]), -kMaxLogGain, kMaxLogGain);
        learnt.value[std::size_t(k) + 3] = std::clamp(affine.offset[k], -kMaxOffset, kMaxOffset);
    }
}

void CameraColour::apply(int view, const PlanarImage& render, std::span<const float> coverage,
                         glm::vec3 background, PlanarImage& out) const {
    if (out.width != render.width || out.height != render.height)
        out = PlanarImage(render.width, render.height);
    assert(coverage.empty() || coverage.size() == render.area());
    const ColourAffine affine = this->affine(view);
    parallel_for(render.area(), kJobPixels, [&](std::size_t begin, std::size_t end, int) {
        for (int k = 0; k < 3; ++k) {
            const float gain = affine.gain[k], offset = affine.offset[k], behind = background[k];
            const float* from = render.plane(k).data();
            float* to = out.plane(k).data();
            if (coverage.empty()) {
                for (std::size_t i = begin; i < end; ++i) to[i] = gain * from[i] + offset;
                continue;
            }
            // gain · (render - behind) + behind is not render to the bit where there is no coverage, and the
            // loss is quick where nothing differs at all.
            for (std::size_t i = begin; i < end; ++i)
                to[i] = coverage[i] > 0
                            ? gain * from[i] + (1 - gain) * (1 - coverage[i]) * behind + offset * coverage[i]
                            : from[i];
        }
    });
}

void CameraColour::backward(int view, const PlanarImage& render, std::span<const float> coverage,
                            glm::vec3 background, PlanarImage& d_image, std::vector<float>& d_coverage) {
    assert(d_image.width == render.width && d_image.height == render.height);
    const ColourAffine affine = this->affine(view);
    const std::size_t pixels = render.area();
    std::vector<std::array<double, 6>> partial(jobs_of(pixels));
    if (coverage.empty())
        d_coverage.clear();
    else
        d_coverage.resize(pixels);
    parallel_for(partial.size(), 1, [&](std::size_t first, std::size_t last, int) {
        for (std::size_t job = first; job < last; ++job) {
            const std::size_t begin = job * kJobPixels, end = std::min(begin + kJobPixels, pixels);
            if (!coverage.empty())
                std::fill(d_coverage.begin() + std::ptrdiff_t(begin),
                          d_coverage.begin() + std::ptrdiff_t(end), 0.0f);
            partial[job] = {};
            for (int k = 0; k < 3; ++k) {
                const float gain = affine.gain[k];
                const float* from = render.plane(k).data();
                float* d = d_image.plane(k).data();
                double d_gain = 0, d_offset = 0;
                if (coverage.empty()) {
                    for (std::size_t i = begin; i < end; ++i) {
                        d_gain += double(d[i]) * from[i], d_offset += d[i];
                        d[i] *= gain;
                    }
                } else {
                    const float of_coverage = (gain - 1) * background[k] + affine.offset[k];
                    for (std::size_t i = begin; i < end; ++i) {
                        if (coverage[i] == 0) continue;
                        d_gain += double(d[i]) * (from[i] - (1 - coverage[i]) * background[k]);
                        d_offset += double(d[i]) * coverage[i];
                        d_coverage[i] += d[i] * of_coverage;
                        d[i] *= gain;
                    }
                }
                partial[job][std::size_t(k)] = d_gain * gain;  // by the logarithm
                partial[job][std::size_t(k) + 3] = d_offset;
            }
        }
    });
    std::array<double, 6> sum{};
    for (const std::array<double, 6>& part : partial)
        for (std::size_t j = 0; j < 6; ++j) sum[j] += part[j];
    for (std::size_t j = 0; j < 6; ++j) gradient_[j] = float(sum[j]);
}

void CameraColour::step(int view, float rate) {
    constexpr float kBeta1 = 0.9f, kBeta2 = 0.99f, kEpsilon = 1e-8f;
    Learnt& camera = this->camera(view);
    ++camera.steps;
    const float unbias1 = 1 - std::pow(kBeta1, float(camera.steps)),
                unbias2 = 1 - std::pow(kBeta2, float(camera.steps));
    for (std::size_t j = 0; j < 6; ++j) {
        const float pull = (j < 3 ? kGainPull : kOffsetPull) * camera.value[j];
        const float gradient = gradient_[j] + pull;
        if (!std::isfinite(gradient)) continue;
        camera.first[j] = kBeta1 * camera.first[j] + (1 - kBeta1) * gradient;
        camera.second[j] = kBeta2 * camera.second[j] + (1 - kBeta2) * gradient * gradient;
        camera.value[j] -= (j < 3 ? rate : kOffsetRate * rate) * camera.first[j] / unbias1 /
                           (std::sqrt(camera.second[j] / unbias2) + kEpsilon);
        const float most = j < 3 ? kMaxLogGain : kMaxOffset;
        camera.value[j] = std::clamp(camera.value[j], -most, most);
    }
    if (mode_ == ColourMode::on) fix_gauge();
}

void CameraColour::fix_gauge() {
    std::vector<float> values;
    for (std::size_t j = 0; j < 6; ++j) {
        values.clear();
        for (const Learnt& camera : cameras_)
            if (camera.kept) values.push_back(camera.value[j]);
        const float middle = median(values);
        for (Learnt& camera : cameras_)
            if (camera.kept) camera.value[j] -= middle;
    }
}

void CameraColour::fields(Archive& archive) {
    std::uint64_t count = cameras_.size();
    archive(count);
    if (count > std::uint64_t(kMaxViews))
        throw InputError("a checkpoint's colours are of {} cameras: --restart begins anew", count);
    cameras_.resize(std::size_t(count));
    for (Learnt& camera : cameras_) {
        archive(camera.judged), archive(camera.kept), archive(camera.steps);
        for (std::array<float, 6>* values : {&camera.value, &camera.first, &camera.second})
            for (float& value : *values) archive(value);
    }
}

}  // namespace volumen::train
