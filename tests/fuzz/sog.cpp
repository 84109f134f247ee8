// Any bytes as a SOG bundle, and as the files of one (sog_input.h), whose checksums no mutation breaks: a
// cloud, or an InputError.
#include "formats/splats/sog.h"

#include "formats/core/error.h"
#include "formats/splats/read_splats.h"
#include "tests/fuzz/sog_input.h"

namespace {

template <class Parse>
void try_to(Parse&& parse) {
    try {
        volumen::SplatCloud cloud = parse();
        volumen::remove_unusable(cloud);
    } catch (const volumen::InputError&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::span bytes(data, size);
    try_to([&] { return volumen::parse_sog_bundle(bytes, "fuzz.sog"); });
    try_to([&] {
        return volumen::parse_sog(
            [&](const std::string& file, std::uint64_t) { return sog_file(bytes, file); }, "fuzz");
    });
    return 0;
}
