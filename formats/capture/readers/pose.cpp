#include "formats/capture/readers/pose.h"

#include <algorithm>
#include <cmath>

#include "formats/core/error.h"

namespace volumen {
namespace {

/// Largest deviation of RᵀR from the identity that counts as rounding.
constexpr double kMaxRotationError = 0.01;

}  // namespace

void set_pose(Camera& camera, glm::dmat3 axes, glm::dvec3 centre, const std::string& what) {
    double largest = 0;
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 4; ++j) {
            const double value = j < 3 ? axes[j][i] : centre[i];
            if (!std::isfinite(value)) throw InputError("{} holds {}: recalibrate this camera", what, value);
            largest = std::max(largest, std::abs(value));
        }
    if (largest > kMaxPosition) throw InputError("{} holds {}, beyond ±{}", what, largest, kMaxPosition);
    const glm::dmat3 square = glm::transpose(axes) * axes;
    double error = 0;
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) error = std::max(error, std::abs(square[i][j] - (i == j)));
    if (!(error <= kMaxRotationError))
        throw InputError("{} is not a rotation: its axes are off by {:.3g} from orthonormal", what, error);
    if (glm::determinant(axes) < 0)
        throw InputError("{} mirrors: its determinant is negative; one axis must point the other way", what);
    // The nearest rotation, by Newton's iteration for the polar decomposition.
    for (int i = 0; i < 4; ++i) axes = 0.5 * (axes + glm::inverse(glm::transpose(axes)));
    const glm::dmat3 rotation = glm::transpose(axes);
    camera.rotation = glm::mat3(rotation);
    camera.translation = glm::vec3(-(rotation * centre));
}

}  // namespace volumen
