#include "encoder/new_directory.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "formats/core/error.h"
#include "formats/core/file.h"

namespace volumen {

namespace fs = std::filesystem;

namespace {

/// Whether two names now stand for one another's directory; false where the file system cannot do that.
bool exchange(const fs::path& a, const fs::path& b) {
    if (::renameat2(AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0) return true;
    if (errno == EINVAL || errno == ENOSYS || errno == ENOTSUP) return false;
    throw InputError("{}: cannot take its place: {}", b.string(), std::strerror(errno));
}

void move(const fs::path& from, const fs::path& to) {
    std::error_code error;
    fs::rename(from, to, error);
    if (error)
        throw InputError("{}: cannot be renamed to {}: {}", from.string(), to.string(), error.message());
}

fs::path parent_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

/// "name/" means "name".
fs::path without_slash(const fs::path& path) {
    return path.has_filename() ? path : path.parent_path();
}

fs::path hidden_beside(const fs::path& target, const char* what) {
    return target.parent_path() / fmt::format(".{}.{}", target.filename().string(), what);
}

}  // namespace

fs::path NewDirectory::part_of(const fs::path& target) {
    return hidden_beside(without_slash(target), "part");
}

NewDirectory::NewDirectory(const fs::path& target, DirectoryKind kind, Unfinished unfinished) : kind_(kind) {
    target_ = without_slash(target);
    part_ = hidden_beside(target_, "part"), old_ = hidden_beside(target_, "old");
    std::error_code error;
    // commit() was interrupted between its two renamings.
    if (!fs::exists(target_, error) && fs::exists(old_, error)) move(old_, target_);
    if (fs::exists(target_, error) && !fs::exists(target_ / kind_.marker, error) &&
        !(fs::is_directory(target_, error) && fs::is_empty(target_, error)))
        throw UsageError("{}: exists, and has no {}; choose another name", target_.string(), kind_.marker);
    fs::create_directories(part_, error);
    if (error) throw InputError("{}: cannot be created: {}", target_.string(), error.message());
    lock();
    try {
        goes_on_ = has_progress() && unfinished != Unfinished::discard;
        if (goes_on_ && unfinished == Unfinished::refuse)
            throw UsageError(
                "{}: an unfinished run stands in {}; go on with --resume, or discard it with --restart",
                target_.string(), part_.string());
        if (!goes_on_) keep_only({});
        // What commit() had left to do when it was interrupted.
        if (kind_.progress) fs::remove(target_ / kind_.progress, error);
        fs::remove_all(old_, error);
    } catch (...) {
        ::close(lock_);
        throw;
    }
}

NewDirectory::~NewDirectory() {
    std::error_code ignored;
    if (!has_progress()) fs::remove_all(part_, ignored);
    ::close(lock_);
}

/// Released when the program ends, however it ends.
void NewDirectory::lock() {
    lock_ = ::open(part_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ < 0) throw InputError("{}: cannot be opened: {}", part_.string(), std::strerror(errno));
    if (::flock(lock_, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return;
    ::close(lock_);
    throw InputError("{}: another process is writing it; wait for its end, or stop it", target_.string());
}

bool NewDirectory::has_progress() const {
    std::error_code error;
    return kind_.progress && fs::exists(part_ / kind_.progress, error);
}

void NewDirectory::keep_only(const std::set<std::string>& names) {
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(part_, error)) {
        if (names.contains(entry.path().filename().string())) continue;
        fs::remove_all(entry.path(), error);
        if (error) throw InputError("{}: cannot be removed: {}", entry.path().string(), error.message());
    }
    if (error) throw InputError("{}: cannot be read: {}", part_.string(), error.message());
}

void NewDirectory::commit() {
    for (const fs::directory_entry& entry : fs::directory_iterator(part_)) sync_to_disk(entry.path());
    sync_to_disk(part_);
    std::error_code error;
    if (!fs::exists(target_, error) || fs::is_empty(target_, error)) {
        move(part_, target_);
    } else if (!exchange(target_, part_)) {
        move(target_, old_);
        try {
            move(part_, target_);
        } catch (...) {
            move(old_, target_);
            throw;
        }
    }
    sync_to_disk(parent_of(target_));
    // From here on the new directory stands; what is left to remove, a later run removes too.
    if (kind_.progress) fs::remove(target_ / kind_.progress, error);
    for (const fs::path& path : {part_, old_}) fs::remove_all(path, error);
}

}  // namespace volumen
