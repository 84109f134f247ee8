#include "formats/capture/rig_file.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "formats/capture/capture.h"
#include "formats/core/error.h"
#include "formats/core/file.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// kMaxViews views at several hundred frames each listed one by one fit in this.
constexpr std::uint64_t kMaxJsonBytes = 64u << 20;
/// Largest deviation of RᵀR from the identity that counts as rounding.
constexpr double kMaxRotationError = 0.01;
/// No lens has coefficients beyond this on normalised coordinates.
constexpr double kMaxDistortion = 100;
/// Focal lengths and principal points in units of the image's size: telescopes pass, nonsense does not.
constexpr double kMaxRelativeFocal = 1000, kMaxRelativePrincipal = 10;
constexpr double kMaxFps = 1000, kMaxPosition = 1e6;
/// Frames that a view may be ahead or behind: more is another recording.
constexpr int kMaxOffset = 10000;

constexpr const char* kVideoExtensions[] = {".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".mpg",
                                            ".ts",  ".ivf", ".y4m", ".264", ".h264", ".265", ".hevc"};

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = char(c + 32);
    return text;
}

bool is_video(const fs::path& file) {
    const std::string extension = lower(file.extension().string());
    return std::any_of(std::begin(kVideoExtensions), std::end(kVideoExtensions),
                       [&](const char* known) { return extension == known; });
}

/// Looks keys up in one entry of "frames" first, then in the whole file.
class Keys {
  public:
    Keys(const json& entry, const json& root, std::string place)
        : entry_(entry), root_(root), place_(std::move(place)) {}

    const json* find(const char* key) const {
        for (const json* level : {&entry_, &root_})
            if (const auto found = level->find(key); found != level->end() && !found->is_null())
                return &*found;
        return nullptr;
    }

    std::optional<double> number(const char* key, double least, double most) const {
        const json* value = find(key);
        if (!value) return std::nullopt;
        if (!value->is_number()) fail(key, "is not a number");
        const double number = value->get<double>();
        if (!(number >= least && number <= most))
            fail(key, fmt::format("is {}, outside {} to {}", number, least, most));
        return number;
    }

    std::optional<std::string> text(const char* key) const {
        const json* value = find(key);
        if (!value) return std::nullopt;
        if (!value->is_string()) fail(key, "is not a string");
        return value->get<std::string>();
    }

    [[noreturn]] void fail(const char* key, const std::string& what) const {
        throw InputError("{}: {} {}", place_, key, what);
    }

  private:
    const json &entry_, &root_;
    std::string place_;
};

int image_side(const Keys& keys, const char* key) {
    const double side = keys.number(key, 1, kMaxImageSide).value_or(0);
    if (side != std::floor(side)) keys.fail(key, "is not a whole number");
    return int(side);
}

void check_lens_model(const Keys& keys) {
    if (const std::optional<std::string> model = keys.text("camera_model")) {
        constexpr const char* kKnown[] = {"OPENCV", "PINHOLE", "SIMPLE_PINHOLE", "SIMPLE_RADIAL", "RADIAL"};
        if (std::none_of(std::begin(kKnown), std::end(kKnown), [&](const char* k) { return *model == k; }))
            keys.fail("camera_model",
                      "is " + *model + ", which is not supported: undistort the images to PINHOLE or OPENCV");
    }
    if (const json* fisheye = keys.find("is_fisheye"); fisheye && *fisheye != json(false))
        keys.fail("is_fisheye", "is set: fisheye lenses are not supported, undistort the images");
    for (const char* key : {"k4", "k5", "k6"})
        if (keys.number(key, -kMaxDistortion, kMaxDistortion).value_or(0) != 0)
            keys.fail(key, "is not zero: only k1, k2, k3, p1, p2 are supported");
}

void read_intrinsics(const Keys& keys, RigView& view) {
    check_lens_model(keys);
    Camera& camera = view.camera;
    camera.width = image_side(keys, "w"), camera.height = image_side(keys, "h");
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
    const auto coefficient = [&](const char* key) {
        return keys.number(key, -kMaxDistortion, kMaxDistortion).value_or(0);
    };
    view.distortion = {coefficient("k1"), coefficient("k2"), coefficient("k3"), coefficient("p1"),
                       coefficient("p2")};
}

/// transform_matrix: camera to world, OpenGL axes (y up, z backwards). Our cameras are world to camera with
/// y down, z forwards.
void read_pose(const Keys& keys, Camera& camera) {
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
            if (!(std::abs(m[row][column]) <= kMaxPosition))
                keys.fail(kKey, fmt::format("holds {}, beyond ±{}", m[row][column], kMaxPosition));
        }
    }
    if (m[3][0] != 0 || m[3][1] != 0 || m[3][2] != 0 || m[3][3] != 1)
        keys.fail(kKey, "does not end in the row 0 0 0 1");
    // Columns of the rotation are the camera's axes in the world.
    glm::dmat3 axes;
    for (int column = 0; column < 3; ++column)
        for (int row = 0; row < 3; ++row) axes[column][row] = m[row][column] * (column == 0 ? 1 : -1);
    const glm::dmat3 square = glm::transpose(axes) * axes;
    double error = 0;
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 3; ++j) error = std::max(error, std::abs(square[i][j] - (i == j)));
    if (!(error <= kMaxRotationError))
        keys.fail(kKey, fmt::format("is not a rotation: its axes are off by {:.3g} from orthonormal", error));
    if (glm::determinant(axes) < 0) keys.fail(kKey, "mirrors: its determinant is negative");
    // The nearest rotation, by Newton's iteration for the polar decomposition.
    for (int i = 0; i < 4; ++i) axes = 0.5 * (axes + glm::inverse(glm::transpose(axes)));
    const glm::dmat3 rotation = glm::transpose(axes);
    camera.rotation = glm::mat3(rotation);
    camera.translation = glm::vec3(-(rotation * glm::dvec3(m[0][3], m[1][3], m[2][3])));
}

/// Splits a path at its last folder that is a number.
FramePath frame_path(const fs::path& file) {
    FramePath out;
    out.first = file;
    std::vector<fs::path> parts(file.begin(), file.end());
    for (std::size_t i = parts.size(); i-- > 1;) {
        const std::string name = parts[i - 1].string();
        int number = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (error != std::errc{} || end != name.data() + name.size() || number < 0) continue;
        out.numbered = true;
        out.first_number = number;
        out.digits = name.size() > 1 && name[0] == '0' ? name.size() : 0;
        for (std::size_t j = 0; j + 1 < i; ++j) out.before /= parts[j];
        for (std::size_t j = i; j < parts.size(); ++j) out.after /= parts[j];
        break;
    }
    return out;
}

bool is_file(const fs::path& file) {
    std::error_code ignored;
    return fs::is_regular_file(file, ignored);
}

/// The image's file; synthetic captures name it without its extension.
fs::path with_extension(const fs::path& file) {
    if (file.has_extension() || is_file(file)) return file;
    for (const char* extension : {".png", ".jpg", ".jpeg"})
        if (fs::path longer = file.string() + extension; is_file(longer)) return longer;
    return file;
}

/// A mask in a folder beside the images': image/0/3.png has mask/0/3.png or masks/0/3.png.
std::optional<fs::path> mask_beside(const fs::path& folder, const fs::path& relative) {
    if (relative.is_absolute()) return std::nullopt;
    std::vector<fs::path> parts(relative.begin(), relative.end());
    const auto images = std::find_if(parts.begin(), parts.end() - 1,
                                     [](const fs::path& part) { return part.string().starts_with("image"); });
    for (const char* name : {"mask", "masks"}) {
        fs::path candidate = folder;
        if (images == parts.end() - 1) candidate /= name;
        for (auto part = parts.begin(); part != parts.end(); ++part)
            candidate /= part == images && images != parts.end() - 1 ? fs::path(name) : *part;
        if (is_file(candidate)) return candidate;
        candidate.replace_extension(".png");
        if (is_file(candidate)) return candidate;
    }
    return std::nullopt;
}

/// The file background_path names, or background/<name without extension>.png or .jpg.
std::optional<fs::path> background_of(const Keys& own, const fs::path& folder, const std::string& name) {
    if (const std::optional<std::string> path = own.text("background_path"); path && !path->empty()) {
        if (path->find('\0') != path->npos) own.fail("background_path", "holds a zero byte");
        const fs::path file = folder / fs::path(*path).lexically_normal();
        if (!is_file(file)) own.fail("background_path", file.string() + " does not exist");
        return file;
    }
    for (const char* extension : {".png", ".jpg"})
        if (const fs::path file = folder / "background" / (fs::path(name).stem().string() + extension);
            is_file(file))
            return file;
    return std::nullopt;
}

int offset_of(const Keys& keys, const char* key) {
    const double offset = keys.number(key, -kMaxOffset, kMaxOffset).value_or(0);
    if (offset != std::floor(offset)) keys.fail(key, "is not a whole number of frames");
    return int(offset);
}

/// "offsets": {"<view's name or index>": frames}
void read_offsets(const json& root, RigFile& rig) {
    const auto offsets = root.find("offsets");
    if (offsets == root.end() || offsets->is_null()) return;
    const std::string place = rig.file.string() + ": offsets";
    if (!offsets->is_object()) throw InputError("{} is not an object of views and frames", place);
    for (const auto& [key, value] : offsets->items()) {
        auto view =
            std::find_if(rig.views.begin(), rig.views.end(), [&](const RigView& v) { return v.name == key; });
        std::size_t index = 0;
        const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
        if (view == rig.views.end() && error == std::errc{} && end == key.data() + key.size() &&
            index < rig.views.size())
            view = rig.views.begin() + std::ptrdiff_t(index);
        if (view == rig.views.end())
            throw InputError("{}: there is no view {}: views go by name or by index, 0 to {}", place, key,
                             rig.views.size() - 1);
        view->offset = offset_of(Keys(*offsets, *offsets, place), key.c_str());
    }
}

bool same_pose(const Camera& a, const Camera& b) {
    const auto near = [](const glm::vec3& u, const glm::vec3& v) { return glm::length(u - v) < 1e-4f; };
    return near(a.translation, b.translation) && near(a.rotation[0], b.rotation[0]) &&
           near(a.rotation[1], b.rotation[1]) && near(a.rotation[2], b.rotation[2]);
}

/// Entries that differ only in the frame's folder become one view with several frames.
void group_frames(RigFile& rig) {
    std::map<std::pair<fs::path, fs::path>, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < rig.views.size(); ++i)
        if (const FramePath& image = rig.views[i].image; image.numbered)
            groups[{image.before, image.after}].push_back(i);
    const bool sequence =
        std::any_of(groups.begin(), groups.end(), [](const auto& g) { return g.second.size() > 1; });
    if (!sequence) return;
    for (const RigView& view : rig.views)
        if (!view.image.numbered)
            throw InputError("{}: is one image, while other views list several frames", view.place);
    std::set<std::size_t> dropped;
    std::optional<int> first, frames;
    for (auto& [key, members] : groups) {
        const auto number = [&](std::size_t i) { return rig.views[i].image.first_number; };
        const std::size_t kept = members.front();
        std::set<int> numbers;
        for (std::size_t i : members) {
            if (!numbers.insert(number(i)).second)
                throw InputError("{}: the same file occurs twice", rig.views[i].place);
            if (!same_pose(rig.views[i].camera, rig.views[kept].camera))
                throw InputError("{}: its pose differs from that of {}: cameras that move are not supported",
                                 rig.views[i].place, rig.views[kept].place);
            if (i != kept) dropped.insert(i);
        }
        const int count = int(numbers.size());
        if (*numbers.rbegin() - *numbers.begin() + 1 != count)
            throw InputError("{}: of this view, frames are missing between {} and {}", rig.views[kept].place,
                             *numbers.begin(), *numbers.rbegin());
        if (first.value_or(*numbers.begin()) != *numbers.begin() || frames.value_or(count) != count)
            throw InputError("{}: has other frames listed than the views before it", rig.views[kept].place);
        first = *numbers.begin(), frames = count;
        const auto earliest = *std::min_element(members.begin(), members.end(),
                                                [&](auto a, auto b) { return number(a) < number(b); });
        rig.views[kept].image = rig.views[earliest].image;
        rig.views[kept].mask = rig.views[earliest].mask;
    }
    std::vector<RigView> kept;
    for (std::size_t i = 0; i < rig.views.size(); ++i)
        if (!dropped.contains(i)) kept.push_back(std::move(rig.views[i]));
    rig.views = std::move(kept);
    if (!rig.frame_count) rig.frame_count = frames;
}

/// One camera that moves while time goes by (entries with different "time") would pass for many views of one
/// moment.
void refuse_moving_camera(const json& entries, const RigFile& rig) {
    const auto time = [](const json& entry) {
        const auto found = entry.find("time");
        return found != entry.end() && found->is_number() ? found->get<double>() : 0.0;
    };
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (time(entries[i]) != time(entries[0]) && !rig.views[i].image.numbered)
            throw InputError(
                "{}: time differs from that of the first entry: one moving camera is not a capture, "
                "several views of each moment are needed",
                rig.views[i].place);
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

RigView read_entry(const RigFile& rig, const json& root, const json& entry, std::size_t index) {
    RigView view;
    view.place = fmt::format("{}: frames[{}]", rig.file.string(), index);
    if (!entry.is_object()) throw InputError("{} is not an object", view.place);
    const json nothing = json::object();
    const Keys own(entry, nothing, view.place);
    const std::optional<std::string> path = own.text("file_path");
    if (!path || path->empty()) own.fail("file_path", "is missing");
    if (path->find('\0') != path->npos) own.fail("file_path", "holds a zero byte");
    const fs::path folder = rig.file.parent_path();
    const fs::path relative = fs::path(*path).lexically_normal();
    view.name = relative.filename().string();
    view.place += fmt::format(" ({})", view.name);
    const fs::path file = with_extension(folder / relative);
    view.video = is_video(file);
    view.image = view.video ? FramePath{.first = file, .before = {}, .after = {}} : frame_path(file);

    view.offset = offset_of(own, "offset");
    view.background = background_of(own, folder, view.name);

    const Keys keys(entry, root, view.place);
    read_intrinsics(keys, view);
    read_pose(Keys(entry, nothing, view.place), view.camera);

    std::optional<fs::path> mask;
    if (const std::optional<std::string> mask_path = own.text("mask_path");
        mask_path && !mask_path->empty()) {
        if (mask_path->find('\0') != mask_path->npos) own.fail("mask_path", "holds a zero byte");
        mask = folder / fs::path(*mask_path).lexically_normal();
        if (!is_file(*mask)) own.fail("mask_path", mask->string() + " does not exist");
    } else {
        mask = mask_beside(folder, relative);
    }
    if (mask) {
        if (is_video(*mask) != view.video) own.fail("mask_path", "must be a video where the view is one");
        view.mask = view.video ? FramePath{.first = *mask, .before = {}, .after = {}} : frame_path(*mask);
    }
    return view;
}

}  // namespace

fs::path FramePath::folder(int frame) const {
    return before / fmt::format("{:0{}}", first_number + frame, digits);
}

fs::path FramePath::file(int frame) const {
    return numbered && frame > 0 ? folder(frame) / after : first;
}

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

RigFile read_rig_file(const fs::path& path) {
    RigFile rig;
    std::error_code error;
    rig.file = fs::is_directory(path, error) ? path / "transforms.json" : path;
    const std::vector<std::uint8_t> bytes = read_file(rig.file, kMaxJsonBytes);
    json root;
    try {
        root = json::parse(bytes.begin(), bytes.end());
    } catch (const json::exception& problem) {
        throw InputError("{}: not JSON: {}", rig.file.string(), problem.what());
    }
    if (!root.is_object()) throw InputError("{}: not a JSON object", rig.file.string());
    const Keys keys(root, root, rig.file.string());
    const auto entries = root.find("frames");
    if (entries == root.end() || !entries->is_array() || entries->empty())
        throw InputError("{}: has no list \"frames\" with a camera in it", rig.file.string());

    if (keys.find("fps")) rig.fps = read_fps(keys);
    if (const std::optional<double> count = keys.number("frame_count", 1, kMaxFrames)) {
        if (*count != std::floor(*count)) keys.fail("frame_count", "is not a whole number");
        rig.frame_count = int(*count);
    }
    rig.metres_per_unit = keys.number("metres_per_unit", 1e-6, 1e6).value_or(1);
    if (const std::optional<std::string> points = keys.text("ply_file_path"); points && !points->empty())
        rig.points = rig.file.parent_path() / fs::path(*points).lexically_normal();

    for (std::size_t i = 0; i < entries->size(); ++i)
        rig.views.push_back(read_entry(rig, root, (*entries)[i], i));
    refuse_moving_camera(*entries, rig);
    group_frames(rig);
    read_offsets(root, rig);
    if (rig.views.size() > std::size_t(kMaxViews))
        throw InputError("{}: {} views, but at most {} are accepted", rig.file.string(), rig.views.size(),
                         kMaxViews);
    for (const RigView& view : rig.views)
        if (view.video != rig.views.front().video)
            throw InputError("{}: a video and an image as views of one capture", view.place);
    return rig;
}

}  // namespace volumen
