#include "encoder/train/adam.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <functional>
#include <utility>

#include "formats/core/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "encoder/train/adam.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace volumen::train::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::ScalableTag<float>;
constexpr D d;

HWY_INLINE void update_vector(const AdamUpdate& u, float* value, const float* gradient, float* first,
                              float* second) {
    const auto g = hn::LoadU(d, gradient);
    const auto touched = hn::Ne(g, hn::Zero(d));
    if (u.skip_zeros && hn::AllFalse(d, touched)) return;
    const auto m0 = hn::LoadU(d, first), v0 = hn::LoadU(d, second);
    const auto m = hn::MulAdd(hn::Set(d, 1 - u.beta1), g - m0, m0);
    const auto v = hn::MulAdd(hn::Set(d, 1 - u.beta2), g * g - v0, v0);
    const auto divisor = hn::MulAdd(hn::Sqrt(v), hn::Set(d, u.second_unbias), hn::Set(d, u.epsilon));
    const auto x = hn::LoadU(d, value) - hn::Set(d, u.rate) * m / divisor;
    if (u.skip_zeros) {
        hn::BlendedStore(m, touched, d, first);
        hn::BlendedStore(v, touched, d, second);
        hn::BlendedStore(x, touched, d, value);
    } else {
        hn::StoreU(m, d, first);
        hn::StoreU(v, d, second);
        hn::StoreU(x, d, value);
    }
}

void update(const AdamUpdate& u) {
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    for (; i + lanes <= u.count; i += lanes)
        update_vector(u, u.value + i, u.gradient + i, u.first + i, u.second + i);
    if (i == u.count) return;
    float tail[4][hn::MaxLanes(d)] = {};
    const float* from[4] = {u.value + i, u.gradient + i, u.first + i, u.second + i};
    const std::size_t bytes = (u.count - i) * sizeof(float);
    for (int k = 0; k < 4; ++k) std::memcpy(tail[k], from[k], bytes);
    update_vector(u, tail[0], tail[1], tail[2], tail[3]);
    std::memcpy(u.value + i, tail[0], bytes);
    std::memcpy(u.first + i, tail[2], bytes);
    std::memcpy(u.second + i, tail[3], bytes);
}

}  // namespace
}  // namespace volumen::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace volumen::train {

HWY_EXPORT(update);

void adam_update(const AdamUpdate& u) {
    HWY_DYNAMIC_DISPATCH(update)(u);
}

void Adam::step(SplatCloud& cloud, const SplatCloud& gradients, std::span<const float> rates) {
    assert(gradients.count == cloud.count && gradients.sh_degree == cloud.sh_degree);
    assert(rates.size() == std::size_t(cloud.channels()));
    if (first_.count != cloud.count || first_.sh_degree != cloud.sh_degree) {
        first_ = second_ = SplatCloud(cloud.count, cloud.sh_degree);
        steps_ = 0;
    }
    ++steps_;
    const float first_bias = float(1 - std::pow(double(beta1), steps_));
    const float second_unbias = float(1 / std::sqrt(1 - std::pow(double(beta2), steps_)));
    unbias_ = second_unbias * second_unbias;
    constexpr std::size_t kRun = 4096;
    const std::size_t runs = (cloud.count + kRun - 1) / kRun;
    const auto body = [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t i = begin; i < end; ++i) {
            const std::size_t channel = i / runs, from = i % runs * kRun;
            if (rates[channel] == 0) continue;
            const std::size_t at = channel * cloud.count + from;
            adam_update({cloud.values.data() + at, gradients.values.data() + at, first_.values.data() + at,
                         second_.values.data() + at, std::min(kRun, cloud.count - from), beta1, beta2,
                         rates[channel] / first_bias, second_unbias, epsilon});
        }
    };
    parallel_for(std::size_t(cloud.channels()) * runs, 4, std::cref(body));
}

void Adam::reset() {
    steps_ = 0;
    first_ = second_ = SplatCloud();
}

void Adam::remap(std::span<const std::size_t> from) {
    for (SplatCloud* moment : {&first_, &second_}) {
        SplatCloud next(from.size(), moment->sh_degree);
        for (int c = 0; c < next.channels(); ++c) {
            const auto old_values = std::as_const(*moment).channel(c);
            const auto new_values = next.channel(c);
            for (std::size_t i = 0; i < from.size(); ++i) {
                assert(from[i] == kNew || from[i] < old_values.size());
                if (from[i] != kNew) new_values[i] = old_values[from[i]];
            }
        }
        *moment = std::move(next);
    }
}

void Adam::clear_channel(int channel) {
    if (first_.count == 0) return;
    std::ranges::fill(first_.channel(channel), 0.0f);
    std::ranges::fill(second_.channel(channel), 0.0f);
}

}  // namespace volumen::train
#endif
