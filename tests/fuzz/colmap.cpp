// A first byte that picks a table of COLMAP's and its form, then any bytes as that table: read, or an
// InputError.
#include "formats/capture/readers/colmap.h"

#include <cmath>
#include <cstdlib>

#include "formats/core/error.h"

namespace {

void require(bool sound) {
    if (!sound) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace volumen;
    if (size == 0) return 0;
    const std::span<const std::uint8_t> table(data + 1, size - 1);
    const ColmapForm form = data[0] & 1 ? ColmapForm::text : ColmapForm::binary;
    try {
        switch (data[0] / 2 % 3) {
            case 0:
                for (const auto& [id, camera] : parse_colmap_cameras(table, form, "cameras"))
                    require(camera.intrinsics.fx > 0 && camera.intrinsics.fy > 0 &&
                            camera.intrinsics.width > 0 &&
                            std::isfinite(camera.distortion.apply({0.1, 0.2}).x));
                break;
            case 1: {
                const std::vector<ColmapImage> images = parse_colmap_images(table, form, "images");
                for (const ColmapImage& image : images)
                    require(std::abs(glm::determinant(image.pose.rotation) - 1) < 1e-3f &&
                            std::isfinite(glm::length(image.pose.translation)));
                colmap_views({{1, {}}, {2, {}}}, images);
                break;
            }
            default: {
                const PointCloud points = parse_colmap_points(table, form, "points3D");
                require(points.positions.size() == points.colours.size());
            }
        }
    } catch (const InputError&) {
    }
    return 0;
}
