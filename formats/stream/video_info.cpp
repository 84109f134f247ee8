#include "formats/stream/memory_demuxer.h"
#include "formats/stream/video.h"

namespace volumen {

namespace {

using Record = std::span<const std::uint8_t>;

/// RFC 6381 with ISO/IEC 14496-15, avcC.
std::string avc_name(Record r) {
    return r.size() < 4 ? "" : fmt::format("avc1.{:02X}{:02X}{:02X}", r[1], r[2], r[3]);
}

/// ISO/IEC 14496-15, Annex E, hvcC.
std::string hevc_name(Record r) {
    if (r.size() < 13) return "";
    const char* const space[] = {"", "A", "B", "C"};
    std::uint32_t compatibility = 0;  // written with the bits reversed
    for (int bit = 0; bit < 32; ++bit)
        if (r[2 + std::size_t(bit) / 8] >> (7 - bit % 8) & 1) compatibility |= 1u << bit;
    std::string name = fmt::format("hvc1.{}{}.{:X}.{}{}", space[r[1] >> 6], r[1] & 31, compatibility,
                                   r[1] & 32 ? 'H' : 'L', r[12]);
    std::size_t end = 12;
    while (end > 6 && !r[end - 1]) --end;
    for (std::size_t i = 6; i < end; ++i) name += fmt::format(".{:X}", r[i]);
    return name;
}

/// AV1 Codec ISO Media File Format Binding, section 5, av1C.
std::string av1_name(Record r) {
    if (r.size() < 4) return "";
    return fmt::format("av01.{}.{:02}{}.{:02}", r[1] >> 5, r[1] & 31, r[2] & 128 ? 'H' : 'M',
                       r[2] & 64 ? 10 : 8);
}

}  // namespace

VideoInfo read_video_info(const Bytes& init, const std::string& name) {
    const MemoryDemuxer demuxer(init, name);
    const AVCodecParameters& parameters = *demuxer.stream()->codecpar;
    const Record record(parameters.extradata,
                        parameters.extradata ? std::size_t(parameters.extradata_size) : 0);
    VideoInfo info;
    info.width = parameters.width, info.height = parameters.height;
    if (parameters.codec_id == AV_CODEC_ID_H264) info.codec = avc_name(record);
    if (parameters.codec_id == AV_CODEC_ID_HEVC) info.codec = hevc_name(record);
    if (parameters.codec_id == AV_CODEC_ID_AV1) info.codec = av1_name(record);
    if (info.codec.empty())
        throw InputError("{}: its video is neither H.264, HEVC nor AV1, or lacks its configuration", name);
    return info;
}

}  // namespace volumen
