// Adam (Kingma & Ba 2015), over the channels of a cloud and over plain numbers.
#pragma once

#include <span>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen::train {

/// One run of numbers, and the constants of a step.
struct AdamUpdate {
    float* value;
    const float* gradient;
    float *first, *second;  ///< running means of the gradient and of its square
    std::size_t count;
    float beta1, beta2;
    float rate;           ///< divided by the bias of the first moment
    float second_unbias;  ///< 1 / sqrt(bias of the second moment)
    float epsilon;
    bool skip_zeros = false;  ///< a number whose gradient is 0 keeps its value and its moments
};

/// value -= rate · m̂ / (sqrt(v̂) + epsilon). SIMD, one thread.
void adam_update(const AdamUpdate& update);

/// Adam with one learning rate a channel; channels whose rate is 0 are left alone. SIMD,
/// threaded.
class Adam {
  public:
    float beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-15f;

    /// values -= rate · m̂ / (sqrt(v̂) + epsilon), channel by channel. Moments start at zero when the shape
    /// changes.
    void step(SplatCloud& cloud, const SplatCloud& gradients, std::span<const float> rates);

    /// Forgets everything; the next step is the first.
    void reset();
    /// After densification: moment i becomes that of old splat `from[i]`, or zero where from[i] is kNew.
    static constexpr std::size_t kNew = ~std::size_t(0);
    void remap(std::span<const std::size_t> from);
    /// Zero the moments of one channel (after an opacity reset).
    void clear_channel(int channel);

    /// The running mean of a gradient's square, without the bias of its start; after a step.
    float squared_gradient(int channel, std::size_t i) const { return second_.channel(channel)[i] * unbias_; }

  private:
    float unbias_ = 1;  ///< 1 / bias of the second moment
    int steps_ = 0;
    SplatCloud first_, second_;
};

}  // namespace volumen::train
