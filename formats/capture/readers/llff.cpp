#include "formats/capture/readers/llff.h"

#include <cmath>
#include <filesystem>

#include "formats/capture/readers/pose.h"
#include "formats/core/error.h"
#include "formats/core/image.h"

namespace volumen {
namespace {

constexpr std::size_t kRow = 17;

}  // namespace

std::vector<RigView> llff_views(const NpyArray& poses, const std::vector<std::string>& images,
                                const std::string& file) {
    if (poses.shape.size() != 2 || poses.shape[1] != kRow)
        throw InputError("{}: is not an array of N x {} numbers, as LLFF writes", file, kRow);
    if (poses.shape[0] != images.size())
        throw InputError(
            "{}: has {} poses, but there are {} videos or images beside it: one a pose is needed", file,
            poses.shape[0], images.size());
    std::vector<RigView> views;
    for (std::size_t i = 0; i < images.size(); ++i) {
        RigView view;
        view.image_path = images[i];
        view.name = std::filesystem::path(images[i]).filename().string();
        view.place = fmt::format("{}: row {} ({})", file, i, view.name);
        const double* row = &poses.values[i * kRow];
        const auto at = [&](int r, int c) { return row[5 * r + c]; };
        const auto column = [&](int c) { return glm::dvec3(at(0, c), at(1, c), at(2, c)); };
        const double height = at(0, 4), width = at(1, 4), focal = at(2, 4);
        if (!(width >= 1 && width <= kMaxImageSide && height >= 1 && height <= kMaxImageSide))
            throw InputError("{}: {} x {} pixels, but 1 to {} a side are accepted", view.place, width, height,
                             kMaxImageSide);
        if (!(focal >= 1e-3 && focal <= kMaxRelativeFocal * width))
            throw InputError("{}: focal length is {}, which no camera has", view.place, focal);
        set_pose(view.camera, glm::dmat3(column(1), column(0), -column(2)), column(3), view.place + ": pose");
        Camera& camera = view.camera;
        camera.width = int(std::lround(width)), camera.height = int(std::lround(height));
        camera.fx = camera.fy = float(focal);
        camera.cx = 0.5f * float(width), camera.cy = 0.5f * float(height);
        views.push_back(std::move(view));
    }
    return views;
}

}  // namespace volumen
