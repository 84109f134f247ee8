// Nearest neighbours, by nanoflann.
#pragma once

#include <cstdint>
#include <glm/glm.hpp>
#include <span>
#include <vector>

namespace volumen {

/// For each query the `k` nearest points, nearest first: indices[query * k + j], squared distances likewise.
struct Neighbours {
    int k = 0;
    std::vector<std::uint32_t> indices;
    std::vector<float> squared_distances;
};

/// `k` is lowered to what there is; with `skip_self` (queries are the points) a point is not its own
/// neighbour. Threaded.
Neighbours nearest(std::span<const glm::vec3> points, std::span<const glm::vec3> queries, int k,
                   bool skip_self);

}  // namespace volumen
