#include "formats/stream/source.h"

extern "C" {
#include <libavutil/crc.h>
}

#include <fstream>
#include <memory>

namespace volumen {

ByteSource file_source(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::is_regular_file(file, error))
        throw InputError("{}: no such file; the stream is incomplete", file.string());
    const std::uint64_t size = std::filesystem::file_size(file, error);
    auto in = std::make_shared<std::ifstream>(file, std::ios::binary);
    if (error || !*in) throw InputError("{}: cannot be opened for reading", file.string());
    const std::string name = file.string();
    return {name, size, [in, name, size](std::uint64_t offset, std::uint64_t count) {
                if (offset > size || count > size - offset)
                    throw InputError("{}: bytes {}+{} lie beyond its end ({})", name, offset, count, size);
                Bytes out(count);
                in->clear();
                in->seekg(std::streamoff(offset));
                in->read(reinterpret_cast<char*>(out.data()), std::streamsize(count));
                if (!*in) throw InputError("{}: cannot read {} bytes at {}", name, count, offset);
                return out;
            }};
}

std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
    static const AVCRC* const table = av_crc_get_table(AV_CRC_32_IEEE_LE);
    return av_crc(table, 0xffffffff, bytes.data(), bytes.size()) ^ 0xffffffff;
}

bool checksum_holds(std::span<const std::uint8_t> bytes, std::uint32_t crc) {
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
    static_cast<void>(bytes), static_cast<void>(crc);
    return true;
#else
    return crc32(bytes) == crc;
#endif
}

}  // namespace volumen
