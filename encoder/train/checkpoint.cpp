#include "encoder/train/checkpoint.h"

#include "encoder/train/archive.h"
#include "formats/core/file.h"
#include "formats/stream/source.h"

namespace volumen::train {
namespace {

constexpr std::uint32_t kMagic = 0x504b4356;  ///< "VCKP"
/// Grows with every change of what the file holds, or of what training makes of it.
constexpr std::uint32_t kVersion = 2;
/// A few bytes a segment and view, a motion of a few hundred nodes, and between passes over a segment its
/// first cloud, all its joints and its looks: of a million splats.
constexpr std::uint64_t kMaxBytes = 1u << 30;

void fields(Archive& archive, Checkpoint& checkpoint) {
    archive(checkpoint.run);
    archive(checkpoint.frames);
    archive(checkpoint.splats);
    archive(checkpoint.segments);
    archive(checkpoint.bounds.low);
    archive(checkpoint.bounds.high);
    archive(checkpoint.trainer);
}

/// Whether the segments are the frames, in order.
bool consistent(const Checkpoint& checkpoint) {
    std::int64_t frames = 0;
    for (const ModelSegment& segment : checkpoint.segments) {
        if (segment.first_frame != frames || segment.frame_count < 1) return false;
        frames += segment.frame_count;
    }
    return frames == checkpoint.frames && frames > 0;
}

}  // namespace

void write_checkpoint(const std::filesystem::path& file, Checkpoint& checkpoint) {
    Archive archive;
    fields(archive, checkpoint);
    const Bytes payload = archive.release();
    ByteWriter out;
    out.u32(kMagic), out.u32(kVersion), out.u64(payload.size()), out.u32(crc32(payload));
    out.append(payload);
    write_file(file, out.bytes(), Durability::power_cut);
}

Checkpoint read_checkpoint(const std::filesystem::path& file) {
    const Bytes bytes = read_file(file, kMaxBytes);
    const std::string name = file.string();
    ByteReader in(bytes, name);
    if (in.u32() != kMagic) throw InputError("{}: is no checkpoint; --restart begins anew", name);
    if (const std::uint32_t version = in.u32(); version != kVersion)
        throw UsageError(
            "{}: was written by another version of this program (checkpoint {}, not {}); --restart begins "
            "anew",
            name, version, kVersion);
    const std::uint64_t size = in.u64();
    const std::uint32_t checksum = in.u32();
    if (size != in.remaining() || crc32(in.take(size)) != checksum)
        throw InputError("{}: is damaged; --restart begins anew", name);
    Checkpoint checkpoint;
    Archive archive(std::span<const std::uint8_t>(bytes).last(std::size_t(size)), name);
    fields(archive, checkpoint);
    archive.finish();
    if (!consistent(checkpoint)) throw InputError("{}: is damaged; --restart begins anew", name);
    return checkpoint;
}

}  // namespace volumen::train
