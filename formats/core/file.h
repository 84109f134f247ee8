// Whole files, read and written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

namespace volumen {

/// The bytes of a file. Throws InputError when it cannot be read, is not a regular file or is larger than
/// `max_bytes`.
std::vector<std::uint8_t> read_file(const std::filesystem::path& file, std::uint64_t max_bytes);

/// What a committed file outlives.
enum class Durability {
    program,   ///< this program's end, however it comes
    power_cut  ///< the machine's end: waits for the disk
};

/// A file that appears under its name only when it is whole: written under a temporary name beside it,
/// renamed by commit(), removed when commit() was never reached. Throws InputError when writing fails.
class NewFile {
  public:
    explicit NewFile(std::filesystem::path file);
    ~NewFile();
    NewFile(const NewFile&) = delete;
    NewFile& operator=(const NewFile&) = delete;

    void write(std::span<const std::uint8_t> bytes);
    void write(std::string_view text);
    void commit(Durability durability = Durability::program);

  private:
    void close();
    [[noreturn]] void fail(const char* what);
    std::filesystem::path file_, temporary_;
    int descriptor_ = -1;
    bool committed_ = false;
};

/// A whole file at once, by NewFile.
void write_file(const std::filesystem::path& file, std::span<const std::uint8_t> bytes,
                Durability durability = Durability::program);
void write_file(const std::filesystem::path& file, std::string_view text,
                Durability durability = Durability::program);

/// Waits until a file's bytes, or a folder's list of names, are on the disk itself. Throws InputError.
void sync_to_disk(const std::filesystem::path& path);

}  // namespace volumen
