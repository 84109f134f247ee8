// A directory that appears whole or not at all.
#pragma once

#include <filesystem>
#include <string>

namespace volumen {

/// Collects files in a hidden directory beside `target`; commit() puts it in the target's place. Until then
/// what stands at `target` is untouched, and without commit() the collected files are removed.
class NewDirectory {
  public:
    /// `marker` is a file that every directory of this kind has: a target that exists, is not empty and lacks
    /// it is not ours to replace (UsageError). Throws InputError when nothing can be written there.
    NewDirectory(const std::filesystem::path& target, const std::string& marker);
    ~NewDirectory();
    NewDirectory(const NewDirectory&) = delete;
    NewDirectory& operator=(const NewDirectory&) = delete;

    /// Where the files go.
    const std::filesystem::path& path() const { return part_; }
    void commit();

  private:
    std::filesystem::path target_, part_, old_;
};

}  // namespace volumen
