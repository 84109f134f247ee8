// The visual hull as a surface, and points on it: where V³'s keyframes begin.
#pragma once

#include <random>

#include "encoder/train/hull.h"

namespace volumen::train {

/// Triangles that turn counter-clockwise seen from outside.
struct Mesh {
    std::vector<glm::vec3> vertices;
    std::vector<glm::uvec3> triangles;
};

/// Surface nets (Gibson 1998) over the least alpha that any view shows of a place, bilinear, at one half:
/// soft masks place the surface between the cells, of which there are about `resolution` along its longest
/// side. `centre`, `radius` and what belongs to the hull: as in visual_hull(). Empty where nothing remains.
Mesh hull_mesh(const TrainingFrame& frame, glm::vec3 centre, float radius, int resolution);

/// `count` points, evenly by area; colours as seen by the views that face the surface. None of an empty mesh.
std::vector<HullPoint> sample_mesh(const Mesh& mesh, const TrainingFrame& frame, std::size_t count,
                                   std::mt19937_64& random);

}  // namespace volumen::train
