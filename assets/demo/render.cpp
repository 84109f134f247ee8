#include "assets/demo/render.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <glm/gtc/constants.hpp>

#include "assets/demo/texture.h"

namespace volumen::demo {
namespace {

constexpr int kTile = 8;
/// Metres; a pixel of the demo take is about 7 mm.
constexpr float kHitDistance = 0.0005f;
/// A ray that has not met anything by then grazes something: it misses.
constexpr float kLongestStep = 0.25f;
constexpr int kMostSteps = 160;
/// Samples along the side of a pixel that lies within the outline but has detail.
constexpr int kDetailSamples = 2;
constexpr float kHalfDiagonal = 0.7072f;

float linear_to_srgb(float c) {
    c = std::clamp(c, 0.0f, 1.0f);
    return c <= 0.0031308f ? 12.92f * c : 1.055f * std::pow(c, 1 / 2.4f) - 0.055f;
}

/// Keeps highlights from clipping hard: straight up to the knee, then bending towards 1.
float shoulder(float c) {
    constexpr float kKnee = 0.7f;
    return c < kKnee ? c : kKnee + (1 - kKnee) * (1 - std::exp((kKnee - c) / (1 - kKnee)));
}

glm::vec3 display(glm::vec3 c) {
    return {linear_to_srgb(shoulder(c.r)), linear_to_srgb(shoulder(c.g)), linear_to_srgb(shoulder(c.b))};
}

/// Light at a point of the surface, to be combined with the colour there.
struct Lighting {
    glm::vec3 diffuse{0}, reflected{0};
    float gloss = 0, metal = 0;
    glm::vec3 apply(glm::vec3 colour) const {
        return display(glm::mix(colour * diffuse, colour * reflected * 1.6f, metal) +
                       gloss * glm::mix(reflected, colour * reflected, metal));
    }
};

/// What one camera sees along one ray.
struct Sample {
    int shape = -1;
    glm::vec3 position{0};
    float nearest_pass = 1e9f;  ///< of a miss: least distance to the shapes, in pixels
};

class View {
  public:
    View(const Recipe& recipe, const Field& field, const Camera& camera)
        : recipe_(recipe), field_(field), camera_(camera), eye_(camera.centre()) {
        columns_ = (camera.width + kTile - 1) / kTile, rows_ = (camera.height + kTile - 1) / kTile;
        pixel_ = 1 / camera.fx;
        end_ = glm::length(glm::max(glm::abs(field.low() - eye_), glm::abs(field.high() - eye_)));
        fill_tiles();
        for (int y = 0; y < rows_; ++y)
            for (int x = 0; x < columns_; ++x) {
                Tile& t = tiles_[std::size_t(y) * columns_ + x];
                if (t.shapes.empty()) continue;
                const glm::vec2 centre = (glm::vec2(x, y) + 0.5f) * float(kTile);
                t.near = free_way(t, centre.x, centre.y, kHalfDiagonal * kTile, t.near * 0.999f);
            }
    }

    Image8 render() {
        const int w = camera_.width, h = camera_.height;
        centres_.assign(std::size_t(w) * h, {});
        colours_.assign(std::size_t(w) * h, glm::vec3(0));
        for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x) {
                Sample& s = centres_[index(x, y)] =
                    trace(tile(x, y), float(x) + 0.5f, float(y) + 0.5f, tile(x, y).near);
                if (s.shape >= 0) colours_[index(x, y)] = lighting(tile(x, y), s).apply(colour(s));
            }
        Image8 image(w, h, 4);
        for (int y = 0; y < h; ++y)
            for (int x = 0; x < w; ++x) {
                const Sample& s = centres_[index(x, y)];
                const int samples = samples_needed(x, y);
                const glm::vec4 c = samples > 1    ? supersample(x, y, samples)
                                    : s.shape >= 0 ? glm::vec4(colours_[index(x, y)], 1)
                                                   : glm::vec4(0);
                for (int k = 0; k < 4; ++k) image.at(x, y)[k] = std::uint8_t(std::lround(c[k] * 255));
            }
        return image;
    }

  private:
    struct Tile {
        std::vector<std::uint16_t> shapes;
        float near = 1e9f;  ///< nothing is nearer to the eye
    };

    std::size_t index(int x, int y) const { return std::size_t(y) * camera_.width + x; }
    const Tile& tile(int x, int y) const { return tiles_[std::size_t(y / kTile) * columns_ + x / kTile]; }

    /// Sorts the shapes into the tiles that their bounding cones touch on the image.
    void fill_tiles() {
        tiles_.resize(std::size_t(columns_) * rows_);
        const auto shapes = field_.primitives();
        constexpr float kNearest = 0.05f;
        for (std::size_t i = 0; i < shapes.size(); ++i) {
            const Primitive::Bound bound = shapes[i].bound();
            const glm::vec3 a = camera_.to_camera(bound.a), b = camera_.to_camera(bound.b);
            const float ra = bound.radius_a + shapes[i].melt, rb = bound.radius_b + shapes[i].melt;
            const float near = std::max(std::min(a.z - ra, b.z - rb), kNearest);
            if (std::min(a.z - ra, b.z - rb) < kNearest) {  // around the camera: everywhere
                for (Tile& t : tiles_) t.shapes.push_back(std::uint16_t(i)), t.near = near;
                continue;
            }
            const auto project = [&](glm::vec3 c) {
                return glm::vec2(camera_.fx * c.x / c.z + camera_.cx, camera_.fy * c.y / c.z + camera_.cy);
            };
            // A sphere's outline grows towards the corners of the image by 1 / cos² of the angle at most.
            const float f = std::max(camera_.fx, camera_.fy);
            const auto outline = [&](glm::vec3 c, float r) {
                const float away = glm::dot(c, c) / (c.z * c.z);
                return f * r * away / std::sqrt(std::max(c.z * c.z - r * r, 1e-6f));
            };
            const float reach = std::max(outline(a, ra), outline(b, rb)) + 0.75f * kTile + 2;
            const glm::vec2 pa = project(a), pb = project(b);
            const glm::vec2 low = (glm::min(pa, pb) - reach) / float(kTile);
            const glm::vec2 high = (glm::max(pa, pb) + reach) / float(kTile);
            const glm::vec2 way = pb - pa;
            const float way2 = glm::dot(way, way);
            for (int ty = std::max(int(low.y), 0); ty <= std::min(int(high.y), rows_ - 1); ++ty)
                for (int tx = std::max(int(low.x), 0); tx <= std::min(int(high.x), columns_ - 1); ++tx) {
                    const glm::vec2 centre = (glm::vec2(tx, ty) + 0.5f) * float(kTile);
                    const float along =
                        way2 > 0 ? std::clamp(glm::dot(centre - pa, way) / way2, 0.0f, 1.0f) : 0.0f;
                    if (glm::length(centre - pa - way * along) > reach) continue;
                    Tile& t = tiles_[std::size_t(ty) * columns_ + tx];
                    t.shapes.push_back(std::uint16_t(i)), t.near = std::min(t.near, near);
                }
        }
    }

    glm::vec3 ray(float x, float y) const {
        const glm::vec3 in_camera{(x - camera_.cx) / camera_.fx, (y - camera_.cy) / camera_.fy, 1};
        return glm::transpose(camera_.rotation) * glm::normalize(in_camera);
    }

    /// How far all rays within `radius` pixels of (x, y) are free, from `start` on.
    float free_way(const Tile& tile, float x, float y, float radius, float start) const {
        const glm::vec3 way = ray(x, y);
        const float widening = radius * pixel_;
        float t = start;
        for (int step = 0; step < kMostSteps && t < end_; ++step) {
            const float d = field_.nearest(eye_ + way * t, tile.shapes, kLongestStep).distance - widening * t;
            if (d < kHitDistance) break;
            t += d / (1 + widening);
        }
        return t;
    }

    Sample trace(const Tile& tile, float x, float y, float start) const {
        Sample sample;
        if (tile.shapes.empty()) return sample;
        const glm::vec3 way = ray(x, y);
        float t = start;
        for (int step = 0; step < kMostSteps && t < end_; ++step) {
            const glm::vec3 p = eye_ + way * t;
            const Nearest n = field_.nearest(p, tile.shapes, kLongestStep);
            if (n.distance < kHitDistance) return {n.primitive, p, 0};
            sample.nearest_pass = std::min(sample.nearest_pass, n.distance / (pixel_ * t));
            t += n.distance;
        }
        return sample;
    }

    /// Samples along a pixel's side. One whose centre misses is touched only if its ray passes within half a
    /// diagonal; one that hits is mixed where a neighbour misses, or where the colour changes from one pixel
    /// to the next.
    int samples_needed(int x, int y) const {
        const Sample& s = centres_[index(x, y)];
        if (s.shape < 0) return s.nearest_pass < kHalfDiagonal + 0.05f ? kPixelSamples : 1;
        constexpr float kDetail = 0.06f;
        int samples = 1;
        for (int dy = -1; dy <= 1; ++dy)
            for (int dx = -1; dx <= 1; ++dx) {
                const int u = x + dx, v = y + dy;
                if (u < 0 || v < 0 || u >= camera_.width || v >= camera_.height) continue;
                if (centres_[index(u, v)].shape < 0) return kPixelSamples;
                if (dx != 0 && dy != 0) continue;
                const glm::vec3 d = glm::abs(colours_[index(u, v)] - colours_[index(x, y)]);
                if (std::max({d.r, d.g, d.b}) > kDetail) samples = kDetailSamples;
            }
        return samples;
    }

    /// Every sample finds its shape and its colour; light is worked out once a shape.
    glm::vec4 supersample(int x, int y, int side) const {
        std::array<std::pair<int, Lighting>, kPixelSamples * kPixelSamples> lit;
        std::size_t shapes_lit = 0;
        const float start =
            free_way(tile(x, y), float(x) + 0.5f, float(y) + 0.5f, kHalfDiagonal, tile(x, y).near);
        glm::vec3 sum(0);
        int hits = 0;
        for (int k = 0; k < side * side; ++k) {
            const float u = (float(k % side) + 0.5f) / float(side);
            const float v = (float(k / side) + 0.5f) / float(side);
            const Sample s = trace(tile(x, y), float(x) + u, float(y) + v, start);
            if (s.shape < 0) continue;
            ++hits;
            std::size_t i = 0;
            while (i < shapes_lit && lit[i].first != s.shape) ++i;
            if (i == shapes_lit) lit[shapes_lit++] = {s.shape, lighting(tile(x, y), s)};
            sum += lit[i].second.apply(colour(s));
        }
        if (hits == 0) return glm::vec4(0);
        return {sum / float(hits), float(hits) / float(side * side)};
    }

    const Material& material(int shape) const {
        return recipe_.materials[field_.primitives()[std::size_t(shape)].material];
    }

    glm::vec3 colour(const Sample& s) const {
        return surface_colour(field_.primitives()[std::size_t(s.shape)], material(s.shape), s.position);
    }

    glm::vec3 normal(const Tile& tile, glm::vec3 p) const {
        // Differences over a tetrahedron's corners.
        constexpr float kStep = 0.0012f;
        constexpr std::array<glm::vec3, 4> kCorners{glm::vec3(1, -1, -1), glm::vec3(-1, -1, 1),
                                                    glm::vec3(-1, 1, -1), glm::vec3(1, 1, 1)};
        glm::vec3 n(0);
        for (const glm::vec3& c : kCorners)
            n += c * field_.nearest(p + c * kStep, tile.shapes, 8 * kStep).distance;
        const float length = glm::length(n);
        return length > 1e-9f ? n / length : glm::vec3(0, 0, 1);
    }

    /// A room to be mirrored in: floor, sky, a bright window behind the key light.
    glm::vec3 surroundings(glm::vec3 way) const {
        const float up = std::clamp(way.z * 1.5f + 0.5f, 0.0f, 1.0f);
        glm::vec3 c = glm::mix(recipe_.ground, recipe_.sky, up * up * (3 - 2 * up));
        const float window = std::clamp((glm::dot(way, recipe_.key.to_light) - 0.80f) / 0.14f, 0.0f, 1.0f);
        const float second = std::clamp((glm::dot(way, recipe_.fill.to_light) - 0.86f) / 0.1f, 0.0f, 1.0f);
        return c + recipe_.key.colour * (1.4f * window * window) + recipe_.fill.colour * (0.8f * second);
    }

    Lighting lighting(const Tile& tile, const Sample& s) const {
        const Material& m = material(s.shape);
        const glm::vec3 n = normal(tile, s.position), to_eye = glm::normalize(eye_ - s.position);
        const float facing = std::clamp(glm::dot(n, to_eye), 0.0f, 1.0f);

        // Ambient occlusion: how much nearer things are than a free surface would let them be.
        float open = 1, weight = 0.55f;
        for (const float h : {0.02f, 0.05f, 0.1f, 0.15f}) {
            open -= weight * std::max(h - field_.nearby(s.position + n * h), 0.0f) / h * 0.62f;
            weight *= 0.75f;
        }
        open = std::clamp(open, 0.12f, 1.0f);

        const float towards_key = glm::dot(n, recipe_.key.to_light);
        const float key = towards_key > 0 ? towards_key * field_.light(s.position + n * 0.004f) : 0.0f;
        const float fill = std::max(0.3f + 0.7f * glm::dot(n, recipe_.fill.to_light), 0.0f);
        const float rim = std::max(glm::dot(n, recipe_.rim.to_light), 0.0f);

        Lighting l;
        const glm::vec3 ambient = glm::mix(recipe_.ground, recipe_.sky, 0.5f + 0.5f * n.z);
        l.diffuse = recipe_.key.colour * key + open * (recipe_.fill.colour * fill + ambient) +
                    recipe_.rim.colour * (rim * open);
        const float fresnel = 0.25f + 0.75f * std::pow(1 - facing, 4.0f);
        const float seen = open * (0.35f + 0.65f * (towards_key > 0 ? key / towards_key : 0.3f));
        l.reflected = surroundings(glm::reflect(-to_eye, n)) * seen * (m.metal > 0.5f ? 1.0f : fresnel);
        l.gloss = m.gloss, l.metal = m.metal;
        return l;
    }

    const Recipe& recipe_;
    const Field& field_;
    const Camera& camera_;
    glm::vec3 eye_;
    float pixel_ = 0;  ///< size of a pixel at distance 1
    float end_ = 0;    ///< nothing is farther from the eye
    int columns_ = 0, rows_ = 0;
    std::vector<Tile> tiles_;
    std::vector<Sample> centres_;
    std::vector<glm::vec3> colours_;
};

}  // namespace

std::vector<Camera> rig_cameras(const Rig& rig, int views, int size) {
    std::vector<Camera> cameras;
    for (int i = 0; i < views; ++i) {
        const Rig::Ring& ring = rig.rings[std::size_t(i) % rig.rings.size()];
        const float azimuth = glm::two_pi<float>() * float(i) / float(views) - glm::half_pi<float>();
        const glm::vec3 eye{ring.distance * std::cos(azimuth), ring.distance * std::sin(azimuth),
                            ring.height};
        cameras.push_back(Camera::look_at(eye, rig.target, {0, 0, 1}, rig.vertical_fov, size, size));
    }
    return cameras;
}

Image8 render(const Recipe& recipe, const Field& field, const Camera& camera) {
    return View(recipe, field, camera).render();
}

}  // namespace volumen::demo
