// ZIP archives in memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace volumen {

/// An archive's files by their names. Errors are InputErrors that name the archive.
class ZipArchive {
  public:
    /// `bytes` must outlive it.
    ZipArchive(std::span<const std::uint8_t> bytes, std::string name);
    ~ZipArchive();
    ZipArchive(const ZipArchive&) = delete;
    ZipArchive& operator=(const ZipArchive&) = delete;

    /// The whole file, its checksum verified. Throws when there is none of this name, when it is encrypted,
    /// compressed by other means than deflate, or larger than `max_bytes`: this before allocating.
    std::vector<std::uint8_t> read(const std::string& file, std::uint64_t max_bytes) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace volumen
