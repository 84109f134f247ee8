#include "encoder/neighbours.h"

#include <algorithm>
#include <nanoflann.hpp>

#include "formats/core/parallel.h"

namespace volumen {
namespace {

struct Points {
    std::span<const glm::vec3> values;
    std::size_t kdtree_get_point_count() const { return values.size(); }
    float kdtree_get_pt(std::size_t i, std::size_t axis) const { return values[i][int(axis)]; }
    template <class Box>
    bool kdtree_get_bbox(Box&) const {
        return false;
    }
};

using Tree = nanoflann::KDTreeSingleIndexAdaptor<nanoflann::L2_Simple_Adaptor<float, Points>, Points, 3,
                                                 std::uint32_t>;

}  // namespace

Neighbours nearest(std::span<const glm::vec3> points, std::span<const glm::vec3> queries, int k,
                   bool skip_self) {
    const int available = int(points.size()) - (skip_self ? 1 : 0);
    Neighbours out;
    out.k = std::max(std::min(k, available), 0);
    out.indices.resize(queries.size() * out.k);
    out.squared_distances.resize(queries.size() * out.k);
    if (out.k == 0 || queries.empty()) return out;
    const Points adaptor{points};
    const Tree tree(3, adaptor, nanoflann::KDTreeSingleIndexAdaptorParams(16));
    parallel_for(queries.size(), 1024, [&](std::size_t begin, std::size_t end, int) {
        const std::size_t wanted = std::size_t(out.k) + (skip_self ? 1 : 0);
        std::vector<std::uint32_t> index(wanted);
        std::vector<float> distance(wanted);
        for (std::size_t q = begin; q < end; ++q) {
            tree.knnSearch(&queries[q].x, wanted, index.data(), distance.data());
            std::size_t to = q * out.k;
            const std::size_t stop = to + out.k;
            for (std::size_t j = 0; j < wanted && to < stop; ++j) {
                if (skip_self && index[j] == q) continue;
                out.indices[to] = index[j], out.squared_distances[to] = distance[j], ++to;
            }
        }
    });
    return out;
}

}  // namespace volumen
