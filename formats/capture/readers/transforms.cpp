#include "formats/capture/readers/transforms.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "formats/capture/capture.h"
#include "formats/capture/readers/lens_models.h"
#include "formats/capture/readers/pose.h"
#include "formats/core/error.h"
#include "formats/core/json.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr double kMaxFps = 1000;
/// Frames that a view may be ahead or behind: more is another recording.
constexpr int kMaxOffset = 10000;

/// Sets `fisheye` and returns whether k4 to k6 divide.
bool read_lens_model(const Keys& keys, Distortion& distortion) {
    bool rational = false;
    if (const std::optional<std::string> name = keys.text("camera_model")) {
        const LensModel* model = find_lens_model(*name);
        if (!model || !model->supported())
            keys.fail("camera_model", fmt::format("{}, which {}", *name, kSupportedLenses));
        distortion.fisheye = model->fisheye;
        rational = model->rational;
    }
    if (const json* fisheye = keys.find("is_fisheye")) {
        // instant-ngp writes a number here or there.
        if (!fisheye->is_boolean() && !fisheye->is_number())
            keys.fail("is_fisheye", "is neither true nor false");
        distortion.fisheye |= fisheye->is_boolean() ? fisheye->get<bool>() : fisheye->get<double>() != 0;
    }
    return rational;
}

void read_distortion(const Keys& keys, Distortion& distortion) {
    const bool rational = read_lens_model(keys, distortion);
    const auto coefficient = [&](const char* key) {
        return keys.number(key, -kMaxDistortion, kMaxDistortion).value_or(0);
    };
    distortion.k1 = coefficient("k1"), distortion.k2 = coefficient("k2"), distortion.k3 = coefficient("k3");
    distortion.p1 = coefficient("p1"), distortion.p2 = coefficient("p2");
    distortion.k4 = coefficient("k4"), distortion.k5 = coefficient("k5"), distortion.k6 = coefficient("k6");
    if (distortion.fisheye) {
        for (const char* key : {"k5", "k6", "p1", "p2"})
            if (coefficient(key) != 0) keys.fail(key, "is not zero: a fisheye lens has k1, k2, k3 and k4");
    } else if (!rational) {
        // A fourth power for some, OpenCV's divisor for others: guessing would bend the picture.
        for (const char* key : {"k4", "k5", "k6"})
            if (coefficient(key) != 0)
                keys.fail(key, "is not zero: name the camera_model, FULL_OPENCV or OPENCV_FISHEYE");
    }
}

void read_intrinsics(const Keys& keys, RigView& view) {
    Camera& camera = view.camera;
    camera.width = keys.whole_number("w", 1, kMaxImageSide).value_or(0);
    camera.height = keys.whole_number("h", 1, kMaxImageSide).value_or(0);
    if ((camera.width == 0) != (camera.height == 0))
        keys.fail(camera.width ? "h" : "w", "is missing: give both w and h, or neither");
    const double width = camera.width ? camera.width : kMaxImageSide;
    const double height = camera.height ? camera.height : kMaxImageSide;
    constexpr double kLeastFocal = 1e-3;
    const auto focal = [&](const char* key, double side) {
        return float(keys.number(key, kLeastFocal, kMaxRelativeFocal * side).value_or(0));
    };
    const auto principal = [&](const char* key, double side) {
        return float(keys.number(key, -kMaxRelativePrincipal * side, kMaxRelativePrincipal * side)
                         .value_or(std::numeric_limits<double>::quiet_NaN()));
    };
    camera.fx = focal("fl_x", width), camera.fy = focal("fl_y", height);
    camera.cx = principal("cx", width), camera.cy = principal("cy", height);
    constexpr double kMaxAngle = 3.1;
    view.angle_x = float(keys.number("camera_angle_x", 1e-4, kMaxAngle).value_or(0));
    view.angle_y = float(keys.number("camera_angle_y", 1e-4, kMaxAngle).value_or(0));
    if (camera.fx == 0 && view.angle_x == 0)
        keys.fail("fl_x", "is missing (and so is camera_angle_x): the focal length is needed");
    read_distortion(keys, view.distortion);
}

/// transform_matrix: camera to world, OpenGL axes (y up, z backwards).
void read_pose(const Keys& keys, const std::string& place, Camera& camera) {
    constexpr const char* kKey = "transform_matrix";
    const json* matrix = keys.find(kKey);
    if (!matrix) keys.fail(kKey, "is missing");
    if (!matrix->is_array() || (matrix->size() != 4 && matrix->size() != 3))
        keys.fail(kKey, "is not 4 rows of 4 numbers");
    double m[4][4] = {{}, {}, {}, {0, 0, 0, 1}};
    for (std::size_t row = 0; row < matrix->size(); ++row) {
        const json& values = (*matrix)[row];
        if (!values.is_array() || values.size() != 4) keys.fail(kKey, "is not 4 rows of 4 numbers");
        for (std::size_t column = 0; column < 4; ++column) {
            if (!values[column].is_number()) keys.fail(kKey, "is not 4 rows of 4 numbers");
            m[row][column] = values[column].get<double>();
        }
    }
    constexpr double kRounding = 1e-6;
    for (int column = 0; column < 4; ++column)
        if (!(std::abs(m[3][column] - (column == 3)) < kRounding))
            keys.fail(kKey, "does not end in the row 0 0 0 1");
    glm::dmat3 axes;
    for (int column = 0; column < 3; ++column)
        for (int row = 0; row < 3; ++row) axes[column][row] = m[row][column] * (column == 0 ? 1 : -1);
    set_pose(camera, axes, {m[0][3], m[1][3], m[2][3]}, fmt::format("{}: {}", place, kKey));
}

FrameRate read_fps(const Keys& keys) {
    const json* value = keys.find("fps");
    if (value->is_string()) {
        // "30000/1001"
        const std::string text = value->get<std::string>();
        int numerator = 0, denominator = 1;
        const char* const end = text.data() + text.size();
        std::from_chars_result read = std::from_chars(text.data(), end, numerator);
        if (read.ec == std::errc{} && read.ptr != end && *read.ptr == '/')
            read = std::from_chars(read.ptr + 1, end, denominator);
        if (read.ec == std::errc{} && read.ptr == end && numerator > 0 && denominator > 0 &&
            double(numerator) / denominator <= kMaxFps)
            return {numerator, denominator};
        keys.fail("fps", "is neither a number nor a fraction like \"30000/1001\"");
    }
    return exact_frame_rate(*keys.number("fps", 0.001, kMaxFps));
}

RigView read_entry(const Rig& rig, const json& root, const json& entry, std::size_t index) {
    RigView view;
    view.place = fmt::format("{}: frames[{}]", rig.file.string(), index);
    if (!entry.is_object()) throw InputError("{} is not an object", view.place);
    const json nothing = json::object();
    {
        const Keys own(entry, nothing, view.place);
        view.image_path = own.text("file_path").value_or("");
        if (view.image_path.empty()) own.fail("file_path", "is missing");
    }
    view.name = fs::path(view.image_path).lexically_normal().filename().string();
    view.place += fmt::format(" ({})", view.name);
    const Keys own(entry, nothing, view.place);
    read_intrinsics(Keys(entry, root, view.place), view);
    read_pose(own, view.place, view.camera);
    view.mask_path = own.text("mask_path").value_or("");
    view.background_path = own.text("background_path").value_or("");
    view.offset = own.whole_number("offset", -kMaxOffset, kMaxOffset).value_or(0);
    if (const auto time = entry.find("time"); time != entry.end() && time->is_number())
        view.time = time->get<double>();
    return view;
}

/// "offsets": {"<view's name or index>": frames}
void read_offsets(const json& root, Rig& rig) {
    const auto offsets = root.find("offsets");
    if (offsets == root.end() || offsets->is_null()) return;
    const std::string place = rig.file.string() + ": offsets";
    if (!offsets->is_object()) throw InputError("{} is not an object of views and frames", place);
    for (const auto& [view, frames] : offsets->items()) {
        if (has_control_characters(view))
            throw InputError("{}: a view's name holds a control character", place);
        rig.offsets.emplace_back(
            view,
            Keys(*offsets, *offsets, place).whole_number(view.c_str(), -kMaxOffset, kMaxOffset).value_or(0));
    }
}

}  // namespace

FrameRate exact_frame_rate(double fps) {
    const double whole = std::round(fps);
    if (whole >= 1 && std::abs(fps - whole) < 1e-6) return {int(whole), 1};
    // NTSC's rates are n * 1000 / 1001 and are written with two or three decimals, cut or rounded.
    constexpr double kCut = 0.0051;
    for (const int ntsc : {24, 30, 48, 60, 72, 90, 120, 240})
        if (std::abs(fps - ntsc * 1000.0 / 1001.0) < kCut) return {ntsc * 1000, 1001};
    const int thousandths = std::max(1, int(std::lround(fps * 1000)));
    const int common = std::gcd(thousandths, 1000);
    return {thousandths / common, 1000 / common};
}

Rig parse_transforms(std::span<const std::uint8_t> bytes, const fs::path& file,
                     std::vector<std::string>* problems) {
    Rig rig;
    rig.file = file, rig.folder = file.parent_path();
    const json root = parse_json(bytes, file.string());
    if (!root.is_object()) throw InputError("{}: not a JSON object", file.string());
    const Keys keys(root, root, file.string());
    const auto entries = root.find("frames");
    if (entries == root.end() || !entries->is_array() || entries->empty())
        throw InputError("{}: has no list \"frames\" with a camera in it", file.string());
    if (keys.find("fps")) rig.fps = read_fps(keys);
    rig.frame_count = keys.whole_number("frame_count", 1, kMaxFrames);
    rig.metres_per_unit = keys.number("metres_per_unit", 1e-6, 1e6).value_or(1);
    rig.points_path = keys.text("ply_file_path").value_or("");
    for (std::size_t i = 0; i < entries->size(); ++i) try {
            rig.views.push_back(read_entry(rig, root, (*entries)[i], i));
        } catch (const InputError& error) {
            if (!problems) throw;
            problems->push_back(error.what());
        }
    if (rig.views.empty()) throw InputError(problems->front());
    read_offsets(root, rig);
    return rig;
}

}  // namespace volumen
