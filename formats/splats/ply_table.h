// The PLY container: header and columns of numbers. What the columns mean is ply.cpp's business.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace volumen {

enum class PlyFormat { ascii, little_endian, big_endian };
enum class PlyType { int8, uint8, int16, uint16, int32, uint32, float32, float64 };
std::size_t size_of(PlyType type);

struct PlyProperty {
    std::string name;
    PlyType type = PlyType::float32;
    std::optional<PlyType> list_count;  ///< the type of the count, when the property is a list
};

struct PlyElement {
    std::string name;
    std::uint64_t count = 0;
    std::vector<PlyProperty> properties;
};

/// A PLY file's header over its bytes, which must outlive it. Errors are InputErrors that name `file`.
class PlyTable {
  public:
    PlyTable(std::span<const std::uint8_t> bytes, std::string file);

    /// The element of this name; throws when there is none, when it has more than `max_count` rows, or when
    /// its rows cannot lie in the file.
    const PlyElement& element(std::string_view name, std::size_t max_count) const;
    /// The property's place in the element, or -1. Throws when it is a list.
    int find(const PlyElement& element, std::string_view property) const;

    /// Copies properties of an element that element() returned to float columns: columns[i] receives
    /// property properties[i] of all rows. Integers are converted as they are. Throws on NaN and Inf,
    /// unless they are to be kept.
    void read(const PlyElement& element, std::span<const int> properties, std::span<float* const> columns,
              bool keep_not_finite = false) const;

  private:
    void parse_header();
    void read_binary(const PlyElement& element, std::size_t begin, std::span<const int> properties,
                     std::span<float* const> columns, bool keep_not_finite) const;
    void read_ascii(const PlyElement& element, std::size_t begin, std::span<const int> properties,
                    std::span<float* const> columns, bool keep_not_finite) const;
    /// Where the element's data begin.
    std::size_t locate(const PlyElement& element) const;
    [[noreturn]] void fail_not_finite(const PlyElement& element, std::size_t row, int property) const;

    std::span<const std::uint8_t> bytes_;
    std::string file_;
    PlyFormat format_ = PlyFormat::ascii;
    std::vector<PlyElement> elements_;
    std::size_t data_begin_ = 0;
};

}  // namespace volumen
