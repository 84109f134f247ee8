// Makes a golden stream: make_golden atlas|joints|tracks DIRECTORY. Run once per format version and kind;
// what it wrote then is kept, so that later versions of the reader are held to it. Not run by the tests.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "encoder/pack/pack.h"
#include "formats/stream/reader.h"
#include "tests/encoder/pack/jointed.h"
#include "tests/encoder/pack/synthetic.h"
#include "tests/formats/stream/stream_files.h"

using namespace volumen;

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    const std::string kind = argv[1];
    const std::filesystem::path target = argv[2];
    const std::filesystem::path model = std::filesystem::temp_directory_path() / "volumen-golden-model";
    PackOptions options;
    options.quality = 50;
    if (kind == "joints") {
        // Two segments of different length, neither as long as a strip is wide.
        options.quality = 75;
        write_jointed_model(model, 300, 40, 1, {7, 5}, 21);
    } else if (kind == "tracks") {
        // So many planes that they do not fit into the smallest video, which is the largest allowed here.
        ModelInfo info = write_synthetic_model(model, 1050, 3, {3, 2}, 22);
        info.take.fps = {30000, 1001};
        write_model_info(model, info);
        options.quality = 20;
        options.track_limits = TrackLimits{256, 256, 1e9};
    } else {
        // 150 splats: a block that is partly filled. Two segments of different length.
        ModelInfo info = write_synthetic_model(model, 150, 1, {3, 2}, 20);
        info.take.fps = {30000, 1001};
        info.take.metres_per_unit = 0.5;
        write_model_info(model, info);
    }
    pack(model, target, options);
    std::filesystem::remove_all(model);
    for (const std::uint32_t checksum : integer_checksums(target)) fmt::print("{:#010x},\n", checksum);
}
