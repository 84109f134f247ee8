// Writers of the compact splat formats, for tests: plain, and independent of the readers.
#pragma once

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "formats/splats/cloud.h"

namespace volumen {

inline void put_little(std::string& out, std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out.push_back(char(value >> (8 * i)));
}
inline void put_float(std::string& out, float value) {
    put_little(out, std::bit_cast<std::uint32_t>(value), 4);
}
inline std::uint8_t to_byte(double value) {
    return std::uint8_t(std::clamp(std::round(value), 0.0, 255.0));
}

/// One gzip member.
inline std::string gzip(const std::string& bytes) {
    z_stream stream{};
    deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&stream, uLong(bytes.size())) + 32, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = uInt(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = uInt(out.size());
    deflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    deflateEnd(&stream);
    return out;
}

/// What one gzip member of less than 4 kB holds.
inline std::string gunzip(const std::string& bytes) {
    z_stream stream{};
    inflateInit2(&stream, 16 + MAX_WBITS);
    std::string out(4096, '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    stream.avail_in = uInt(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = uInt(out.size());
    inflate(&stream, Z_FINISH);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
}

/// The unit quaternion of splat i as x y z w.
inline std::vector<double> xyzw(const SplatCloud& cloud, std::size_t i) {
    std::vector<double> q;
    for (const int k : {1, 2, 3, 0}) q.push_back(cloud.channel(SplatCloud::kRotation + k)[i]);
    const double length = std::sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
    for (double& v : q) v /= length;
    return q;
}

/// The uncompressed contents of an .spz of version 2 or 3 with 12 fractional bits.
inline std::string spz_contents(const SplatCloud& cloud, int version) {
    // The file's axes are right, up, back: y and z of ours change their sign.
    const auto at = [&](int channel, std::size_t i) { return double(cloud.channel(channel)[i]); };
    std::string out = "NGSP";
    put_little(out, std::uint64_t(version), 4), put_little(out, cloud.count, 4);
    put_little(out, std::uint64_t(cloud.sh_degree), 1), put_little(out, 12, 1), put_little(out, 0, 2);
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int a = 0; a < 3; ++a)
            put_little(out, std::uint64_t(std::llround(at(a, i) * (a ? -4096 : 4096))), 3);
    for (std::size_t i = 0; i < cloud.count; ++i)
        out.push_back(char(to_byte(255 / (1 + std::exp(-at(SplatCloud::kOpacity, i))))));
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int c = 0; c < 3; ++c)
            out.push_back(char(to_byte((at(SplatCloud::kSh + c, i) * 0.15 + 0.5) * 255)));
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int a = 0; a < 3; ++a) out.push_back(char(to_byte((at(SplatCloud::kScale + a, i) + 10) * 16)));
    for (std::size_t i = 0; i < cloud.count; ++i) {
        std::vector<double> q = xyzw(cloud, i);
        q[1] = -q[1], q[2] = -q[2];
        if (version == 2) {
            for (int k = 0; k < 3; ++k)
                out.push_back(char(to_byte(q[std::size_t(k)] * (q[3] < 0 ? -127.5 : 127.5) + 127.5)));
            continue;
        }
        std::size_t largest = 0;
        for (std::size_t k = 1; k < 4; ++k)
            if (std::abs(q[k]) > std::abs(q[largest])) largest = k;
        std::uint32_t code = std::uint32_t(largest);
        for (std::size_t k = 0; k < 4; ++k) {
            if (k == largest) continue;
            const bool negative = (q[k] < 0) != (q[largest] < 0);
            code = code << 10 | std::uint32_t(negative) << 9 |
                   std::uint32_t(511 * std::abs(q[k]) * std::sqrt(2.0) + 0.5);
        }
        put_little(out, code, 4);
    }
    // Which basis functions are odd in y and z together.
    const int odd[] = {1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0};
    for (std::size_t i = 0; i < cloud.count; ++i)
        for (int k = 1; k < sh_coefficients(cloud.sh_degree); ++k)
            for (int c = 0; c < 3; ++c) {
                const double v = at(SplatCloud::kSh + 3 * k + c, i);
                out.push_back(char(to_byte((odd[k - 1] ? -v : v) * 128 + 128)));
            }
    return out;
}

/// A whole .spz of version 4, with these extensions.
inline std::string spz4_contents(const SplatCloud& cloud, const std::string& extensions = "") {
    const std::string contents = spz_contents(cloud, 3);
    const std::size_t details = 3 * std::size_t(sh_coefficients(cloud.sh_degree) - 1);
    std::string table, streams;
    int count = 0;
    std::size_t at = 16;
    for (const std::size_t bytes :
         {std::size_t(9), std::size_t(1), std::size_t(3), std::size_t(3), std::size_t(4), details}) {
        const std::size_t size = bytes * cloud.count;
        if (!size) continue;
        std::string stream(ZSTD_compressBound(size), '\0');
        stream.resize(ZSTD_compress(stream.data(), stream.size(), contents.data() + at, size, 3));
        put_little(table, stream.size(), 8), put_little(table, size, 8);
        streams += stream;
        at += size, ++count;
    }
    std::string out = contents.substr(0, 14);
    out[4] = 4;
    put_little(out, extensions.empty() ? 0 : 2, 1), put_little(out, std::uint64_t(count), 1);
    put_little(out, 32 + extensions.size(), 4), put_little(out, 0, 8), put_little(out, 0, 4);
    return out + extensions + table + streams;
}

/// A whole .splat file; of the colours only the base is kept.
inline std::string splat_contents(const SplatCloud& cloud) {
    std::string out;
    for (std::size_t i = 0; i < cloud.count; ++i) {
        for (int a = 0; a < 3; ++a) put_float(out, cloud.channel(a)[i]);
        for (int a = 0; a < 3; ++a) put_float(out, std::exp(cloud.channel(SplatCloud::kScale + a)[i]));
        for (int c = 0; c < 3; ++c)
            out.push_back(char(to_byte((cloud.channel(SplatCloud::kSh + c)[i] * 0.28209479 + 0.5) * 255)));
        out.push_back(char(to_byte(255 / (1 + std::exp(-double(cloud.channel(SplatCloud::kOpacity)[i]))))));
        const std::vector<double> q = xyzw(cloud, i);
        for (const std::size_t k : {3u, 0u, 1u, 2u}) out.push_back(char(to_byte(q[k] * 128 + 128)));
    }
    return out;
}

}  // namespace volumen
