#include "encoder/evaluate/write_file.h"

#include <fstream>

#include "formats/core/error.h"

namespace volumen {

void write_text_file(const std::filesystem::path& file, std::string_view text) {
    std::error_code error;
    if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), error);
    const std::filesystem::path part = file.string() + ".part";
    {
        std::ofstream out(part, std::ios::binary);
        out.write(text.data(), std::streamsize(text.size()));
        if (!out.flush())
            throw InputError("{}: cannot be written; is the folder there, is the disk full?", file.string());
    }
    std::filesystem::rename(part, file, error);
    if (error) throw InputError("{}: cannot be written ({})", file.string(), error.message());
}

}  // namespace volumen
