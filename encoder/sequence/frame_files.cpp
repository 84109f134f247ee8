#include "encoder/sequence/frame_files.h"

#include <algorithm>

#include "formats/core/error.h"
#include "formats/splats/read_splats.h"

namespace volumen {
namespace fs = std::filesystem;
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Takes the digits that `text` begins with off it; without leading zeros.
std::string_view take_digits(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    std::string_view digits(text.begin(), end);
    text.remove_prefix(digits.size());
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    return digits;
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
    const std::string_view whole_a = a, whole_b = b;
    while (!a.empty() && !b.empty()) {
        if (is_digit(a.front()) && is_digit(b.front())) {
            const std::string_view x = take_digits(a), y = take_digits(b);
            if (x.size() != y.size()) return x.size() < y.size();
            if (x != y) return x < y;
        } else {
            if (a.front() != b.front()) return a.front() < b.front();
            a.remove_prefix(1), b.remove_prefix(1);
        }
    }
    if (a.empty() != b.empty()) return a.empty();
    return whole_a < whole_b;  // 01 and 1
}

std::vector<fs::path> list_frame_files(const fs::path& folder) {
    if (!fs::is_directory(folder))
        throw InputError("{}: no such folder; a model or a folder of splat files is wanted", folder.string());
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(folder))
        if (entry.is_regular_file() && has_splat_extension(entry.path())) files.push_back(entry.path());
    if (files.empty())
        throw InputError("{}: has neither model.json nor splat files (.ply, .spz, .splat, .sog)",
                         folder.string());
    std::sort(files.begin(), files.end(), [](const fs::path& a, const fs::path& b) {
        return natural_less(a.filename().string(), b.filename().string());
    });
    for (const fs::path& file : files)
        if (file.extension() != files[0].extension())
            throw InputError("{}: {} and {} are of different kinds; a sequence has files of one kind",
                             folder.string(), files[0].filename().string(), file.filename().string());
    return files;
}

}  // namespace volumen
