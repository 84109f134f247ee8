// A directory that appears whole or not at all.
#pragma once

#include <filesystem>
#include <set>
#include <string>

namespace volumen {

/// What kind of directory is made.
struct DirectoryKind {
    const char* marker;  ///< a file that every whole directory of this kind has
    const char*
        progress;  ///< a file that an unfinished one has as soon as it is worth going on with; or null
};

/// What is to happen to an unfinished directory that an earlier run left.
enum class Unfinished {
    refuse,  ///< UsageError: it is work that nobody said may be lost
    go_on,   ///< it is taken as it is
    discard
};

/// Collects files in a hidden directory beside `target`; commit() puts it in the target's place, and what
/// stood there before is removed. Until then what stands at `target` is untouched, whenever the program or
/// the machine stops. Without commit(), the collected files are removed, except where `kind.progress` stands
/// among them: then they stay for a later run.
class NewDirectory {
  public:
    /// Throws UsageError where `target` exists, is not empty and has no `kind.marker`: it is not ours to
    /// replace; InputError when nothing can be written there, or another process is at work on it.
    NewDirectory(const std::filesystem::path& target, DirectoryKind kind,
                 Unfinished unfinished = Unfinished::discard);
    ~NewDirectory();
    NewDirectory(const NewDirectory&) = delete;
    NewDirectory& operator=(const NewDirectory&) = delete;

    /// Where the files of `target` are collected.
    static std::filesystem::path part_of(const std::filesystem::path& target);
    /// Where the files go.
    const std::filesystem::path& path() const { return part_; }
    /// Whether the files of an earlier run, and their `kind.progress`, are there.
    bool goes_on() const { return goes_on_; }
    /// Removes every file whose name is not among these: what an interrupted run left half done.
    void keep_only(const std::set<std::string>& names);
    /// Waits for the disk; after a power cut too there is the old directory or the new one.
    void commit();

  private:
    void lock();
    bool has_progress() const;
    std::filesystem::path target_, part_, old_;
    DirectoryKind kind_;
    int lock_ = -1;  ///< descriptor of the part directory, locked
    bool goes_on_ = false;
};

}  // namespace volumen
