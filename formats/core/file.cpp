#include "formats/core/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <random>
#include <utility>

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
    descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor_ < 0) fail("cannot be created");
}

NewFile::~NewFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (committed_) return;
    std::error_code ignored;
    fs::remove(temporary_, ignored);
}

void NewFile::write(std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("cannot be written");
        bytes = bytes.subspan(std::size_t(written));
    }
}

void NewFile::write(std::string_view text) {
    write(std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

void NewFile::close() {
    // Network file systems report a full disk only here.
    if (::close(std::exchange(descriptor_, -1)) != 0) fail("cannot be written");
}

void NewFile::commit(Durability durability) {
    // The bytes must be on the disk before the name is: after a power cut, a file renamed first may be empty.
    if (durability == Durability::power_cut && ::fsync(descriptor_) != 0) fail("cannot be written");
    close();
    std::error_code error;
    fs::rename(temporary_, file_, error);
    if (error)
        throw InputError("{}: cannot be renamed from {}: {}", file_.string(), temporary_.string(),
                         error.message());
    committed_ = true;
    if (durability == Durability::power_cut)
        sync_to_disk(file_.parent_path().empty() ? "." : file_.parent_path());
}

void NewFile::fail(const char* what) {
    const int reason = errno;  // before anything else changes it
    std::error_code ignored;
    fs::remove(temporary_, ignored);
    throw InputError("{}: {}: {}", file_.string(), what, std::strerror(reason));
}

void write_file(const fs::path& file, std::span<const std::uint8_t> bytes, Durability durability) {
    NewFile out(file);
    out.write(bytes);
    out.commit(durability);
}

void write_file(const fs::path& file, std::string_view text, Durability durability) {
    write_file(file, std::span(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), durability);
}

void sync_to_disk(const fs::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    int error = descriptor < 0 ? errno : 0;
    // EINVAL: there is nothing that could be synchronised, as for folders on some network file systems.
    if (!error && ::fsync(descriptor) != 0 && errno != EINVAL) error = errno;
    if (descriptor >= 0) ::close(descriptor);
    if (error) throw InputError("{}: cannot be written to the disk: {}", path.string(), std::strerror(error));
}

}  // namespace volumen
