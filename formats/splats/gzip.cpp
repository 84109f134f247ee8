#include "formats/splats/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "formats/core/error.h"

namespace volumen {
namespace {

/// zlib's window bits: the largest window, and a gzip header instead of zlib's.
constexpr int kGzipWindow = MAX_WBITS + 16;
/// Deflate makes at most 1,032 bytes of one (zlib's technical notes).
constexpr std::uint64_t kLargestRatio = 1032;
/// zlib counts in unsigned int.
constexpr std::size_t kPiece = std::numeric_limits<uInt>::max();

}  // namespace

struct GzipReader::State {
    std::span<const std::uint8_t> bytes;
    std::string name;
    z_stream stream{};
    std::size_t fed = 0;
    bool ended = false;

    /// Inflates into `out` until it is full or the stream ends; returns the bytes written.
    std::size_t inflate_into(std::span<std::uint8_t> out) {
        std::size_t written = 0;
        while (written < out.size() && !ended) {
            const uInt in_size = uInt(std::min(kPiece, bytes.size() - fed));
            const uInt out_size = uInt(std::min(kPiece, out.size() - written));
            stream.next_in = const_cast<Bytef*>(bytes.data() + fed);
            stream.avail_in = in_size;
            stream.next_out = out.data() + written;
            stream.avail_out = out_size;
            const int result = inflate(&stream, Z_NO_FLUSH);
            fed += in_size - stream.avail_in;
            written += out_size - stream.avail_out;
            ended = result == Z_STREAM_END;
            if (result == Z_BUF_ERROR) break;  // nothing left to read
            if (result != Z_OK && !ended)
                throw InputError("{}: its gzip data are damaged{}{}", name, stream.msg ? ": " : "",
                                 stream.msg ? stream.msg : "");
        }
        return written;
    }
};

GzipReader::GzipReader(std::span<const std::uint8_t> bytes, std::string name)
    : state_(std::make_unique<State>()) {
    state_->bytes = bytes;
    state_->name = std::move(name);
    if (inflateInit2(&state_->stream, kGzipWindow) != Z_OK)
        throw InputError("{}: zlib has no memory", state_->name);
}

GzipReader::~GzipReader() {
    inflateEnd(&state_->stream);
}

std::vector<std::uint8_t> GzipReader::take(std::uint64_t count) {
    if (count / kLargestRatio > state_->bytes.size())
        throw InputError("{}: truncated: {} bytes cannot hold the {} that its header speaks of", state_->name,
                         state_->bytes.size(), count);
    std::vector<std::uint8_t> out(static_cast<std::size_t>(count));
    const std::size_t written = state_->inflate_into(out);
    if (written < out.size())
        throw InputError("{}: truncated: {} more bytes wanted, {} are there", state_->name, count, written);
    return out;
}

std::vector<std::uint8_t> GzipReader::take_rest(std::uint64_t max_bytes) {
    std::vector<std::uint8_t> out(static_cast<std::size_t>(max_bytes));
    out.resize(state_->inflate_into(out));
    return out;
}

void GzipReader::finish() {
    std::uint8_t extra = 0;
    if (state_->inflate_into({&extra, 1}))
        throw InputError("{}: longer than its header says; the header is damaged", state_->name);
    if (!state_->ended) throw InputError("{}: truncated: its gzip data have no end", state_->name);
}

std::vector<std::uint8_t> gzip(std::span<const std::uint8_t> bytes) {
    constexpr int kMemory = 8;  // zlib's default
    z_stream stream{};
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        throw InputError("zlib has no memory");
    std::vector<std::uint8_t> out;
    std::array<std::uint8_t, 64 << 10> piece;
    std::size_t fed = 0;
    int result = Z_OK;
    while (result != Z_STREAM_END) {
        const std::size_t in_size = std::min<std::size_t>(bytes.size() - fed, kPiece);
        stream.next_in = const_cast<Bytef*>(bytes.data() + fed);
        stream.avail_in = uInt(in_size);
        stream.next_out = piece.data();
        stream.avail_out = uInt(piece.size());
        result = deflate(&stream, fed + in_size == bytes.size() ? Z_FINISH : Z_NO_FLUSH);
        fed += in_size - stream.avail_in;
        out.insert(out.end(), piece.begin(), piece.end() - stream.avail_out);
    }
    deflateEnd(&stream);
    return out;
}

}  // namespace volumen
