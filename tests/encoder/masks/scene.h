// A generated performer in front of backgrounds, with sensor noise: what masks are computed from and held to.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/formats/media/rig_writer.h"
#include "tests/formats/media/video_writer.h"

namespace volumen::masks {

inline constexpr std::uint64_t kSeed = 20240607;

struct Ball {
    glm::vec3 centre;
    float radius;
};

/// A body that sways on the spot and a smaller ball that swings around it.
inline std::vector<Ball> performer(int frame) {
    const float t = 0.63f * float(frame);
    return {{{0.03f * std::sin(t), 0.02f * std::cos(t), 1}, 0.42f},
            {{0.75f * std::cos(t), 0.75f * std::sin(t), 1.1f + 0.2f * std::sin(0.7f * t)}, 0.2f}};
}

struct Scene {
    int views = 8, frames = 14, size = 72;
    float noise = 2.5f;
    bool room = false;
    std::string files = "image/{frame}/{view}.png";  ///< or {view}.mp4
    std::mt19937_64 random{kSeed};

    Camera camera(int view) const { return ring_camera(view, views, size, size); }

    /// The walls of a cube with a pattern on them.
    glm::vec3 wall(int view, int x, int y) const {
        constexpr float kHalf = 4;
        const Camera c = camera(view);
        const glm::vec3 ray((float(x) + 0.5f - c.cx) / c.fx, (float(y) + 0.5f - c.cy) / c.fy, 1);
        const glm::vec3 d = glm::transpose(c.rotation) * ray, o = c.centre() - glm::vec3(0, 0, 1);
        float t = 1e9f;
        for (int k = 0; k < 3; ++k)
            if (d[k] != 0) t = std::min(t, ((d[k] > 0 ? kHalf : -kHalf) - o[k]) / d[k]);
        const glm::vec3 p = o + t * d;
        return {120 + 60 * std::sin(1.9f * p.x + p.y), 110 + 60 * std::sin(1.7f * p.y + 2 * p.z),
                120 + 60 * std::sin(2.1f * p.z - p.x)};
    }

    /// One room, or each view its own.
    glm::vec3 background(int view, int x, int y) const {
        if (room) return wall(view, x, y);
        const float u = float(x) / float(size), v = float(y) / float(size), k = float(view);
        return {110 + 50 * std::sin(9 * u + k) + 12 * std::sin(61 * v), 120 + 40 * std::sin(7 * v + 2 * k),
                100 + 50 * std::cos(8 * (u + v) + k) + 12 * std::sin(47 * u)};
    }

    /// Straight colours and alpha of the performer, without noise; 0 … 255.
    std::vector<glm::vec4> truth(int view, int frame) const {
        const Camera c = camera(view);
        std::vector<glm::vec4> out(std::size_t(size) * std::size_t(size));
        constexpr int kSub = 3;
        for (int y = 0; y < size; ++y)
            for (int x = 0; x < size; ++x) {
                glm::vec4 sum(0);
                for (int s = 0; s < kSub * kSub; ++s) {
                    const glm::vec3 ray((float(x) + (float(s % kSub) + 0.5f) / kSub - c.cx) / c.fx,
                                        (float(y) + (float(s / kSub) + 0.5f) / kSub - c.cy) / c.fy, 1);
                    const glm::vec3 d = glm::normalize(glm::transpose(c.rotation) * ray);
                    float nearest = 1e9f;
                    glm::vec3 colour(0);
                    for (const Ball& ball : performer(frame)) {
                        const glm::vec3 o = c.centre() - ball.centre;
                        const float b = glm::dot(o, d),
                                    root = b * b - glm::dot(o, o) + ball.radius * ball.radius;
                        if (root < 0 || -b - std::sqrt(root) > nearest) continue;
                        nearest = -b - std::sqrt(root);
                        const glm::vec3 p = o + nearest * d;
                        for (int k = 0; k < 3; ++k) colour[k] = 170 + 70 * std::sin(14 * p[k] + 2 * float(k));
                    }
                    if (nearest < 1e9f) sum += glm::vec4(colour, 1);
                }
                glm::vec4& pixel = out[std::size_t(y) * std::size_t(size) + std::size_t(x)];
                if (sum.w > 0) pixel = glm::vec4(glm::vec3(sum) / sum.w, sum.w / (kSub * kSub));
            }
        return out;
    }

    Image8 noisy(const std::vector<glm::vec3>& levels) {
        std::normal_distribution<float> normal(0, noise);
        Image8 image(size, size, 3);
        for (std::size_t i = 0; i < levels.size(); ++i)
            for (int k = 0; k < 3; ++k)
                image.pixels[3 * i + std::size_t(k)] =
                    std::uint8_t(std::clamp(levels[i][k] + normal(random), 0.0f, 255.0f));
        return image;
    }

    Image8 plate(int view) {
        std::vector<glm::vec3> levels;
        for (int y = 0; y < size; ++y)
            for (int x = 0; x < size; ++x) levels.push_back(background(view, x, y));
        return noisy(levels);
    }

    Image8 photograph(int view, int frame) {
        const std::vector<glm::vec4> performers = truth(view, frame);
        std::vector<glm::vec3> levels(performers.size());
        for (std::size_t i = 0; i < levels.size(); ++i)
            levels[i] = glm::mix(background(view, int(i) % size, int(i) / size), glm::vec3(performers[i]),
                                 performers[i].w);
        return noisy(levels);
    }

    std::string file(int view, int frame) const {
        return fmt::format(fmt::runtime(files), fmt::arg("view", view), fmt::arg("frame", frame));
    }

    /// As a capture without masks, with or without background/<view>.png.
    void write(const TemporaryFolder& folder, bool plates) {
        nlohmann::json rig = {{"fps", 25}, {"frames", nlohmann::json::array()}};
        const bool video = files.ends_with(".mp4");
        for (int view = 0; view < views; ++view) {
            nlohmann::json entry = rig_entry(file(view, 0), camera(view));
            if (plates) {
                const std::string background = "background/" + std::to_string(view) + ".png";
                put_image(folder / background, plate(view));
                if (files != Scene{}.files) entry["background_path"] = background;
            }
            rig["frames"].push_back(entry);
            std::vector<Image8> images;
            for (int frame = 0; frame < frames; ++frame) {
                Image8 image = photograph(view, frame);
                if (video)
                    images.push_back(std::move(image));
                else
                    put_image(folder / file(view, frame), image);
            }
            if (!video) continue;
            std::filesystem::create_directories((folder / file(view, 0)).parent_path());
            write_video(folder / file(view, 0), images);
        }
        folder.write("transforms.json", rig.dump());
    }
};

/// Intersection over union with the truth, at half coverage.
inline double overlap(const Image8& alpha, const std::vector<glm::vec4>& truth) {
    int both = 0, either = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
        const bool a = alpha.pixels[i] >= 128, b = truth[i].w >= 0.5f;
        both += a && b, either += a || b;
    }
    return either ? double(both) / either : 1;
}

}  // namespace volumen::masks
