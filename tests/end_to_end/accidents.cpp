// Preloaded into a program under test, it makes accidents happen at an exact place:
//   VOLUMEN_KILL_AT=N     SIGKILL instead of the N-th call that changes a file or folder (from 1)
//   VOLUMEN_DISK_BYTES=N  the disk is full after N bytes: the write that would exceed them is cut, then
//   ENOSPC VOLUMEN_COUNT=FILE    at the end the number of such calls, and of bytes, is written to FILE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>

namespace {

std::atomic<long> calls{0}, bytes{0};

long number(const char* name) {
    const char* text = std::getenv(name);
    return text ? std::atol(text) : -1;
}

template <class Function>
Function* real(Function*, const char* name) {
    return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

void count_call() {
    static const long kill_at = number("VOLUMEN_KILL_AT");
    if (++calls == kill_at) ::kill(::getpid(), SIGKILL), ::pause();
}

bool is_file(int descriptor) {
    struct stat status {};
    return fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

/// How much of a write the disk still takes.
size_t room_for(size_t wanted) {
    static const long disk = number("VOLUMEN_DISK_BYTES");
    const long before = bytes.fetch_add(long(wanted));
    if (disk < 0) return wanted;
    return before >= disk ? 0 : size_t(disk - before) < wanted ? size_t(disk - before) : wanted;
}

struct Report {
    ~Report() {
        const char* file = std::getenv("VOLUMEN_COUNT");
        if (!file) return;
        const long c = calls, b = bytes;
        if (FILE* out = std::fopen(file, "w")) std::fprintf(out, "%ld %ld\n", c, b), std::fclose(out);
    }
} report;

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* data, size_t size) {
    static const auto next = real(&::write, "write");
    if (!is_file(descriptor)) return next(descriptor, data, size);
    count_call();
    const size_t room = room_for(size);
    if (room > 0 || size == 0) return next(descriptor, data, room);
    errno = ENOSPC;
    return -1;
}

int rename(const char* from, const char* to) noexcept {
    static const auto next = real(&::rename, "rename");
    count_call();
    return next(from, to);
}

int renameat2(int a, const char* from, int b, const char* to, unsigned flags) noexcept {
    static const auto next = real(&::renameat2, "renameat2");
    count_call();
    return next(a, from, b, to, flags);
}

int fsync(int descriptor) {
    static const auto next = real(&::fsync, "fsync");
    count_call();
    return next(descriptor);
}

int unlink(const char* path) noexcept {
    static const auto next = real(&::unlink, "unlink");
    count_call();
    return next(path);
}

int unlinkat(int folder, const char* path, int flags) noexcept {
    static const auto next = real(&::unlinkat, "unlinkat");
    count_call();
    return next(folder, path, flags);
}

int remove(const char* path) noexcept {
    static const auto next = real(&::remove, "remove");
    count_call();
    return next(path);
}

int mkdir(const char* path, mode_t mode) noexcept {
    static const auto next = real(&::mkdir, "mkdir");
    count_call();
    return next(path, mode);
}
}
