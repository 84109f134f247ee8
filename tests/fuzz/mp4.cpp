// Any bytes as an atlas: index, configuration and the pictures of its first fragments, or an InputError.
#include <algorithm>
#include <cstdlib>

#include "formats/core/error.h"
#include "formats/stream/limits.h"
#include "formats/stream/video.h"

namespace {

constexpr std::size_t kFragments = 4;  ///< decoded of each input
constexpr int kPictures = 8;           ///< decoded of each fragment
constexpr std::int64_t kPixels = 1 << 20;

void decode(const volumen::ByteSource& source, const volumen::Mp4Index& index) {
    using namespace volumen;
    const Bytes init = source.read(0, index.init_size);
    const VideoInfo info = read_video_info(init, source.name);
    // Larger pictures are legal, and take the time that finds nothing new.
    if (std::int64_t(info.width) * info.height > kPixels) return;
    VideoDecoder decoder({.acceleration = HwAccel::none,
                          .init = init,
                          .width = info.width,
                          .height = info.height,
                          .fps = {24, 1},
                          .name = source.name});
    for (std::size_t i = 0; i < std::min(kFragments, index.fragments.size()); ++i) {
        const Mp4Index::Fragment& fragment = index.fragments[i];
        try {
            decoder.start(source.read(fragment.offset, fragment.size));
            for (int picture = 0; picture < kPictures && decoder.next(); ++picture) {
            }
        } catch (const InputError&) {
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
    setenv("VOLUMEN_THREADS", "1", 1);
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace volumen;
    const ByteSource source{"atlas.mp4", size, [&](std::uint64_t offset, std::uint64_t count) {
                                if (offset > size || count > size - offset) std::abort();
                                return Bytes(data + offset, data + offset + count);
                            }};
    try {
        decode(source, read_mp4_index(source));
    } catch (const InputError&) {
    }
    return 0;
}
