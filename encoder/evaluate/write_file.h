// Text files that are whole or not there.
#pragma once

#include <filesystem>
#include <string_view>

namespace volumen {

/// Makes the folders above the file, writes under a temporary name, then renames. Throws InputError.
void write_text_file(const std::filesystem::path& file, std::string_view text);

}  // namespace volumen
