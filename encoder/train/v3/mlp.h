// A small multi-layer perceptron over many splats.
#pragma once

#include <array>
#include <random>
#include <span>
#include <vector>

#include "encoder/train/v3/parameters.h"

namespace volumen::train {

struct MlpRun;

/// inputs → kHidden ReLU → kHidden ReLU → kOutputs, without biases, as instant-ngp has it. Its weights lie
/// layer by layer, a row of a layer for each of its outputs: weight of input k for output o of a layer is
/// values[first_weight(layer) + o · (inputs of the layer) + k]. SIMD, threaded, the same bits with any number
/// of threads.
class Mlp {
  public:
    static constexpr std::size_t kHidden = 64, kOutputs = 6;
    static constexpr int kLayers = 3;
    /// Inputs come in groups: input k of splat i of n is inputs[(k / kGroup · n + i) · kGroup + k % kGroup],
    /// as a hash grid gives them.
    static constexpr std::size_t kGroup = 4;
    /// `inputs` is a multiple of this.
    static constexpr std::size_t kBlock = 16;

    /// Hidden layers start uniform in ±sqrt(6 / inputs of the layer) (He et al. 2015), the last at zero: so
    /// does the output.
    Mlp(std::size_t inputs, std::mt19937_64& random);

    std::size_t inputs() const { return inputs_; }
    std::size_t first_weight(int layer) const;
    Parameters& parameters() { return parameters_; }

    /// outputs[o · n + i] is output o of splat i of n.
    void forward(std::span<const float> inputs, std::span<float> outputs);
    /// After forward, with the same inputs: gradient() from d loss / d outputs; d loss / d inputs overwrites
    /// `d_inputs`.
    void backward(std::span<const float> inputs, std::span<const float> d_outputs, std::span<float> d_inputs);
    /// d loss / d weights, laid out like them; after backward.
    const std::vector<float>& gradient() const { return gradient_; }
    /// A step of Adam down that gradient.
    void step(float rate);

  private:
    /// So that the widest vectors start where a cache line does.
    struct alignas(64) Line {
        float values[kBlock];
    };
    MlpRun make_run(std::span<const float> inputs);
    void reserve_scratch();
    float* scratch(int thread);
    static float* data(std::vector<Line>& lines) { return lines.data()->values; }

    std::size_t inputs_;
    Parameters parameters_;
    std::vector<float> gradient_;
    /// The weights of the last forward; the hidden layers' also transposed: [input][output].
    std::vector<Line> weights_, transposed_;
    std::array<std::vector<Line>, 2> hidden_;  ///< outputs of the hidden layers, [splat][kHidden]
    std::vector<Line> chunk_gradients_;        ///< [chunk of splats][weight]
    std::vector<Line> scratch_;                ///< of each thread: a tile's gradients and inputs
};

}  // namespace volumen::train
