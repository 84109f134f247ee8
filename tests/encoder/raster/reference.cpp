#include "tests/encoder/raster/reference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace reference {
namespace {

using Vec3 = std::array<double, 3>;
using Mat3 = std::array<Vec3, 3>;

struct Ellipse {
    double x, y, a, b, c, opacity, depth;
    Vec3 colour;
};

/// Colour of one splat: 0.5 + Σ coefficient · basis, clamped at 0; direction is a unit vector.
Vec3 sh_colour(const std::vector<Vec3>& sh, int degree, Vec3 direction) {
    const auto [x, y, z] = direction;
    std::vector<double> basis = {std::sqrt(1 / (4 * M_PI))};
    if (degree > 0) {
        const double n = std::sqrt(3 / (4 * M_PI));
        basis.insert(basis.end(), {-n * y, n * z, -n * x});
    }
    if (degree > 1) {
        const double n = std::sqrt(15 / (4 * M_PI));
        basis.insert(basis.end(), {n * x * y, -n * y * z, std::sqrt(5 / (16 * M_PI)) * (3 * z * z - 1),
                                   -n * x * z, n / 2 * (x * x - y * y)});
    }
    if (degree > 2) {
        const double a = std::sqrt(35 / (32 * M_PI)), b = std::sqrt(105 / (4 * M_PI));
        const double c = std::sqrt(21 / (32 * M_PI)), e = std::sqrt(7 / (16 * M_PI));
        basis.insert(basis.end(), {-a * y * (3 * x * x - y * y), b * x * y * z, -c * y * (5 * z * z - 1),
                                   e * z * (5 * z * z - 3), -c * x * (5 * z * z - 1),
                                   b / 2 * z * (x * x - y * y), -a * x * (x * x - 3 * y * y)});
    }
    Vec3 colour = {0.5, 0.5, 0.5};
    for (std::size_t k = 0; k < basis.size(); ++k)
        for (int c = 0; c < 3; ++c) colour[c] += basis[k] * sh[k][c];
    for (double& c : colour) c = std::max(c, 0.0);
    return colour;
}

Mat3 rotation(double w, double x, double y, double z) {
    const double n = std::sqrt(w * w + x * x + y * y + z * z);
    w /= n, x /= n, y /= n, z /= n;
    return {{{1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)},
             {2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)},
             {2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)}}};
}

Mat3 multiply(const Mat3& a, const Mat3& b) {
    Mat3 out{};
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j)
            for (int k = 0; k < 3; ++k) out[i][j] += a[i][k] * b[k][j];
    return out;
}

Mat3 transpose(const Mat3& a) {
    Mat3 out;
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) out[i][j] = a[j][i];
    return out;
}

std::optional<Ellipse> project(const std::vector<double>& values, std::size_t count, std::size_t i,
                               int degree, const volumen::Camera& camera,
                               const volumen::train::RasterSettings& settings) {
    const auto at = [&](int channel) { return values[std::size_t(channel) * count + i]; };
    const Vec3 p = {at(0), at(1), at(2)};
    Mat3 world_to_camera;
    Vec3 t, eye{};
    for (int r = 0; r < 3; ++r) {
        for (int c = 0; c < 3; ++c) world_to_camera[r][c] = double(camera.rotation[c][r]);
        t[r] = double(camera.translation[r]);
        for (int c = 0; c < 3; ++c) t[r] += world_to_camera[r][c] * p[c];
    }
    for (int c = 0; c < 3; ++c)
        for (int r = 0; r < 3; ++r) eye[c] -= world_to_camera[r][c] * double(camera.translation[r]);
    if (!(t[2] >= double(0.05f))) return {};

    Ellipse e{};
    const double fx = double(camera.fx), fy = double(camera.fy), cx = double(camera.cx),
                 cy = double(camera.cy);
    const double u = t[0] / t[2], v = t[1] / t[2];
    e.x = fx * u + cx, e.y = fy * v + cy, e.depth = t[2];
    const double tan_x = camera.width / (2 * fx), tan_y = camera.height / (2 * fy);
    const double middle_x = (0.5 * camera.width - cx) / fx, middle_y = (0.5 * camera.height - cy) / fy;
    const double cu = std::clamp(u, middle_x - 1.3 * tan_x, middle_x + 1.3 * tan_x);
    const double cv = std::clamp(v, middle_y - 1.3 * tan_y, middle_y + 1.3 * tan_y);
    const Mat3 jacobian = {{{fx / t[2], 0, -fx * cu / t[2]}, {0, fy / t[2], -fy * cv / t[2]}, {0, 0, 0}}};
    Mat3 scaled = rotation(at(3), at(4), at(5), at(6));
    for (int k = 0; k < 3; ++k)
        for (int r = 0; r < 3; ++r) scaled[r][k] *= std::exp(at(7 + k));
    const Mat3 m = multiply(multiply(jacobian, world_to_camera), scaled);
    const Mat3 covariance = multiply(m, transpose(m));
    const double dilation = double(settings.dilation);
    const double before = covariance[0][0] * covariance[1][1] - covariance[0][1] * covariance[0][1];
    const double xx = covariance[0][0] + dilation, yy = covariance[1][1] + dilation, xy = covariance[0][1];
    const double det = xx * yy - xy * xy;
    e.a = yy / det, e.b = -xy / det, e.c = xx / det;
    e.opacity = 1 / (1 + std::exp(-at(10)));
    if (settings.compensate) e.opacity *= std::sqrt(std::max(before / det, 0.0));

    Vec3 direction = {p[0] - eye[0], p[1] - eye[1], p[2] - eye[2]};
    const double n = std::hypot(direction[0], direction[1], direction[2]);
    for (double& c : direction) c /= n;
    degree = std::min(degree, settings.sh_degree);
    std::vector<Vec3> sh(std::size_t(volumen::sh_coefficients(degree)));
    for (std::size_t k = 0; k < sh.size(); ++k)
        for (int c = 0; c < 3; ++c) sh[k][c] = at(11 + 3 * int(k) + c);
    e.colour = sh_colour(sh, degree, direction);
    if (settings.draws == volumen::train::Draws::kDepth) {
        const double depth = (t[2] - double(settings.depth_origin)) / double(settings.depth_unit);
        e.colour = {depth, depth * depth, 0};
    }
    return e;
}

}  // namespace

Image render(const std::vector<double>& values, std::size_t count, int sh_degree,
             const volumen::Camera& camera, const volumen::train::RasterSettings& settings) {
    std::vector<Ellipse> ellipses;
    for (std::size_t i = 0; i < count; ++i)
        if (const auto e = project(values, count, i, sh_degree, camera, settings)) ellipses.push_back(*e);
    std::ranges::stable_sort(ellipses, {}, &Ellipse::depth);
    const std::size_t area = std::size_t(camera.width) * camera.height;
    Image image{std::vector<double>(3 * area), std::vector<double>(area)};
    for (std::size_t i = 0; i < area; ++i) {
        const double px = double(i % camera.width) + 0.5, py = double(i / camera.width) + 0.5;
        double through = 1;
        Vec3 colour{};
        for (const Ellipse& e : ellipses) {
            const double dx = px - e.x, dy = py - e.y;
            const double q = e.a * dx * dx + 2 * e.b * dx * dy + e.c * dy * dy;
            if (q > 30) continue;
            const double alpha = std::min(0.99, e.opacity * std::exp(-q / 2));
            if (alpha < 1.0 / 255) continue;
            if (through * (1 - alpha) < 1e-4) break;
            for (int c = 0; c < 3; ++c) colour[c] += through * alpha * e.colour[c];
            through *= 1 - alpha;
        }
        for (int c = 0; c < 3; ++c)
            image.colour[std::size_t(c) * area + i] = colour[c] + through * double(settings.background[c]);
        image.alpha[i] = 1 - through;
    }
    return image;
}

double image_loss(const std::vector<double>& render, const std::vector<double>& truth, int width, int height,
                  double lambda, const std::vector<double>& weight) {
    const std::size_t area = std::size_t(width) * height;
    double total = 0, weights = 0;
    for (std::size_t i = 0; i < area; ++i) weights += weight.empty() ? 1 : weight[i];
    double taps[11], sum = 0;
    for (int k = 0; k < 11; ++k) sum += taps[k] = std::exp(-(k - 5) * (k - 5) / (2 * 1.5 * 1.5));
    for (double& tap : taps) tap /= sum;
    for (int c = 0; c < 3; ++c) {
        const double *x = render.data() + area * c, *y = truth.data() + area * c;
        for (int row = 0; row < height; ++row)
            for (int column = 0; column < width; ++column) {
                double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
                for (int j = -5; j <= 5; ++j)
                    for (int i = -5; i <= 5; ++i) {
                        const int r = row + j, q = column + i;
                        if (r < 0 || r >= height || q < 0 || q >= width) continue;
                        const std::size_t at = std::size_t(r) * width + q;
                        const double w = taps[j + 5] * taps[i + 5];
                        const double b = y[at], a = weight.empty() || weight[at] > 0 ? x[at] : b;
                        mx += w * a, my += w * b, xx += w * a * a, yy += w * b * b, xy += w * a * b;
                    }
                const double c1 = 1e-4, c2 = 9e-4;
                const double ssim = (2 * mx * my + c1) * (2 * (xy - mx * my) + c2) /
                                    ((mx * mx + my * my + c1) * (xx - mx * mx + yy - my * my + c2));
                const std::size_t at = std::size_t(row) * width + column;
                const double w = weight.empty() ? 1 : weight[at];
                total += w * ((1 - lambda) * std::abs(x[at] - y[at]) + lambda * (1 - ssim));
            }
    }
    return total / (3 * weights);
}

}  // namespace reference
