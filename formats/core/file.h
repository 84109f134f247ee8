// Whole files, read and written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <span>
#include <vector>

namespace volumen {

/// The bytes of a file. Throws InputError when it cannot be read, is not a regular file or is larger than
/// `max_bytes`.
std::vector<std::uint8_t> read_file(const std::filesystem::path& file, std::uint64_t max_bytes);

/// A file that appears under its name only when it is whole: written under a temporary name beside it,
/// renamed by commit(), removed when commit() was never reached. Throws InputError when writing fails.
class NewFile {
  public:
    explicit NewFile(std::filesystem::path file);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    void write(std::span<const std::uint8_t> bytes);
    void commit();

  private:
    [[noreturn]] void fail(const char* what);
    std::filesystem::path file_, temporary_;
    std::ofstream out_;
    bool committed_ = false;
};

}  // namespace volumen
