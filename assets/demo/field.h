// The performer at one moment as a signed distance field, with lists that keep its evaluation local.
#pragma once

#include <cstdint>
#include <glm/glm.hpp>
#include <span>
#include <vector>

#include "assets/demo/choreography.h"
#include "assets/demo/recipe.h"

namespace volumen::demo {

/// A shape placed in the world, with what its distance needs worked out beforehand.
struct Primitive {
    ShapeKind kind = ShapeKind::cone;
    std::uint16_t group = 0, material = 0;
    float melt = 0;
    glm::vec3 a{0}, axis{0};  ///< cone: from a to b; else: centre
    float radius_a = 0, radius_b = 0;
    float length2 = 0, slope = 0, shrink = 0;  ///< cone: |axis|², ra - rb, |axis|² - slope²
    glm::vec3 ball_centre{0};                  ///< a ball that holds the whole shape
    float ball_radius = 0;
    glm::mat3 to_local{1};  ///< turns world directions into the shape's frame
    glm::vec3 radii{0};
    float pleats = 0, pleat_depth = 0;
    float pattern_start = 0;  ///< added to the length along the axis where the pattern is looked up

    /// Signed distance to `p`, or an underestimate of it.
    float distance(glm::vec3 p) const;
    /// `p` in the shape's frame: for cones, z runs from 0 at a to the length at b.
    glm::vec3 local(glm::vec3 p) const { return to_local * (p - a); }
    /// Ends and radii of a rounded cone that holds the whole shape.
    struct Bound {
        glm::vec3 a, b;
        float radius_a, radius_b;
    };
    Bound bound() const;
};

struct Nearest {
    float distance;
    int primitive;  ///< index, or -1: none is near
};

class Field {
  public:
    Field(const Recipe& recipe, float seconds);

    std::span<const Primitive> primitives() const { return primitives_; }
    glm::vec3 low() const { return low_; }  ///< bounds of the performer
    glm::vec3 high() const { return high_; }

    /// Distance to the shapes named by `list` (ascending indices), melted within their groups; at most
    /// `within`, which saves looking at what is farther away.
    Nearest nearest(glm::vec3 p, std::span<const std::uint16_t> list, float within) const;

    /// Distance, at most kReach: true in the whole neighbourhood, whatever the direction.
    static constexpr float kReach = 0.16f;
    float nearby(glm::vec3 p) const;

    /// How much of a distant light at `to_light` arrives at `p`: 1 all, 0 nothing, between in the penumbra.
    float light(glm::vec3 p) const;

  private:
    void make_primitives(const Recipe& recipe, float seconds);
    void fill_cells();
    void fill_light_cells(glm::vec3 to_light);

    std::vector<Primitive> primitives_;
    glm::vec3 low_{0}, high_{0};

    static constexpr float kCell = 0.11f;  ///< side of a cell
    glm::ivec3 cells_{0};
    std::vector<std::uint32_t> cell_start_;
    std::vector<std::uint16_t> cell_shapes_;

    static constexpr int kLightCells = 72;  ///< a side of the map of cells seen from the light
    glm::mat3 to_light_space_{1};           ///< z towards the light
    glm::vec3 light_low_{0}, light_high_{0};
    struct LightCell {
        std::uint32_t start = 0, end = 0;
        float top = 0;  ///< nothing in the cell is nearer to the light
    };
    std::vector<LightCell> light_cells_;
    std::vector<std::uint16_t> light_shapes_;
};

}  // namespace volumen::demo
