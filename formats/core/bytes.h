// Little-endian bytes in memory: a reader that never leaves its range, and a writer.
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "formats/core/error.h"

namespace volumen {

using Bytes = std::vector<std::uint8_t>;

/// Reads integers and floats one after the other. Reading past the end throws InputError naming `what`.
class ByteReader {
  public:
    ByteReader(std::span<const std::uint8_t> bytes, std::string what)
        : bytes_(bytes), what_(std::move(what)) {}

    std::size_t position() const { return position_; }
    std::size_t remaining() const { return bytes_.size() - position_; }

    std::span<const std::uint8_t> take(std::uint64_t count) {
        if (count > remaining())
            throw InputError("{}: ends early, {} bytes wanted at byte {} of {}; the file is damaged", what_,
                             count, position_, bytes_.size());
        const auto out = bytes_.subspan(position_, std::size_t(count));
        position_ += std::size_t(count);
        return out;
    }
    std::uint8_t u8() { return take(1)[0]; }
    std::uint16_t u16() { return integer<std::uint16_t>(); }
    std::uint32_t u32() { return integer<std::uint32_t>(); }
    std::uint64_t u64() { return integer<std::uint64_t>(); }
    float f32() { return std::bit_cast<float>(u32()); }
    double f64() { return std::bit_cast<double>(u64()); }
    /// Big-endian, as in MP4 boxes.
    std::uint32_t u32_big() {
        const auto b = take(4);
        return std::uint32_t(b[0]) << 24 | std::uint32_t(b[1]) << 16 | std::uint32_t(b[2]) << 8 | b[3];
    }

  private:
    template <std::unsigned_integral T>
    T integer() {
        T value = 0;
        int bit = 0;
        for (const std::uint8_t byte : take(sizeof(T))) value = T(value | T(byte) << bit), bit += 8;
        return value;
    }

    std::span<const std::uint8_t> bytes_;
    std::string what_;
    std::size_t position_ = 0;
};

/// Appends integers and floats.
class ByteWriter {
  public:
    void u8(std::uint8_t v) { bytes_.push_back(v); }
    void u16(std::uint16_t v) { integer(v); }
    void u32(std::uint32_t v) { integer(v); }
    void u64(std::uint64_t v) { integer(v); }
    void f32(float v) { integer(std::bit_cast<std::uint32_t>(v)); }
    void append(std::span<const std::uint8_t> v) { bytes_.insert(bytes_.end(), v.begin(), v.end()); }

    std::size_t size() const { return bytes_.size(); }
    const Bytes& bytes() const { return bytes_; }
    Bytes release() { return std::move(bytes_); }

  private:
    template <std::unsigned_integral T>
    void integer(T v) {
        for (std::size_t i = 0; i < sizeof(T); ++i) bytes_.push_back(std::uint8_t(v >> (8 * i)));
    }

    Bytes bytes_;
};

}  // namespace volumen
