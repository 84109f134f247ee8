// Gzip: whole to write, and to read never further than asked.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace volumen {

/// Reads one gzip member piece by piece. Errors are InputErrors that name the file.
class GzipReader {
  public:
    /// `bytes` must outlive it.
    GzipReader(std::span<const std::uint8_t> bytes, std::string name);
    ~GzipReader();
    GzipReader(const GzipReader&) = delete;
    GzipReader& operator=(const GzipReader&) = delete;

    /// The next `count` bytes; throws when there are fewer, and before allocating when deflate cannot hold as
    /// many.
    std::vector<std::uint8_t> take(std::uint64_t count);
    /// What is left, at most `max_bytes`: finish() throws when there is more.
    std::vector<std::uint8_t> take_rest(std::uint64_t max_bytes);
    /// Throws unless the stream ends here and its checksum is right.
    void finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// One gzip member, the same for the same bytes.
std::vector<std::uint8_t> gzip(std::span<const std::uint8_t> bytes);

}  // namespace volumen
