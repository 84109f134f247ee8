#include "encoder/check/pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "encoder/evaluate/charts.h"

namespace volumen {
namespace {

/// Drawn at most: pages stay small, pictures clear.
constexpr std::size_t kDots = 2500;
/// Rigs with more views have numbers at those with findings only.
constexpr std::size_t kLabels = 48;

struct Line {
    float depth;
    std::string svg;
};

/// Orthographic: `right` and `up` span the picture.
struct Projector {
    glm::vec3 centre, right, up;
    float scale;
    float width, height;
    glm::vec2 operator()(glm::vec3 p) const {
        p -= centre;
        return {0.5f * width + scale * glm::dot(p, right), 0.5f * height - scale * glm::dot(p, up)};
    }
};

/// Two directions across `up`.
void ground_axes(glm::vec3 up, glm::vec3& x, glm::vec3& y) {
    x = glm::cross(std::abs(up.x) < 0.9f ? glm::vec3(1, 0, 0) : glm::vec3(0, 1, 0), up);
    x = glm::normalize(x), y = glm::cross(up, x);
}

std::string path(const Projector& project, std::initializer_list<glm::vec3> points, const char* style,
                 bool closed) {
    std::string d;
    for (const glm::vec3& p : points) {
        const glm::vec2 at = project(p);
        d += fmt::format("{}{:.1f} {:.1f}", d.empty() ? 'M' : 'L', at.x, at.y);
    }
    return fmt::format("<path class=\"{}\" d=\"{}{}\"/>", style, d, closed ? "Z" : "");
}

/// The middle and half side of the subject: its points' box, else the take's bounds.
void subject_box(const CheckResult& r, glm::vec3& low, glm::vec3& high) {
    low = r.info.bounds_min, high = r.info.bounds_max;
    if (r.surface.points.empty()) return;
    for (int a = 0; a < 3; ++a) {
        std::vector<float> axis;
        for (const SurfacePoint& p : r.surface.points) axis.push_back(p.position[a]);
        const std::size_t cut = axis.size() / 50;
        std::sort(axis.begin(), axis.end());
        low[a] = axis[cut], high[a] = axis[axis.size() - 1 - cut];
    }
}

std::string hex(glm::vec3 colour) {
    const auto byte = [](float v) { return int(std::lround(255 * std::clamp(v, 0.0f, 1.0f))); };
    return fmt::format("#{:02x}{:02x}{:02x}", byte(colour.r), byte(colour.g), byte(colour.b));
}

}  // namespace

std::string rig_svg(const CheckResult& r, bool from_above) {
    constexpr float kWidth = 640, kHeight = 430, kMargin = 46;
    glm::vec3 gx, gy, low, high;
    ground_axes(r.info.up, gx, gy);
    subject_box(r, low, high);
    const glm::vec3 subject = 0.5f * (low + high);
    const float tilt = from_above ? 1.5707f : 0.42f, turn = from_above ? 0 : 0.6f;
    const glm::vec3 side = std::cos(turn) * gx + std::sin(turn) * gy, ahead = glm::cross(r.info.up, side);
    Projector project{subject, side, std::cos(tilt) * r.info.up + std::sin(tilt) * ahead, 1, kWidth, kHeight};
    const glm::vec3 towards = glm::normalize(glm::cross(project.right, project.up));

    // Frusta end well before the subject, so that it stays in sight.
    std::vector<float> distances;
    for (const CheckedView& v : r.views) distances.push_back(glm::length(v.camera.centre() - subject));
    std::nth_element(distances.begin(), distances.begin() + std::ptrdiff_t(distances.size() / 2),
                     distances.end());
    const float reach = 0.22f * distances[distances.size() / 2];
    std::vector<glm::vec3> all{low, high};
    for (const CheckedView& v : r.views) all.push_back(v.camera.centre());
    glm::vec2 least(1e30f), most(-1e30f);
    for (const glm::vec3& p : all) least = glm::min(least, project(p)), most = glm::max(most, project(p));
    const glm::vec2 extent = glm::max(most - least, glm::vec2(1e-6f));
    project.scale = std::min((kWidth - 2 * kMargin) / extent.x, (kHeight - 2 * kMargin) / extent.y);
    const glm::vec2 middle = 0.5f * (least + most) - 0.5f * glm::vec2(kWidth, kHeight);
    project.centre += project.right * middle.x - project.up * middle.y;

    std::string out =
        fmt::format("<svg class=\"clipped\" viewBox=\"0 0 {} {}\" role=\"img\">", kWidth, kHeight);
    // A ring on the ground gives the eye a plane.
    const glm::vec3 ground = subject - r.info.up * (glm::dot(subject, r.info.up) - glm::dot(low, r.info.up));
    for (const float radius : {0.5f, 1.0f}) {
        std::string d;
        for (int i = 0; i <= 64; ++i) {
            const float a = float(i) * 6.2831853f / 64;
            const glm::vec2 at = project(ground + radius * distances[distances.size() / 2] *
                                                      (std::cos(a) * gx + std::sin(a) * gy));
            d += fmt::format("{}{:.1f} {:.1f}", i ? 'L' : 'M', at.x, at.y);
        }
        out += fmt::format("<path class=\"grid\" d=\"{}\"/>", d);
    }
    // The box of the subject, or where it is looked for.
    for (int corner = 0; corner < 8; ++corner)
        for (int axis = 0; axis < 3; ++axis) {
            if (corner >> axis & 1) continue;
            const auto at = [&](int c) {
                return glm::vec3(c & 1 ? high.x : low.x, c & 2 ? high.y : low.y, c & 4 ? high.z : low.z);
            };
            out += path(project, {at(corner), at(corner | 1 << axis)}, "bounds", false);
        }
    std::vector<Line> lines;
    const std::size_t step = std::max<std::size_t>(1, r.surface.points.size() / kDots);
    for (std::size_t i = 0; i < r.surface.points.size(); i += step) {
        const SurfacePoint& p = r.surface.points[i];
        const glm::vec2 at = project(p.position);
        if (at.x < 0 || at.y < 0 || at.x > kWidth || at.y > kHeight) continue;
        lines.push_back({glm::dot(p.position, towards),
                         fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"1.7\" fill=\"{}\"/>", at.x,
                                     at.y, hex(p.colour))});
    }
    std::set<int> marked;
    for (const Finding& f : r.findings)
        if (f.severity != Severity::note) marked.insert(f.view);
    for (const CheckedView& v : r.views) {
        const Camera& c = v.camera;
        const glm::vec3 eye = c.centre();
        const auto corner = [&](float x, float y) {
            const glm::vec3 ray((x - c.cx) / c.fx, (y - c.cy) / c.fy, 1);
            return eye + glm::transpose(c.rotation) * ray * reach;
        };
        const float w = float(c.width), h = float(c.height);
        const glm::vec3 a = corner(0, 0), b = corner(w, 0), d = corner(w, h), e = corner(0, h);
        const char* style = marked.contains(v.index) ? "frustum marked" : "frustum";
        std::string svg = path(project, {a, b, d, e}, style, true);
        for (const glm::vec3& p : {a, b, d, e}) svg += path(project, {eye, p}, style, false);
        if (marked.contains(v.index) || r.views.size() <= kLabels) {
            const glm::vec2 at = project(eye - reach * 0.28f * glm::vec3(c.forward()));
            svg += fmt::format("<text class=\"label{}\" x=\"{:.1f}\" y=\"{:.1f}\">{}</text>",
                               marked.contains(v.index) ? " marked" : "", at.x, at.y + 4, v.index);
        }
        lines.push_back({glm::dot(eye, towards), std::move(svg)});
    }
    std::stable_sort(lines.begin(), lines.end(),
                     [](const Line& a, const Line& b) { return a.depth < b.depth; });
    for (const Line& line : lines) out += line.svg;
    return out + "</svg>";
}

std::string coverage_svg(const CheckResult& r) {
    if (r.surface.points.empty()) return "<p class=\"none\">Nothing to draw.</p>";
    constexpr float kWidth = 640, kHeight = 250;
    glm::vec3 gx, gy, low, high;
    ground_axes(r.info.up, gx, gy);
    subject_box(r, low, high);
    const glm::vec3 subject = 0.5f * (low + high);
    const float size = 1.12f * glm::length(high - low);
    std::string out = fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\">", kWidth, kHeight);
    // Each side is drawn from its own points, turned towards it.
    for (int side = 0; side < 4; ++side) {
        const float a = float(side) * 1.5707963f;
        const glm::vec3 right = std::cos(a) * gx + std::sin(a) * gy;
        const glm::vec3 towards = glm::cross(right, r.info.up);
        const Projector project{subject, right, r.info.up, kHeight / size, kWidth / 4, kHeight};
        std::vector<Line> dots;
        const std::size_t step = std::max<std::size_t>(1, r.surface.points.size() / (2 * kDots));
        for (std::size_t i = 0; i < r.surface.points.size(); i += step) {
            const SurfacePoint& p = r.surface.points[i];
            if (glm::dot(p.normal, towards) < 0) continue;
            const glm::vec2 at = project(p.position);
            dots.push_back({glm::dot(p.position, towards),
                            fmt::format("<circle class=\"seen-{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"2.6\"/>",
                                        std::min(p.seen_by, 5), at.x + float(side) * kWidth / 4, at.y)});
        }
        std::stable_sort(dots.begin(), dots.end(),
                         [](const Line& x, const Line& y) { return x.depth < y.depth; });
        for (const Line& dot : dots) out += dot.svg;
    }
    return out + "</svg>";
}

Image8 mask_picture(const Image8& rgb, const Image8& alpha, const std::vector<std::uint8_t>& silhouette) {
    Image8 out(rgb.width, rgb.height, 3);
    const auto inside = [&](std::size_t i) { return alpha.pixels[i] >= 128; };
    for (std::size_t i = 0; i < silhouette.size(); ++i) {
        const bool mask = inside(i), hull = silhouette[i] != 0;
        // Under RGBA, what lies outside the mask means nothing: it is shown darker, on grey.
        const glm::vec3 own(rgb.pixels[3 * i], rgb.pixels[3 * i + 1], rgb.pixels[3 * i + 2]);
        glm::vec3 shown = mask ? own : 0.25f * own + 150.0f;
        if (mask && hull) shown = 0.78f * shown + 0.22f * glm::vec3(60, 200, 120);
        if (mask && !hull) shown = 0.35f * shown + 0.65f * glm::vec3(235, 60, 55);
        if (!mask && hull) shown = 0.5f * shown + 0.5f * glm::vec3(50, 110, 235);
        for (int k = 0; k < 3; ++k)
            out.pixels[3 * i + std::size_t(k)] = std::uint8_t(std::clamp(shown[k], 0.0f, 255.0f));
    }
    return out;
}

Image8 point_picture(const Image8& rgb, const Camera& camera, const std::vector<SurfacePoint>& points) {
    Image8 out = rgb;
    const std::size_t step = std::max<std::size_t>(1, points.size() / kDots);
    for (std::size_t i = 0; i < points.size(); i += step) {
        const glm::vec3 c = camera.to_camera(points[i].position);
        if (c.z < 1e-3f) continue;
        const float u = camera.fx * c.x / c.z + camera.cx, v = camera.fy * c.y / c.z + camera.cy;
        if (!(u >= 1 && v >= 1 && u < float(out.width - 1) && v < float(out.height - 1))) continue;
        for (const auto& [dx, dy] : {std::pair(0, 0), {1, 0}, {0, 1}, {-1, 0}, {0, -1}}) {
            std::uint8_t* p = out.at(int(u) + dx, int(v) + dy);
            p[0] = 255, p[1] = 80, p[2] = 60;
        }
    }
    return out;
}

}  // namespace volumen
