#include "encoder/train/v3/mlp.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <cstring>
#include <functional>

#include "encoder/train/uniform.h"
#include "formats/core/parallel.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "encoder/train/v3/mlp.cpp"
#include "hwy/foreach_target.h"
// After foreach_target:
#include "hwy/highway.h"

#ifndef VOLUMEN_TRAIN_MLP_RUN
#define VOLUMEN_TRAIN_MLP_RUN
namespace volumen::train {
/// Splats that are carried through all layers at a time: their activations stay in the first cache.
inline constexpr std::size_t kTile = 96;
/// Some splats of one pass.
struct MlpRun {
    std::size_t begin, end, count;  ///< splats [begin, end) of `count`
    std::size_t inputs;
    const float* weights[3];  ///< [output][input]
    const float* transposed[2];
    const float* encoded;  ///< the inputs, in groups
    float* hidden[2];
    float* outputs;          ///< forward
    const float* d_outputs;  ///< backward, as are those below
    float* d_encoded;
    float* d_weights[3];  ///< added to
};
}  // namespace volumen::train
#endif

HWY_BEFORE_NAMESPACE();
namespace volumen::train::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;
using D = hn::CappedTag<float, Mlp::kBlock>;
using V = hn::Vec<D>;
constexpr D d;

/// A block of a product that is kept in registers: of 32, 24 hold sums, of 16, 12.
constexpr int kRows = 6;
constexpr int kVectors = HWY_TARGET <= HWY_AVX3 ? 4 : 2;

enum class Then { kStore, kAdd, kRelu, kMask };

/// c(i, j) = Σ_k a(i, k) · b(k, j), with rows of b and c contiguous.
struct Product {
    std::size_t rows, columns, depth;
    const float* a;
    std::size_t a_row, a_depth;  ///< steps along i and k
    const float* b;
    std::size_t b_depth;
    float* c;
    std::size_t c_row;
    const float* mask = nullptr;  ///< laid out like c: where it is 0 (a ReLU's output), Then::kMask gives 0
};

template <int rows, int vectors, Then then>
HWY_INLINE void multiply_block(const Product& p, std::size_t row, std::size_t column) {
    const std::size_t lanes = hn::Lanes(d);
    V sum[rows][vectors];
    for (auto& of_row : sum)
        for (V& v : of_row) v = hn::Zero(d);
    const float* a = p.a + row * p.a_row;
    const float* b = p.b + column;
    for (std::size_t k = 0; k < p.depth; ++k, a += p.a_depth, b += p.b_depth) {
        V of_b[vectors];
        for (int v = 0; v < vectors; ++v) of_b[v] = hn::LoadU(d, b + std::size_t(v) * lanes);
        for (int r = 0; r < rows; ++r) {
            const V of_a = hn::Set(d, a[std::size_t(r) * p.a_row]);
            for (int v = 0; v < vectors; ++v) sum[r][v] = hn::MulAdd(of_a, of_b[v], sum[r][v]);
        }
    }
    for (int r = 0; r < rows; ++r)
        for (int v = 0; v < vectors; ++v) {
            const std::size_t at = (row + std::size_t(r)) * p.c_row + column + std::size_t(v) * lanes;
            V out = sum[r][v];
            if constexpr (then == Then::kAdd) out = out + hn::LoadU(d, p.c + at);
            if constexpr (then == Then::kRelu) out = hn::Max(out, hn::Zero(d));
            if constexpr (then == Then::kMask)
                out = hn::IfThenElseZero(hn::Gt(hn::LoadU(d, p.mask + at), hn::Zero(d)), out);
            hn::StoreU(out, d, p.c + at);
        }
}

template <int rows, Then then>
HWY_INLINE void multiply_rows(const Product& p, std::size_t row) {
    const std::size_t lanes = hn::Lanes(d);
    std::size_t column = 0;
    for (; column + kVectors * lanes <= p.columns; column += kVectors * lanes)
        multiply_block<rows, kVectors, then>(p, row, column);
    for (; column < p.columns; column += lanes) multiply_block<rows, 1, then>(p, row, column);
}

template <Then then>
HWY_NOINLINE void multiply(const Product& p) {
    std::size_t row = 0;
    for (; row + kRows <= p.rows; row += kRows) multiply_rows<kRows, then>(p, row);
    for (; row + 2 <= p.rows; row += 2) multiply_rows<2, then>(p, row);
    for (; row < p.rows; ++row) multiply_rows<1, then>(p, row);
}

/// Splats [from, from + n) out of groups: `rows` is [splat][inputs].
void take_groups(const MlpRun& run, std::size_t from, std::size_t n, float* rows) {
    for (std::size_t g = 0; g < run.inputs; g += Mlp::kGroup)
        for (std::size_t i = 0; i < n; ++i)
            std::memcpy(rows + i * run.inputs + g, run.encoded + g * run.count + (from + i) * Mlp::kGroup,
                        Mlp::kGroup * sizeof(float));
}

void put_groups(const MlpRun& run, std::size_t from, std::size_t n, const float* rows) {
    for (std::size_t g = 0; g < run.inputs; g += Mlp::kGroup)
        for (std::size_t i = 0; i < n; ++i)
            std::memcpy(run.d_encoded + g * run.count + (from + i) * Mlp::kGroup, rows + i * run.inputs + g,
                        Mlp::kGroup * sizeof(float));
}

/// The last layer: too few outputs to fill vectors, so lanes run along its inputs.
void multiply_outputs(const MlpRun& run, std::size_t from, std::size_t n) {
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t i = from; i < from + n; ++i) {
        V sum[Mlp::kOutputs];
        for (V& s : sum) s = hn::Zero(d);
        for (std::size_t k = 0; k < Mlp::kHidden; k += lanes) {
            const V h = hn::Load(d, run.hidden[1] + i * Mlp::kHidden + k);
            for (std::size_t o = 0; o < Mlp::kOutputs; ++o)
                sum[o] = hn::MulAdd(h, hn::Load(d, run.weights[2] + o * Mlp::kHidden + k), sum[o]);
        }
        for (std::size_t o = 0; o < Mlp::kOutputs; ++o)
            run.outputs[o * run.count + i] = hn::GetLane(hn::SumOfLanes(d, sum[o]));
    }
}

void forward_run(const MlpRun& run, float* scratch) {
    constexpr std::size_t kHidden = Mlp::kHidden;
    for (std::size_t from = run.begin; from < run.end; from += kTile) {
        const std::size_t n = std::min(kTile, run.end - from);
        take_groups(run, from, n, scratch);
        float* const hidden[2] = {run.hidden[0] + from * kHidden, run.hidden[1] + from * kHidden};
        multiply<Then::kRelu>(
            {n, kHidden, run.inputs, scratch, run.inputs, 1, run.transposed[0], kHidden, hidden[0], kHidden});
        multiply<Then::kRelu>(
            {n, kHidden, kHidden, hidden[0], kHidden, 1, run.transposed[1], kHidden, hidden[1], kHidden});
        multiply_outputs(run, from, n);
    }
}

void backward_run(const MlpRun& run, float* scratch) {
    constexpr std::size_t kHidden = Mlp::kHidden, kOutputs = Mlp::kOutputs;
    float* const d_second = scratch;
    float* const d_first = d_second + kTile * kHidden;
    float* const rows = d_first + kTile * kHidden;
    for (std::size_t from = run.begin; from < run.end; from += kTile) {
        const std::size_t n = std::min(kTile, run.end - from);
        const float* const d_outputs = run.d_outputs + from;
        const float* const hidden[2] = {run.hidden[0] + from * kHidden, run.hidden[1] + from * kHidden};
        multiply<Then::kAdd>(
            {kOutputs, kHidden, n, d_outputs, run.count, 1, hidden[1], kHidden, run.d_weights[2], kHidden});
        multiply<Then::kMask>({n, kHidden, kOutputs, d_outputs, 1, run.count, run.weights[2], kHidden,
                               d_second, kHidden, hidden[1]});
        multiply<Then::kAdd>(
            {kHidden, kHidden, n, d_second, 1, kHidden, hidden[0], kHidden, run.d_weights[1], kHidden});
        multiply<Then::kMask>({n, kHidden, kHidden, d_second, kHidden, 1, run.weights[1], kHidden, d_first,
                               kHidden, hidden[0]});
        take_groups(run, from, n, rows);
        multiply<Then::kAdd>(
            {kHidden, run.inputs, n, d_first, 1, kHidden, rows, run.inputs, run.d_weights[0], run.inputs});
        multiply<Then::kStore>(
            {n, run.inputs, kHidden, d_first, kHidden, 1, run.weights[0], run.inputs, rows, run.inputs});
        put_groups(run, from, n, rows);
    }
}

}  // namespace
}  // namespace volumen::train::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace volumen::train {

HWY_EXPORT(forward_run);
HWY_EXPORT(backward_run);

namespace {

/// Splats whose gradients are summed in one place; a multiple of the tile. The chunks' sums are added in
/// their order, so that threads do not show.
constexpr std::size_t kChunk = 5 * kTile;

}  // namespace

Mlp::Mlp(std::size_t inputs, std::mt19937_64& random)
    : inputs_(inputs),
      parameters_((inputs + kHidden + kOutputs) * kHidden),
      gradient_(parameters_.values.size()),
      weights_(gradient_.size() / kBlock),
      transposed_((inputs + kHidden) * kHidden / kBlock) {
    assert(inputs > 0 && inputs % kBlock == 0);
    for (std::size_t i = 0; i < first_weight(2); ++i) {
        const float bound = std::sqrt(6 / float(i < first_weight(1) ? inputs_ : kHidden));
        parameters_.values[i] = bound * (2 * uniform(random) - 1);
    }
}

std::size_t Mlp::first_weight(int layer) const {
    return layer == 0 ? 0 : layer == 1 ? inputs_ * kHidden : (inputs_ + kHidden) * kHidden;
}

MlpRun Mlp::make_run(std::span<const float> inputs) {
    MlpRun run{};
    run.count = inputs.size() / inputs_, run.inputs = inputs_;
    assert(inputs.size() == run.count * inputs_);
    for (int layer = 0; layer < kLayers; ++layer) run.weights[layer] = data(weights_) + first_weight(layer);
    for (int layer = 0; layer < 2; ++layer) {
        run.transposed[layer] = data(transposed_) + first_weight(layer);
        hidden_[std::size_t(layer)].resize(run.count * kHidden / kBlock);
        run.hidden[layer] = data(hidden_[std::size_t(layer)]);
    }
    run.encoded = inputs.data();
    return run;
}

void Mlp::forward(std::span<const float> inputs, std::span<float> outputs) {
    std::ranges::copy(parameters_.values, data(weights_));
    for (int layer = 0; layer < 2; ++layer) {
        const std::size_t width = layer == 0 ? inputs_ : kHidden;
        const float* from = data(weights_) + first_weight(layer);
        float* to = data(transposed_) + first_weight(layer);
        for (std::size_t k = 0; k < width; ++k)
            for (std::size_t o = 0; o < kHidden; ++o) to[k * kHidden + o] = from[o * width + k];
    }
    MlpRun whole = make_run(inputs);
    assert(outputs.size() == whole.count * kOutputs);
    whole.outputs = outputs.data();
    const auto body = [&](std::size_t begin, std::size_t end, int thread) {
        MlpRun run = whole;
        run.begin = begin, run.end = end;
        HWY_DYNAMIC_DISPATCH(forward_run)(run, scratch(thread));
    };
    reserve_scratch();
    parallel_for(whole.count, kChunk, std::cref(body));
}

void Mlp::backward(std::span<const float> inputs, std::span<const float> d_outputs,
                   std::span<float> d_inputs) {
    MlpRun whole = make_run(inputs);
    assert(d_outputs.size() == whole.count * kOutputs && d_inputs.size() == inputs.size());
    whole.d_outputs = d_outputs.data(), whole.d_encoded = d_inputs.data();
    const std::size_t chunks = (whole.count + kChunk - 1) / kChunk;
    chunk_gradients_.resize(chunks * weights_.size());
    const auto body = [&](std::size_t begin, std::size_t end, int thread) {
        MlpRun run = whole;
        run.begin = begin, run.end = end;
        float* const sums = data(chunk_gradients_) + begin / kChunk * gradient_.size();
        std::fill_n(sums, gradient_.size(), 0.0f);
        for (int layer = 0; layer < kLayers; ++layer) run.d_weights[layer] = sums + first_weight(layer);
        HWY_DYNAMIC_DISPATCH(backward_run)(run, scratch(thread));
    };
    reserve_scratch();
    parallel_for(whole.count, kChunk, std::cref(body));
    std::ranges::fill(gradient_, 0.0f);
    for (std::size_t chunk = 0; chunk < chunks; ++chunk) {
        const float* const sums = data(chunk_gradients_) + chunk * gradient_.size();
        for (std::size_t i = 0; i < gradient_.size(); ++i) gradient_[i] += sums[i];
    }
}

void Mlp::step(float rate) {
    ++parameters_.steps;
    adam_update(parameters_.update(0, gradient_.size(), gradient_.data(), rate));
}

void Mlp::reserve_scratch() {
    scratch_.resize(std::size_t(thread_count()) * kTile * (2 * kHidden + inputs_) / kBlock);
}

float* Mlp::scratch(int thread) {
    return data(scratch_) + std::size_t(thread) * kTile * (2 * kHidden + inputs_);
}

}  // namespace volumen::train
#endif
