// Any bytes as a manifest: parsed, or an InputError.
#include "formats/stream/manifest.h"

#include "formats/core/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        volumen::read_manifest(volumen::Bytes(data, data + size), "manifest.mpd");
    } catch (const volumen::InputError&) {
    }
    return 0;
}
