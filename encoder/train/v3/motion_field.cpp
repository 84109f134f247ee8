#include "encoder/train/v3/motion_field.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "formats/core/error.h"
#include "formats/splats/quaternion.h"

namespace volumen::train {
namespace {

static_assert(Mlp::kGroup == kGridFeatures, "the MLP takes what the grid gives");
static_assert(Mlp::kOutputs == 6, "a displacement and a turn");

void check(bool good) {
    if (!good) throw InputError("the motion field is damaged; --restart begins anew");
}

void parameter_fields(Archive& archive, Parameters& parameters) {
    const std::size_t count = parameters.values.size();
    archive(parameters.steps);
    bool good = parameters.steps >= 0;
    for (std::vector<float>* part : {&parameters.values, &parameters.first, &parameters.second}) {
        archive(*part);
        good = good && part->size() == count &&
               std::ranges::all_of(*part, [](float value) { return std::isfinite(value); });
    }
    good = good && std::ranges::all_of(parameters.second, [](float value) { return value >= 0; });
    check(good);
}

}  // namespace

MotionField::MotionField(glm::vec3 box_min, glm::vec3 box_max, std::mt19937_64& random,
                         const HashGridSettings& settings)
    : box_min_(box_min),
      extent_(std::max({box_max.x - box_min.x, box_max.y - box_min.y, box_max.z - box_min.z})),
      grid_(settings, random),
      mlp_(grid_.features(), random) {
    assert(extent_ > 0);
}

void MotionField::rebase(const SplatCloud& base) {
    assert(base.count > 0);
    std::vector<glm::vec3> places(base.count);
    for (int axis = 0; axis < 3; ++axis) {
        const auto positions = base.channel(SplatCloud::kPosition + axis);
        for (std::size_t i = 0; i < base.count; ++i)
            places[i][axis] = (positions[i] - box_min_[axis]) / extent_;
    }
    grid_.rebase(places);
    base_ = base;
    encoded_.resize(base.count * grid_.features());
    d_encoded_.resize(encoded_.size());
    outputs_.resize(base.count * Mlp::kOutputs);
    d_outputs_.resize(outputs_.size());
}

void MotionField::warp(SplatCloud& moved) {
    assert(moved.count == grid_.places());
    grid_.encode(encoded_);
    mlp_.forward(encoded_, outputs_);
    const std::size_t n = base_.count;
    for (std::size_t i = 0; i < 3 * n; ++i) moved.values[i] = base_.values[i] + extent_ * outputs_[i];
    for (std::size_t i = 0; i < n; ++i) {
        const Quaternion turn(1, outputs_[3 * n + i], outputs_[4 * n + i], outputs_[5 * n + i]);
        const Quaternion q = multiply(turn, rotation(base_, i));
        for (int k = 0; k < 4; ++k) moved.channel(SplatCloud::kRotation + k)[i] = q[k];
    }
}

void MotionField::pull_back(const SplatCloud& d_moved) {
    assert(d_moved.count == grid_.places());
    const std::size_t n = base_.count;
    for (std::size_t i = 0; i < 3 * n; ++i) d_outputs_[i] = extent_ * d_moved.values[i];
    for (std::size_t i = 0; i < n; ++i) {
        // multiply(turn, q) is linear in turn: its transpose multiplies by the conjugate.
        const Quaternion d_turn = multiply(rotation(d_moved, i), conjugate(rotation(base_, i)));
        for (std::size_t k = 0; k < 3; ++k) d_outputs_[(3 + k) * n + i] = d_turn[int(k) + 1];
    }
    mlp_.backward(encoded_, d_outputs_, d_encoded_);
}

void MotionField::step(float rate) {
    grid_.step(d_encoded_, rate);
    mlp_.step(rate);
}

void MotionField::reset_moments() {
    grid_.parameters().reset_moments();
    mlp_.parameters().reset_moments();
}

void MotionField::fields(Archive& archive) {
    archive(box_min_), archive(extent_);
    for (int axis = 0; axis < 3; ++axis) check(std::isfinite(box_min_[axis]));
    check(std::isfinite(extent_) && extent_ > 0);
    parameter_fields(archive, grid_.parameters());
    parameter_fields(archive, mlp_.parameters());
}

}  // namespace volumen::train
