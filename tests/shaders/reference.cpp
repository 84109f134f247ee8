#include "tests/shaders/reference.h"

#include <algorithm>
#include <cmath>
#include <glm/gtc/quaternion.hpp>

namespace volumen::test {

namespace {

struct Projected {
    double key = 0;  ///< of the order of all pixels alike
    double depth = 0, opacity = 0;
    glm::dvec2 slope{0};  ///< of the depth at which it is densest, a pixel
    glm::dvec2 mean{0};
    double a = 0, b = 0, c = 0;  ///< inverse covariance: a dx² + 2 b dx dy + c dy²
    glm::dvec3 colour{0};
    bool seen = false;  ///< somewhere in the image
};

/// A level of q = a dx² + 2 b dx dy + c dy², drawn a pixel wide on both sides by the distance along its
/// gradient.
double outline(const Projected& s, glm::dvec2 d, double q) {
    const glm::dvec2 gradient{2 * (s.a * d.x + s.b * d.y), 2 * (s.b * d.x + s.c * d.y)};
    return std::clamp(1 - std::abs(q - 1) / std::max(glm::length(gradient), 1e-6), 0.0, 0.99);
}

/// matplotlib's viridis at quarters, linear between.
glm::dvec3 heat(double share) {
    const glm::dvec3 stops[] = {{0.267, 0.005, 0.329},
                                {0.230, 0.322, 0.546},
                                {0.128, 0.567, 0.551},
                                {0.369, 0.789, 0.383},
                                {0.993, 0.906, 0.144}};
    const double at = 4 * std::clamp(share, 0.0, 1.0);
    const int stop = std::min(int(at), 3);
    return glm::mix(stops[stop], stops[stop + 1], at - stop);
}

glm::dvec3 colour_of(const SplatCloud& cloud, std::size_t i, glm::dvec3 d, int degree) {
    const double x = d.x, y = d.y, z = d.z;
    const double basis[16] = {0.28209479177387814,
                              -0.4886025119029199 * y,
                              0.4886025119029199 * z,
                              -0.4886025119029199 * x,
                              1.0925484305920792 * x * y,
                              -1.0925484305920792 * y * z,
                              0.31539156525252005 * (2 * z * z - x * x - y * y),
                              -1.0925484305920792 * x * z,
                              0.5462742152960396 * (x * x - y * y),
                              -0.5900435899266435 * y * (3 * x * x - y * y),
                              2.890611442640554 * x * y * z,
                              -0.4570457994644658 * y * (4 * z * z - x * x - y * y),
                              0.3731763325901154 * z * (2 * z * z - 3 * x * x - 3 * y * y),
                              -0.4570457994644658 * x * (4 * z * z - x * x - y * y),
                              1.445305721320277 * z * (x * x - y * y),
                              -0.5900435899266435 * x * (x * x - 3 * y * y)};
    glm::dvec3 colour{0.5};
    for (int k = 0; k < sh_coefficients(degree); ++k)
        for (int c = 0; c < 3; ++c) colour[c] += basis[k] * cloud.channel(SplatCloud::kSh + 3 * k + c)[i];
    return glm::max(colour, 0.0);
}

bool project(const SplatCloud& cloud, std::size_t i, const Camera& camera, const RenderSettings& settings,
             Projected& out) {
    const auto at = [&](int channel) { return double(cloud.channel(channel)[i]); };
    const glm::dvec3 position{at(0), at(1), at(2)};
    const glm::dmat3 view{camera.rotation};
    const glm::dvec3 p = view * position + glm::dvec3(camera.translation);
    if (p.z < 0.05) return false;
    out.depth = p.z;
    out.key = settings.order == Order::depth ? p.z : glm::length(p);
    out.mean = {camera.fx * p.x / p.z + camera.cx, camera.fy * p.y / p.z + camera.cy};

    const double margin_x = 0.3 * 0.5 * camera.width / camera.fx,
                 margin_y = 0.3 * 0.5 * camera.height / camera.fy;
    const double tx = p.z * std::clamp(p.x / p.z, -double(camera.cx) / camera.fx - margin_x,
                                       (double(camera.width) - camera.cx) / camera.fx + margin_x);
    const double ty = p.z * std::clamp(p.y / p.z, -double(camera.cy) / camera.fy - margin_y,
                                       (double(camera.height) - camera.cy) / camera.fy + margin_y);
    const glm::dmat3 rotation = glm::mat3_cast(glm::normalize(glm::dquat(at(3), at(4), at(5), at(6))));
    glm::dmat3 scale{0};
    for (int k = 0; k < 3; ++k) scale[k][k] = std::exp(at(7 + k));
    const glm::dmat3 m = view * rotation * scale;
    const glm::dmat3 sigma = m * glm::transpose(m);
    const glm::dvec3 jx{camera.fx / p.z, 0, -camera.fx * tx / (p.z * p.z)};
    const glm::dvec3 jy{0, camera.fy / p.z, -camera.fy * ty / (p.z * p.z)};
    double xx = glm::dot(jx, sigma * jx), yy = glm::dot(jy, sigma * jy);
    const double xy = glm::dot(jx, sigma * jy);
    const double before = std::max(xx * yy - xy * xy, 0.0);
    xx += settings.dilation, yy += settings.dilation;
    double xy_shown = xy;
    out.opacity = 1 / (1 + std::exp(-at(SplatCloud::kOpacity)));
    if (out.opacity < 1.0 / 255) return false;
    if (settings.compensate) out.opacity *= std::sqrt(before / (xx * yy - xy * xy));
    if (settings.picture == Picture::outlines) out.opacity = 1;
    if (settings.picture == Picture::points) xx = yy = 0.5, xy_shown = 0, out.opacity = 1;
    const double determinant = xx * yy - xy_shown * xy_shown;
    const double reach = 2 * std::log(255 * out.opacity);
    const glm::dvec2 extent{std::sqrt(std::max(reach * xx, 0.0)), std::sqrt(std::max(reach * yy, 0.0))};
    const glm::dvec2 low = glm::ceil(out.mean - extent - 0.5), high = glm::floor(out.mean + extent - 0.5);
    out.seen = reach >= 0 && low.x <= high.x && low.y <= high.y && high.x >= 0 && high.y >= 0 &&
               low.x <= camera.width - 1 && low.y <= camera.height - 1;
    const double zx = (sigma * jx).z, zy = (sigma * jy).z;
    out.slope = {(zx * yy - zy * xy) / determinant, (zy * xx - zx * xy) / determinant};
    out.a = yy / determinant, out.b = -xy_shown / determinant, out.c = xx / determinant;

    const glm::dvec3 eye = -glm::transpose(view) * glm::dvec3(camera.translation);
    out.colour =
        colour_of(cloud, i, glm::normalize(position - eye), std::min(settings.sh_degree, cloud.sh_degree));
    return true;
}

}  // namespace

ReferenceImage render_reference(const SplatCloud& cloud, const Camera& camera,
                                const RenderSettings& settings) {
    std::vector<Projected> splats;
    for (std::size_t i = 0; i < cloud.count; ++i)
        if (Projected p; project(cloud, i, camera, settings, p)) splats.push_back(p);
    std::stable_sort(splats.begin(), splats.end(),
                     [](const Projected& a, const Projected& b) { return a.key < b.key; });
    struct Shown {
        double depth, alpha, key;
        glm::dvec3 colour;
    };
    double nearest = INFINITY, farthest = 0;
    for (const Projected& s : splats)
        if (s.seen) nearest = std::min(nearest, s.key), farthest = std::max(farthest, s.key);
    std::vector<Shown> shown;

    ReferenceImage image{camera.width, camera.height, {}};
    image.values.reserve(std::size_t(camera.width) * std::size_t(camera.height) * 4);
    for (int y = 0; y < camera.height; ++y)
        for (int x = 0; x < camera.width; ++x) {
            shown.clear();
            for (const Projected& s : splats) {
                const glm::dvec2 d = glm::dvec2(x + 0.5, y + 0.5) - s.mean;
                const double q = s.a * d.x * d.x + 2 * s.b * d.x * d.y + s.c * d.y * d.y;
                const double alpha = settings.picture == Picture::outlines
                                         ? (s.seen ? outline(s, d, q) : 0)
                                         : std::min(0.99, s.opacity * std::exp(-0.5 * q));
                if (alpha >= 1.0 / 255)
                    shown.push_back({s.depth + glm::dot(s.slope, d), alpha, s.key, s.colour});
            }
            if (settings.order == Order::pixel && settings.picture == Picture::colour)
                std::stable_sort(shown.begin(), shown.end(),
                                 [](const Shown& a, const Shown& b) { return a.depth < b.depth; });
            glm::dvec3 colour{0};
            double left = 1, key = 0, count = 0;
            for (const Shown& s : shown) {
                ++count;
                if (left * (1 - s.alpha) < 1e-4) break;
                colour += s.alpha * left * s.colour;
                key += s.alpha * left * s.key;
                left *= 1 - s.alpha;
            }
            if (settings.picture == Picture::depth && left < 1)
                colour = (1 - left) * heat((farthest - key / (1 - left)) / (farthest - nearest));
            if (settings.picture == Picture::opacity) colour = glm::dvec3(1 - left), left = 0;
            if (settings.picture == Picture::overdraw) {
                colour = count > 0 ? heat(std::log2(count) / 8) : glm::dvec3(0);
                left = count > 0 ? 0 : 1;
            }
            colour += left * glm::dvec3(settings.background);
            for (int c = 0; c < 3; ++c) image.values.push_back(255 * std::clamp(colour[c], 0.0, 1.0));
            image.values.push_back(255 * (1 - left));
        }
    return image;
}

double psnr(const Image8& image, const ReferenceImage& reference) {
    double sum = 0;
    for (std::size_t i = 0; i < reference.values.size(); ++i) {
        const double error = image.pixels[i] - reference.values[i];
        sum += error * error;
    }
    return 10 * std::log10(255.0 * 255.0 * double(reference.values.size()) / std::max(sum, 1e-12));
}

}  // namespace volumen::test
