#include "encoder/new_directory.h"

#include "formats/core/error.h"

namespace volumen {

namespace fs = std::filesystem;

NewDirectory::NewDirectory(const fs::path& target, const std::string& marker) {
    // "name/" means "name".
    target_ = target.has_filename() ? target : target.parent_path();
    if (fs::exists(target_) && !fs::exists(target_ / marker) &&
        !(fs::is_directory(target_) && fs::is_empty(target_)))
        throw UsageError("{}: exists, and has no {}; choose another name", target_.string(), marker);
    const std::string name = target_.filename().string();
    part_ = target_.parent_path() / fmt::format(".{}.part", name);
    old_ = target_.parent_path() / fmt::format(".{}.old", name);
    std::error_code error;
    fs::remove_all(part_, error);
    if (!fs::create_directories(part_, error))
        throw InputError("{}: cannot be created ({})", part_.string(), error.message());
}

NewDirectory::~NewDirectory() {
    std::error_code ignored;
    fs::remove_all(part_, ignored);
}

void NewDirectory::commit() {
    fs::remove_all(old_);
    const bool replaces = fs::exists(target_);
    if (replaces) fs::rename(target_, old_);
    try {
        fs::rename(part_, target_);
    } catch (...) {
        if (replaces) fs::rename(old_, target_);
        throw;
    }
    fs::remove_all(old_);
}

}  // namespace volumen
