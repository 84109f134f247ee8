// COLMAP models that a test writes, from COLMAP's description of its files.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "formats/core/camera.h"
#include "tests/formats/capture/byte_text.h"
#include "tests/formats/media/temporary_folder.h"

namespace volumen {

struct ColmapLens {
    std::uint32_t id = 1;
    int model_id = 1;
    std::string model = "PINHOLE";
    int width = 16, height = 12;
    std::vector<double> parameters;
};

struct ColmapPose {
    std::uint32_t id = 1, camera_id = 1;
    std::string name;
    double q[4] = {1, 0, 0, 0}, t[3] = {0, 0, 0};

    ColmapPose(std::uint32_t image_id, std::uint32_t camera, std::string image, const Camera& pose)
        : id(image_id), camera_id(camera), name(std::move(image)) {
        // The quaternion whose rotation is world to camera; all four ways, for any trace.
        const glm::dmat3 r(pose.rotation);
        const auto at = [&](int row, int column) { return r[column][row]; };
        const double squares[4] = {1 + at(0, 0) + at(1, 1) + at(2, 2), 1 + at(0, 0) - at(1, 1) - at(2, 2),
                                   1 - at(0, 0) + at(1, 1) - at(2, 2), 1 - at(0, 0) - at(1, 1) + at(2, 2)};
        const double wx = at(2, 1) - at(1, 2), wy = at(0, 2) - at(2, 0), wz = at(1, 0) - at(0, 1);
        const double xy = at(0, 1) + at(1, 0), xz = at(0, 2) + at(2, 0), yz = at(1, 2) + at(2, 1);
        int largest = 0;
        for (int i = 1; i < 4; ++i)
            if (squares[i] > squares[largest]) largest = i;
        const double rows[4][4] = {{squares[0], wx, wy, wz},
                                   {wx, squares[1], xy, xz},
                                   {wy, xy, squares[2], yz},
                                   {wz, xz, yz, squares[3]}};
        for (int i = 0; i < 4; ++i) q[i] = rows[largest][i] / (2 * std::sqrt(squares[largest]));
        for (int i = 0; i < 3; ++i) t[i] = pose.translation[i];
    }
};

struct ColmapTables {
    std::string cameras, images, points;
};

/// Two points, red and half-grey, and some image points, which readers must pass over.
inline ColmapTables colmap_binary(const std::vector<ColmapLens>& lenses,
                                  const std::vector<ColmapPose>& poses) {
    ColmapTables out;
    out.cameras = bytes_of(std::uint64_t(lenses.size()));
    for (const ColmapLens& lens : lenses) {
        out.cameras += bytes_of(lens.id) + bytes_of(lens.model_id) + bytes_of(std::uint64_t(lens.width)) +
                       bytes_of(std::uint64_t(lens.height));
        for (const double p : lens.parameters) out.cameras += bytes_of(p);
    }
    out.images = bytes_of(std::uint64_t(poses.size()));
    for (const ColmapPose& pose : poses) {
        out.images += bytes_of(pose.id);
        for (const double v : pose.q) out.images += bytes_of(v);
        for (const double v : pose.t) out.images += bytes_of(v);
        out.images += bytes_of(pose.camera_id) + pose.name + '\0';
        const std::uint64_t seen = pose.id % 3;
        out.images += bytes_of(seen);
        for (std::uint64_t i = 0; i < seen; ++i)
            out.images += bytes_of(1.5) + bytes_of(2.5) + bytes_of(std::uint64_t(i));
    }
    out.points = bytes_of(std::uint64_t(2));
    for (int i = 0; i < 2; ++i) {
        out.points += bytes_of(std::uint64_t(7 + i));
        for (int a = 0; a < 3; ++a) out.points += bytes_of(0.5 * a + i);
        for (int c = 0; c < 3; ++c) out.points += bytes_of(std::uint8_t(i == 1 ? 51 : c == 0 ? 255 : 0));
        out.points += bytes_of(0.25) + bytes_of(std::uint64_t(1)) + bytes_of(std::uint32_t(1)) +
                      bytes_of(std::uint32_t(0));
    }
    return out;
}

inline ColmapTables colmap_text(const std::vector<ColmapLens>& lenses, const std::vector<ColmapPose>& poses) {
    ColmapTables out;
    out.cameras =
        "# Camera list with one line of data per camera:\n#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n";
    for (const ColmapLens& lens : lenses) {
        out.cameras += fmt::format("{} {} {} {}", lens.id, lens.model, lens.width, lens.height);
        for (const double p : lens.parameters) out.cameras += fmt::format(" {}", p);
        out.cameras += "\n";
    }
    out.images = "# Image list with two lines of data per image:\n";
    for (const ColmapPose& pose : poses) {
        out.images += fmt::format("{}", pose.id);
        for (const double v : pose.q) out.images += fmt::format(" {}", v);
        for (const double v : pose.t) out.images += fmt::format(" {}", v);
        out.images += fmt::format(" {} {}\n{}\n", pose.camera_id, pose.name, pose.id % 3 ? "1.5 2.5 -1" : "");
    }
    out.points = "# 3D point list\n7 0 0.5 1 255 0 0 0.25 1 0\n8 1 1.5 2 51 51 51 0.25 1 0 2 1\n";
    return out;
}

inline void write_colmap(const TemporaryFolder& folder, const std::string& model, const ColmapTables& tables,
                         const char* extension) {
    folder.write(model + "/cameras" + extension, tables.cameras);
    folder.write(model + "/images" + extension, tables.images);
    folder.write(model + "/points3D" + extension, tables.points);
}

}  // namespace volumen
