#include "formats/core/file.h"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <random>

#include "formats/core/error.h"

namespace volumen {
namespace fs = std::filesystem;

std::vector<std::uint8_t> read_file(const fs::path& file, std::uint64_t max_bytes) {
    std::error_code error;
    if (!fs::exists(file, error)) throw InputError("{}: no such file", file.string());
    if (!fs::is_regular_file(file, error)) throw InputError("{}: not a regular file", file.string());
    std::ifstream in(file, std::ios::binary | std::ios::ate);
    if (!in) throw InputError("{}: cannot be opened: {}", file.string(), std::strerror(errno));
    const std::streamoff size = in.tellg();
    if (size < 0 || std::uint64_t(size) > max_bytes)
        throw InputError("{}: {} bytes, but at most {} are accepted", file.string(), size, max_bytes);
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size));
    in.seekg(0);
    in.read(reinterpret_cast<char*>(bytes.data()), size);
    if (in.gcount() != size)
        throw InputError("{}: read {} of {} bytes: {}", file.string(), in.gcount(), size,
                         std::strerror(errno));
    return bytes;
}

NewFile::NewFile(fs::path file) : file_(std::move(file)), temporary_(file_) {
    // Unlike for each writer, so that two programs or threads never write into one another's file.
    static const unsigned program = std::random_device{}();
    static std::atomic<unsigned> serial{0};
    temporary_ += fmt::format(".{:08x}{}.part", program, serial++);
    out_.open(temporary_, std::ios::binary | std::ios::trunc);
    if (!out_) fail("cannot be created");
}

NewFile::~NewFile() {
    if (committed_) return;
    out_.close();
    std::error_code ignored;
    fs::remove(temporary_, ignored);
}

void NewFile::write(std::span<const std::uint8_t> bytes) {
    out_.write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    if (!out_) fail("cannot be written");
}

void NewFile::commit() {
    out_.close();
    if (!out_) fail("cannot be written");
    std::error_code error;
    fs::rename(temporary_, file_, error);
    if (error)
        throw InputError("{}: cannot be renamed from {}: {}", file_.string(), temporary_.string(),
                         error.message());
    committed_ = true;
}

void NewFile::fail(const char* what) {
    throw InputError("{}: {}: {}", file_.string(), what, std::strerror(errno));
}

}  // namespace volumen
