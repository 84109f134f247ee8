#include "formats/splats/zip.h"

#include <zip.h>

#include "formats/core/error.h"

namespace volumen {
namespace {

/// Deflate makes at most 1,032 bytes of one (zlib's technical notes).
constexpr std::uint64_t kLargestRatio = 1032;

/// What zip_stat has to know.
constexpr zip_uint64_t kNeeded =
    ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;

}  // namespace

struct ZipArchive::State {
    std::string name;
    zip_t* archive = nullptr;

    [[noreturn]] void fail(const std::string& file, const std::string& what) const {
        throw InputError("{}: {} in it {}", name, file, what);
    }
};

ZipArchive::ZipArchive(std::span<const std::uint8_t> bytes, std::string name)
    : state_(std::make_unique<State>()) {
    state_->name = std::move(name);
    zip_error_t error;
    zip_error_init(&error);
    constexpr int kKeepBytes = 0;
    zip_source_t* source = zip_source_buffer_create(bytes.data(), bytes.size(), kKeepBytes, &error);
    if (source) state_->archive = zip_open_from_source(source, ZIP_RDONLY, &error);
    if (state_->archive) return;
    const std::string problem = zip_error_strerror(&error);
    zip_error_fini(&error);
    if (source) zip_source_free(source);
    throw InputError("{}: a damaged or truncated ZIP archive: {}", state_->name, problem);
}

ZipArchive::~ZipArchive() {
    zip_discard(state_->archive);
}

std::vector<std::uint8_t> ZipArchive::read(const std::string& file, std::uint64_t max_bytes) const {
    zip_stat_t stat;
    zip_stat_init(&stat);
    const zip_int64_t index = zip_name_locate(state_->archive, file.c_str(), ZIP_FL_ENC_GUESS);
    if (index < 0) throw InputError("{}: has no file {} in it", state_->name, file);
    if (zip_stat_index(state_->archive, zip_uint64_t(index), 0, &stat) != 0 ||
        (stat.valid & kNeeded) != kNeeded)
        state_->fail(file, "has a damaged entry");
    if (stat.encryption_method != ZIP_EM_NONE) state_->fail(file, "is encrypted; pack it without a password");
    if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
        state_->fail(file, fmt::format("is compressed by method {}; this build reads stored and deflated",
                                       stat.comp_method));
    if (stat.size > max_bytes)
        state_->fail(file, fmt::format("has {} bytes, but at most {} are accepted", stat.size, max_bytes));
    if (stat.size / kLargestRatio > stat.comp_size)
        state_->fail(file, fmt::format("cannot hold the {} bytes that its entry speaks of", stat.size));

    const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> open(
        zip_fopen_index(state_->archive, zip_uint64_t(index), 0), &zip_fclose);
    if (!open)
        state_->fail(file,
                     fmt::format("cannot be read: {}", zip_error_strerror(zip_get_error(state_->archive))));
    std::vector<std::uint8_t> out(std::size_t(stat.size));
    std::size_t done = 0;
    // Reading on at the end verifies the checksum.
    for (std::uint8_t extra = 0;;) {
        const bool whole = done == out.size();
        const zip_int64_t got =
            zip_fread(open.get(), whole ? &extra : out.data() + done, whole ? 1 : out.size() - done);
        if (got < 0)
            state_->fail(file,
                         fmt::format("is damaged: {}", zip_error_strerror(zip_file_get_error(open.get()))));
        if (got == 0 && whole) return out;
        if (got == 0 || whole) state_->fail(file, "has another size than its entry says; it is damaged");
        done += std::size_t(got);
    }
}

}  // namespace volumen
