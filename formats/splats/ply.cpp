#include "formats/splats/ply.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/splats/ply_table.h"

namespace volumen {
namespace {

/// kMaxSplats of SH degree 3 in doubles, with normals.
constexpr std::uint64_t kMaxFileBytes = kMaxSplats * 62 * sizeof(double) + (64 << 10);
/// More points than any structure from motion makes; 1.5 GB of floats.
constexpr std::size_t kMaxPoints = 64u << 20;
/// Rows written at a time.
constexpr std::size_t kRowsAtOnce = 1024;

struct Column {
    std::string name;
    int channel;  ///< of the cloud
};

/// Property names of the reference trainer and the cloud's channels that hold them, in the trainer's order.
std::vector<Column> splat_columns(int sh_degree) {
    std::vector<Column> columns;
    for (int a = 0; a < 3; ++a) columns.push_back({std::string(1, char('x' + a)), SplatCloud::kPosition + a});
    for (int c = 0; c < 3; ++c) columns.push_back({fmt::format("f_dc_{}", c), SplatCloud::kSh + c});
    const int rest = sh_coefficients(sh_degree) - 1;
    for (int c = 0; c < 3; ++c)
        for (int k = 0; k < rest; ++k)
            columns.push_back({fmt::format("f_rest_{}", c * rest + k), SplatCloud::kSh + 3 * (k + 1) + c});
    columns.push_back({"opacity", SplatCloud::kOpacity});
    for (int a = 0; a < 3; ++a) columns.push_back({fmt::format("scale_{}", a), SplatCloud::kScale + a});
    for (int q = 0; q < 4; ++q) columns.push_back({fmt::format("rot_{}", q), SplatCloud::kRotation + q});
    return columns;
}

int sh_degree_of(const PlyElement& vertex, const std::string& file) {
    const auto rest = std::count_if(vertex.properties.begin(), vertex.properties.end(),
                                    [](const PlyProperty& p) { return p.name.starts_with("f_rest_"); });
    for (int degree = 0; degree <= kMaxShDegree; ++degree)
        if (rest == 3 * (sh_coefficients(degree) - 1)) return degree;
    throw InputError("{}: {} f_rest properties, expected 0, 9, 24 or 45 (SH degree 0 to {})", file, rest,
                     kMaxShDegree);
}

void append(std::vector<std::uint8_t>& out, float value) {
    std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
    for (int i = 0; i < 4; ++i, bits >>= 8) out.push_back(std::uint8_t(bits));
}

/// Refuses the PLYs of splats that hold something else than numbers of their own for each splat.
void refuse_compressed(const PlyTable& table, const PlyElement& vertex, const std::string& file) {
    if (table.find(vertex, "packed_position") >= 0)
        throw InputError("{}: a compressed PLY (PlayCanvas); convert it to a 3DGS .ply or an .spz", file);
}

}  // namespace

SplatCloud read_ply(const std::filesystem::path& file) {
    return parse_ply(read_file(file, kMaxFileBytes), file.string(), NotFinite::refuse);
}

SplatCloud parse_ply(std::span<const std::uint8_t> bytes, const std::string& file, NotFinite not_finite) {
    const PlyTable table(bytes, file);
    const PlyElement& vertex = table.element("vertex", kMaxSplats);
    refuse_compressed(table, vertex, file);
    const int degree = sh_degree_of(vertex, file);

    std::vector<int> properties;
    std::vector<int> channels;
    for (const Column& column : splat_columns(degree)) {
        properties.push_back(table.find(vertex, column.name));
        channels.push_back(column.channel);
        if (properties.back() < 0)
            throw InputError("{}: not a splat file: the vertex element has no property {}", file,
                             column.name);
    }
    SplatCloud cloud(std::size_t(vertex.count), degree);
    std::vector<float*> columns;
    for (int channel : channels) columns.push_back(cloud.channel(channel).data());
    table.read(vertex, properties, columns, not_finite == NotFinite::keep);
    if (not_finite == NotFinite::keep) return cloud;

    for (std::size_t i = 0; i < cloud.count; ++i) {
        bool zero = true;
        for (int q = 0; q < 4; ++q) zero &= cloud.channel(SplatCloud::kRotation + q)[i] == 0;
        if (zero) throw InputError("{}: vertex {}: the rotation has length zero", file, i);
    }
    return cloud;
}

void write_ply(const std::filesystem::path& file, const SplatCloud& cloud) {
    const std::vector<Column> columns = splat_columns(cloud.sh_degree);
    std::string header =
        fmt::format("ply\nformat binary_little_endian 1.0\nelement vertex {}\n", cloud.count);
    // Null stands for a normal, which splats have not and the reference trainer writes as zero.
    std::vector<const float*> sources;
    const auto add = [&](const std::string& name, const float* source) {
        header += fmt::format("property float {}\n", name);
        sources.push_back(source);
    };
    for (std::size_t i = 0; i < columns.size(); ++i) {
        if (i == 3)
            for (const char* normal : {"nx", "ny", "nz"}) add(normal, nullptr);
        add(columns[i].name, cloud.channel(columns[i].channel).data());
    }
    header += "end_header\n";

    NewFile out(file);
    std::vector<std::uint8_t> buffer(header.begin(), header.end());
    for (std::size_t row = 0; row < cloud.count; row += kRowsAtOnce) {
        for (std::size_t i = row; i < std::min(row + kRowsAtOnce, cloud.count); ++i)
            for (const float* source : sources) append(buffer, source ? source[i] : 0.0f);
        out.write(buffer);
        buffer.clear();
    }
    out.write(buffer);
    out.commit();
}

PointCloud read_points_ply(const std::filesystem::path& file) {
    const std::vector<std::uint8_t> bytes = read_file(file, kMaxFileBytes);
    const PlyTable table(bytes, file.string());
    const PlyElement& vertex = table.element("vertex", kMaxPoints);
    const std::size_t count = std::size_t(vertex.count);

    std::vector<int> properties;
    for (const char* name : {"x", "y", "z"}) {
        properties.push_back(table.find(vertex, name));
        if (properties.back() < 0)
            throw InputError("{}: the vertex element has no property {}", file.string(), name);
    }
    const int red = table.find(vertex, "red"), green = table.find(vertex, "green"),
              blue = table.find(vertex, "blue");
    const bool coloured = red >= 0 && green >= 0 && blue >= 0;
    if (coloured) properties.insert(properties.end(), {red, green, blue});

    std::vector<float> planar(count * properties.size());
    std::vector<float*> columns;
    for (std::size_t c = 0; c < properties.size(); ++c) columns.push_back(planar.data() + c * count);
    table.read(vertex, properties, columns);

    PointCloud points;
    points.positions.resize(count * 3);
    for (std::size_t i = 0; i < count * 3; ++i) points.positions[i] = columns[i % 3][i / 3];
    if (!coloured) return points;
    points.colours.resize(count * 3);
    for (std::size_t c = 0; c < 3; ++c) {
        // Colours are bytes, 16-bit words, or floats in [0, 1] already.
        const PlyType type = vertex.properties[std::size_t(properties[3 + c])].type;
        const float full = type == PlyType::uint8 ? 255.0f : type == PlyType::uint16 ? 65535.0f : 1.0f;
        for (std::size_t i = 0; i < count; ++i)
            points.colours[3 * i + c] = std::clamp(columns[3 + c][i] / full, 0.0f, 1.0f);
    }
    return points;
}

}  // namespace volumen
