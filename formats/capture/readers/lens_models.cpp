#include "formats/capture/readers/lens_models.h"

#include <algorithm>

namespace volumen {
namespace {

const std::vector<LensModel>& models() {
    using enum LensParameter;
    static const std::vector<LensModel> all{
        {"SIMPLE_PINHOLE", 0, {f, cx, cy}},
        {"PINHOLE", 1, {fx, fy, cx, cy}},
        {"SIMPLE_RADIAL", 2, {f, cx, cy, k1}},
        {"RADIAL", 3, {f, cx, cy, k1, k2}},
        {"OPENCV", 4, {fx, fy, cx, cy, k1, k2, p1, p2}},
        {"OPENCV_FISHEYE", 5, {fx, fy, cx, cy, k1, k2, k3, k4}, true},
        {"FULL_OPENCV", 6, {fx, fy, cx, cy, k1, k2, p1, p2, k3, k4, k5, k6}, false, true},
        {"FOV", 7, {}},
        {"SIMPLE_RADIAL_FISHEYE", 8, {}},
        {"RADIAL_FISHEYE", 9, {}},
        {"THIN_PRISM_FISHEYE", 10, {}},
        {"RAD_TAN_THIN_PRISM_FISHEYE", 11, {}},
    };
    return all;
}

const LensModel* find(auto matches) {
    const auto found = std::ranges::find_if(models(), matches);
    return found == models().end() ? nullptr : &*found;
}

}  // namespace

const LensModel* find_lens_model(std::string_view name) {
    return find([&](const LensModel& model) { return model.name == name; });
}

const LensModel* find_lens_model(int colmap_id) {
    return find([&](const LensModel& model) { return model.colmap_id == colmap_id; });
}

}  // namespace volumen
