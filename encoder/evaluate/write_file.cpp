#include "encoder/evaluate/write_file.h"

#include "formats/core/file.h"

namespace volumen {

void write_text_file(const std::filesystem::path& file, std::string_view text) {
    std::error_code ignored;  // where the folder cannot be made, the file cannot be created, which says so
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
    write_file(file, text);
}

}  // namespace volumen
