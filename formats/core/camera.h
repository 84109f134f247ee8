// A pinhole camera with real intrinsics.
#pragma once

#include <glm/glm.hpp>

namespace volumen {

/// Pinhole camera, OpenCV axes (x right, y down, z forward), pixels with centres at +0.5: the world point p
/// has camera coordinates c = rotation * p + translation and falls on pixel (fx * c.x / c.z + cx, fy * c.y /
/// c.z + cy).
struct Camera {
    int width = 0, height = 0;
    float fx = 0, fy = 0, cx = 0, cy = 0;
    glm::mat3 rotation{1};     ///< world to camera (glm: column-major)
    glm::vec3 translation{0};  ///< world to camera

    glm::vec3 to_camera(glm::vec3 world) const { return rotation * world + translation; }
    /// Where the camera stands, in the world.
    glm::vec3 centre() const { return -(glm::transpose(rotation) * translation); }
    glm::vec3 forward() const { return {rotation[0][2], rotation[1][2], rotation[2][2]}; }

    /// The same view at another resolution.
    Camera resized(int new_width, int new_height) const {
        Camera out = *this;
        const float sx = float(new_width) / float(width), sy = float(new_height) / float(height);
        out.width = new_width, out.height = new_height;
        out.fx *= sx, out.cx *= sx, out.fy *= sy, out.cy *= sy;
        return out;
    }

    /// A camera at `eye` that looks at `target`; `vertical_fov` in radians, principal point in the middle.
    static Camera look_at(glm::vec3 eye, glm::vec3 target, glm::vec3 up, float vertical_fov, int width,
                          int height) {
        const glm::vec3 z = glm::normalize(target - eye);
        glm::vec3 x = glm::cross(z, up);
        if (glm::length(x) < 1e-6f)
            x = glm::cross(z, glm::abs(z.x) < 0.9f ? glm::vec3(1, 0, 0) : glm::vec3(0, 1, 0));
        x = glm::normalize(x);
        const glm::vec3 y = glm::cross(z, x);
        Camera camera;
        camera.width = width, camera.height = height;
        camera.fx = camera.fy = 0.5f * float(height) / glm::tan(0.5f * vertical_fov);
        camera.cx = 0.5f * float(width), camera.cy = 0.5f * float(height);
        camera.rotation = glm::transpose(glm::mat3(x, y, z));
        camera.translation = -(camera.rotation * eye);
        return camera;
    }
};

}  // namespace volumen
