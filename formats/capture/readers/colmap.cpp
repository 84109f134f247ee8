#include "formats/capture/readers/colmap.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string_view>

#include "formats/capture/capture.h"
#include "formats/capture/readers/lens_models.h"
#include "formats/capture/readers/pose.h"
#include "formats/core/bytes.h"
#include "formats/core/error.h"
#include "formats/core/json.h"

namespace volumen {
namespace {

/// Images at kMaxViews views and a hundred frames; lenses are no more than images.
constexpr std::uint64_t kMaxImages = 100 * kMaxViews;
/// More points than any structure from motion makes.
constexpr std::uint64_t kMaxPoints = 64u << 20;
constexpr std::size_t kMaxName = 4096;
/// How far a quaternion's length may be from one: text files round.
constexpr double kMaxQuaternionError = 0.01;
constexpr std::size_t kPoint2dBytes = 24, kTrackBytes = 8;  ///< x, y, point id; image id, index

// What both forms share: values in, checked entries out.

ColmapCamera make_camera(const LensModel& model, double width, double height,
                         std::span<const double> parameters, const std::string& place) {
    if (!(width >= 1 && width <= kMaxImageSide && height >= 1 && height <= kMaxImageSide))
        throw InputError("{}: {} x {} pixels, but 1 to {} a side are accepted", place, width, height,
                         kMaxImageSide);
    ColmapCamera out;
    Camera& camera = out.intrinsics;
    Distortion& lens = out.distortion;
    camera.width = int(width), camera.height = int(height);
    lens.fisheye = model.fisheye;
    const double side = std::max(width, height);
    for (std::size_t i = 0; i < model.parameters.size(); ++i) {
        const double value = parameters[i];
        const auto within = [&](const char* what, double least, double most) {
            if (!(value >= least && value <= most))
                throw InputError("{}: {} is {}, outside {} to {}", place, what, value, least, most);
            return value;
        };
        const auto focal = [&] { return float(within("focal length", 1e-3, kMaxRelativeFocal * side)); };
        const auto principal = [&] {
            return float(
                within("principal point", -kMaxRelativePrincipal * side, kMaxRelativePrincipal * side));
        };
        const auto coefficient = [&] { return within("distortion", -kMaxDistortion, kMaxDistortion); };
        switch (model.parameters[i]) {
            case LensParameter::f:
                camera.fx = camera.fy = focal();
                break;
            case LensParameter::fx:
                camera.fx = focal();
                break;
            case LensParameter::fy:
                camera.fy = focal();
                break;
            case LensParameter::cx:
                camera.cx = principal();
                break;
            case LensParameter::cy:
                camera.cy = principal();
                break;
            case LensParameter::k1:
                lens.k1 = coefficient();
                break;
            case LensParameter::k2:
                lens.k2 = coefficient();
                break;
            case LensParameter::k3:
                lens.k3 = coefficient();
                break;
            case LensParameter::k4:
                lens.k4 = coefficient();
                break;
            case LensParameter::k5:
                lens.k5 = coefficient();
                break;
            case LensParameter::k6:
                lens.k6 = coefficient();
                break;
            case LensParameter::p1:
                lens.p1 = coefficient();
                break;
            case LensParameter::p2:
                lens.p2 = coefficient();
                break;
        }
    }
    return out;
}

void check_supported(const LensModel& model, const std::string& place) {
    if (!model.supported())
        throw InputError("{}: the camera model {} {}", place, model.name, kSupportedLenses);
}

/// World to camera: quaternion wxyz and translation.
ColmapImage make_image(std::uint64_t id, const double q[4], const double t[3], std::uint32_t camera_id,
                       std::string name, const std::string& file) {
    ColmapImage out;
    if (name.empty() || has_control_characters(name))
        throw InputError("{}: image {} has no name, or a damaged one", file, id);
    out.place = fmt::format("{}: image {} ({})", file, id, name);
    const double length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    if (!(std::abs(length - 1) <= kMaxQuaternionError))
        throw InputError("{}: its quaternion has length {}, not 1: recalibrate this camera", out.place,
                         length);
    const double w = q[0] / length, x = q[1] / length, y = q[2] / length, z = q[3] / length;
    // The rows of the rotation: the camera's axes in the world.
    const glm::dmat3 axes(glm::dvec3(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
                          glm::dvec3(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
                          glm::dvec3(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)));
    set_pose(out.pose, axes, -(axes * glm::dvec3(t[0], t[1], t[2])), out.place + ": pose");
    out.name = std::move(name), out.camera_id = camera_id;
    return out;
}

void add_point(PointCloud& cloud, const double position[3], const double colour[3], const std::string& file) {
    for (int a = 0; a < 3; ++a) {
        if (!(std::abs(position[a]) <= kMaxPosition) || !(colour[a] >= 0 && colour[a] <= 255))
            throw InputError("{}: point {} is damaged: coordinates beyond ±{} or colours beyond 255", file,
                             cloud.count(), kMaxPosition);
        cloud.positions.push_back(float(position[a]));
        cloud.colours.push_back(float(colour[a] / 255));
    }
}

std::uint64_t read_count(ByteReader& in, std::uint64_t most, const std::string& file) {
    const std::uint64_t count = in.u64();
    if (count > most) throw InputError("{}: {} entries, but at most {} are accepted", file, count, most);
    return count;
}

/// Skips a list whose length comes first.
void skip_list(ByteReader& in, std::size_t entry_bytes, const std::string& place) {
    const std::uint64_t count = in.u64();
    if (count > in.remaining() / entry_bytes)
        throw InputError("{}: lists {} points, more than the file holds; it is damaged", place, count);
    in.take(count * entry_bytes);
}

ColmapCameras binary_cameras(std::span<const std::uint8_t> bytes, const std::string& file) {
    ByteReader in(bytes, file);
    ColmapCameras out;
    for (std::uint64_t i = 0, count = read_count(in, kMaxImages, file); i < count; ++i) {
        const std::uint32_t id = in.u32();
        const std::string place = fmt::format("{}: camera {}", file, id);
        const int model_id = int(in.u32());
        const LensModel* model = find_lens_model(model_id);
        if (!model) throw InputError("{}: the camera model number {} {}", place, model_id, kSupportedLenses);
        check_supported(*model, place);
        const double width = double(in.u64()), height = double(in.u64());
        std::vector<double> parameters;
        for (std::size_t k = 0; k < model->parameters.size(); ++k) parameters.push_back(in.f64());
        if (!out.emplace(id, make_camera(*model, width, height, parameters, place)).second)
            throw InputError("{} occurs twice", place);
    }
    return out;
}

std::vector<ColmapImage> binary_images(std::span<const std::uint8_t> bytes, const std::string& file) {
    ByteReader in(bytes, file);
    std::vector<ColmapImage> out;
    for (std::uint64_t i = 0, count = read_count(in, kMaxImages, file); i < count; ++i) {
        const std::uint32_t id = in.u32();
        double q[4], t[3];
        for (double& value : q) value = in.f64();
        for (double& value : t) value = in.f64();
        const std::uint32_t camera_id = in.u32();
        std::string name;
        while (const std::uint8_t c = in.u8()) {
            name.push_back(char(c));
            if (name.size() > kMaxName)
                throw InputError("{}: image {} has a name of more than {} bytes; it is damaged", file, id,
                                 kMaxName);
        }
        out.push_back(make_image(id, q, t, camera_id, std::move(name), file));
        skip_list(in, kPoint2dBytes, out.back().place);
    }
    return out;
}

PointCloud binary_points(std::span<const std::uint8_t> bytes, const std::string& file) {
    ByteReader in(bytes, file);
    PointCloud out;
    for (std::uint64_t i = 0, count = read_count(in, kMaxPoints, file); i < count; ++i) {
        in.u64();  // id
        double position[3], colour[3];
        for (double& value : position) value = in.f64();
        for (double& value : colour) value = in.u8();
        in.f64();  // error
        add_point(out, position, colour, file);
        skip_list(in, kTrackBytes, fmt::format("{}: point {}", file, i));
    }
    return out;
}

/// The words of one line of a text table.
class Line {
  public:
    Line(std::string_view text, std::string place) : rest_(text), place_(std::move(place)) {}

    std::string_view word() {
        skip_blanks();
        const std::size_t end = std::min(rest_.find_first_of(" \t"), rest_.size());
        const std::string_view out = rest_.substr(0, end);
        rest_.remove_prefix(end);
        if (out.empty()) throw InputError("{}: ends early", place_);
        if (has_control_characters(out)) throw InputError("{}: holds bytes that are no text", place_);
        return out;
    }
    template <class T>
    T number() {
        const std::string_view text = word();
        T value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size())
            throw InputError("{}: \"{}\" is not a number that belongs there", place_, text);
        return value;
    }
    /// What is left, without blanks around it.
    std::string_view rest() {
        skip_blanks();
        const std::size_t end = rest_.find_last_not_of(" \t\r");
        return rest_.substr(0, end == rest_.npos ? 0 : end + 1);
    }
    const std::string& place() const { return place_; }

  private:
    void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r"), rest_.size())); }

    std::string_view rest_;
    std::string place_;
};

/// The lines of a text table; comments are left out, and empty lines where they mean nothing.
class Lines {
  public:
    Lines(std::span<const std::uint8_t> bytes, const std::string& file)
        : rest_(reinterpret_cast<const char*>(bytes.data()), bytes.size()), file_(file) {}

    std::optional<Line> next(bool keep_empty = false) {
        while (!rest_.empty()) {
            const std::size_t end = std::min(rest_.find('\n'), rest_.size());
            std::string_view text = rest_.substr(0, end);
            rest_.remove_prefix(std::min(end + 1, rest_.size()));
            ++number_;
            if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
            const std::size_t start = text.find_first_not_of(" \t");
            const bool empty = start == text.npos;
            if (empty ? keep_empty : text[start] != '#')
                return Line(text, fmt::format("{}: line {}", file_, number_));
        }
        return std::nullopt;
    }

  private:
    std::string_view rest_;
    const std::string& file_;
    std::size_t number_ = 0;
};

ColmapCameras text_cameras(std::span<const std::uint8_t> bytes, const std::string& file) {
    Lines lines(bytes, file);
    ColmapCameras out;
    while (std::optional<Line> line = lines.next()) {
        const auto id = line->number<std::uint32_t>();
        const std::string_view name = line->word();
        const LensModel* model = find_lens_model(name);
        if (!model) throw InputError("{}: the camera model {} {}", line->place(), name, kSupportedLenses);
        check_supported(*model, line->place());
        const double width = line->number<double>(), height = line->number<double>();
        std::vector<double> parameters;
        for (std::size_t k = 0; k < model->parameters.size(); ++k)
            parameters.push_back(line->number<double>());
        if (!line->rest().empty())
            throw InputError("{}: {} has {} parameters, here are more", line->place(), name,
                             model->parameters.size());
        if (!out.emplace(id, make_camera(*model, width, height, parameters, line->place())).second)
            throw InputError("{}: camera {} occurs twice", line->place(), id);
        if (out.size() > kMaxImages) throw InputError("{}: more than {} cameras", file, kMaxImages);
    }
    return out;
}

std::vector<ColmapImage> text_images(std::span<const std::uint8_t> bytes, const std::string& file) {
    Lines lines(bytes, file);
    std::vector<ColmapImage> out;
    while (std::optional<Line> line = lines.next()) {
        const auto id = line->number<std::uint32_t>();
        double q[4], t[3];
        for (double& value : q) value = line->number<double>();
        for (double& value : t) value = line->number<double>();
        const auto camera_id = line->number<std::uint32_t>();
        out.push_back(make_image(id, q, t, camera_id, std::string(line->rest()), file));
        if (out.size() > kMaxImages) throw InputError("{}: more than {} images", file, kMaxImages);
        lines.next(true);  // its points, perhaps none
    }
    return out;
}

PointCloud text_points(std::span<const std::uint8_t> bytes, const std::string& file) {
    Lines lines(bytes, file);
    PointCloud out;
    while (std::optional<Line> line = lines.next()) {
        line->number<std::uint64_t>();
        double position[3], colour[3];
        for (double& value : position) value = line->number<double>();
        for (double& value : colour) value = line->number<double>();
        add_point(out, position, colour, file);
    }
    return out;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

ColmapCameras parse_colmap_cameras(std::span<const std::uint8_t> bytes, ColmapForm form,
                                   const std::string& file) {
    return form == ColmapForm::binary ? binary_cameras(bytes, file) : text_cameras(bytes, file);
}

std::vector<ColmapImage> parse_colmap_images(std::span<const std::uint8_t> bytes, ColmapForm form,
                                             const std::string& file) {
    return form == ColmapForm::binary ? binary_images(bytes, file) : text_images(bytes, file);
}

PointCloud parse_colmap_points(std::span<const std::uint8_t> bytes, ColmapForm form,
                               const std::string& file) {
    return form == ColmapForm::binary ? binary_points(bytes, file) : text_points(bytes, file);
}

std::vector<RigView> colmap_views(const ColmapCameras& cameras, const std::vector<ColmapImage>& images) {
    std::vector<const ColmapImage*> sorted;
    for (const ColmapImage& image : images) sorted.push_back(&image);
    std::ranges::sort(sorted, [](const auto* a, const auto* b) { return natural_less(a->name, b->name); });
    std::vector<RigView> views;
    for (const ColmapImage* image : sorted) {
        if (!views.empty() && views.back().image_path == image->name)
            throw InputError("{}: has the name of another image, {}: two views need two names", image->place,
                             views.back().place);
        const auto camera = cameras.find(image->camera_id);
        if (camera == cameras.end())
            throw InputError("{}: there is no camera {} in the table of cameras", image->place,
                             image->camera_id);
        RigView view;
        view.image_path = image->name;
        view.name = std::filesystem::path(image->name).filename().string();
        view.place = image->place;
        view.camera = camera->second.intrinsics;
        view.camera.rotation = image->pose.rotation, view.camera.translation = image->pose.translation;
        view.distortion = camera->second.distortion;
        views.push_back(std::move(view));
    }
    return views;
}

bool natural_less(const std::string& a, const std::string& b) {
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        if (!is_digit(a[i]) || !is_digit(b[j])) {
            if (a[i] != b[j]) return a[i] < b[j];
            ++i, ++j;
            continue;
        }
        const auto number = [](const std::string& text, std::size_t& at) {
            while (at < text.size() && text[at] == '0') ++at;
            const std::size_t start = at;
            while (at < text.size() && is_digit(text[at])) ++at;
            return std::string_view(text).substr(start, at - start);
        };
        const std::string_view x = number(a, i), y = number(b, j);
        if (x.size() != y.size()) return x.size() < y.size();
        if (x != y) return x < y;
    }
    if ((i < a.size()) != (j < b.size())) return j < b.size();
    return a < b;  // they differ in leading zeros alone
}

}  // namespace volumen
