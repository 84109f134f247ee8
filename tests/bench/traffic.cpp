#include "tests/bench/traffic.h"

#include <fmt/format.h>

#include <bit>
#include <utility>

#include "shaders/rasterise/rasterise.h"
#include "shaders/scan/scan.h"
#include "shaders/shared.h"
#include "shaders/splat_buffers.h"

namespace volumen::bench {

namespace {

using Bytes = std::uint64_t;

constexpr Bytes kWord = 4;
/// Of a visible splat, as project.comp writes them: vec4, uvec4, uvec2, vec4.
constexpr Bytes kEllipse = 16, kLook = 16, kRect = 8, kDepth = 16;
constexpr Bytes kPixel = 4;  // rgba8

std::uint64_t divide_up(std::uint64_t a, std::uint64_t b) {
    return (a + b - 1) / b;
}

std::uint64_t tiles_of(const DrawnFrame& frame) {
    const glm::uvec2 tiles = gpu::tiles_of(frame.width, frame.height);
    return std::uint64_t(tiles.x) * tiles.y;
}

/// scan.comp: in place, each word once; of a long array, every word is read once more for the blocks' sums.
KernelTraffic scan(std::string name, std::uint64_t words) {
    const bool blocks = words > gpu::Scan::kAlone;
    return {std::move(name), words * kWord * (blocks ? 2 : 1), words * kWord};
}

/// project.comp. Reads the geometry planes of all splats – an upper bound: one behind the camera or without
/// opacity ends after four of the eleven –, and SH words of the visible ones, which come after all tests.
/// Writes a key for every splat; ellipse, look and rect, and the depths where pixels order, for the visible
/// ones.
KernelTraffic project(const DrawnFrame& frame) {
    const Bytes depth = frame.order == Order::pixel ? kDepth : 0;
    return {
        "project",
        frame.splats * gpu::kGeometryPlanes * kWord + frame.visible * gpu::sh_words(frame.sh_degree) * kWord,
        frame.splats * kWord + frame.visible * (kEllipse + kLook + kRect + depth)};
}

/// radix_sort.cpp. The first pass reads all keys, and knows values by their places; the others read what was
/// kept, the visible.
void add_sort(const DrawnFrame& frame, std::vector<KernelTraffic>& kernels) {
    const Bytes table = gpu::kRadix * frame.sort_chunks * kWord;  // [digit][chunk]
    const Bytes keys_and_values = 2 * frame.visible * kWord;
    constexpr std::uint32_t kPasses = (gpu::kDepthKeyBits + gpu::kRadixBits - 1) / gpu::kRadixBits;
    for (std::uint32_t pass = 0; pass < kPasses; ++pass) {
        const Bytes keys = (pass == 0 ? frame.splats : frame.visible) * kWord;
        const std::string name = fmt::format("sort {}", pass + 1);
        kernels.push_back({fmt::format("{}: count", name), keys, table});
        kernels.push_back(scan(fmt::format("{}: scan", name), table / kWord));
        kernels.push_back({fmt::format("{}: scatter", name), (pass == 0 ? keys : keys_and_values) + table,
                           keys_and_values});
    }
}

/// What bin/count.comp and bin/emit.comp both do (splats.glsl): walk the visible splats in batches of a
/// subgroup's lanes, and add one to a cell of the table for each entry.
KernelTraffic walk_splats(const DrawnFrame& frame, std::string name) {
    // A batch in which one chunk ends and the next begins is loaded by both: once more for each chunk after
    // the first; an upper bound, as a chunk may begin where a batch does.
    const std::uint64_t repeated = frame.bin_chunks - 1;
    const std::uint64_t batches = divide_up(frame.visible, frame.lanes);
    // order[], ellipses[], x and y of looks[], rects[].
    const Bytes splats = (frame.visible + repeated * frame.lanes) * (kWord + kEllipse + 2 * kWord + kRect);
    // works[]: a batch's own and, to see whether to go on, the next one's; and each chunk's search for its
    // first.
    const Bytes works = (2 * (batches + repeated) + frame.bin_chunks * std::bit_width(batches)) * kWord;
    const Bytes cells = frame.entries * kWord;
    return {std::move(name), splats + works + cells, cells};
}

/// binning.cpp.
void add_binning(const DrawnFrame& frame, std::vector<KernelTraffic>& kernels) {
    const std::uint64_t tiles = tiles_of(frame);
    const Bytes table = tiles * frame.bin_chunks * kWord;  // [chunk][tile]
    const Bytes starts = (tiles + 1) * kWord;
    // Of batches that may be visible: the host does not know how many are.
    const std::uint64_t batches = divide_up(frame.splats, frame.lanes);
    // The table and the starts are filled with 0.
    kernels.push_back({"bin: clear", 0, table + starts});
    // order[] and rects[] of the visible; works[].
    kernels.push_back({"bin: weigh", frame.visible * (kWord + kRect), batches * kWord});
    kernels.push_back(scan("bin: scan batches", batches));
    kernels.push_back(walk_splats(frame, "bin: count"));
    // columns.comp: the table is read, a tile's sum written.
    kernels.push_back({"bin: sums", table, tiles * kWord});
    kernels.push_back(scan("bin: scan tiles", tiles + 1));
    // columns.comp again: a tile's start and the table are read, the table is written.
    kernels.push_back({"bin: offsets", tiles * kWord + table, table});
    KernelTraffic emit = walk_splats(frame, "bin: emit");
    emit.written += frame.entries * kWord;  // entries[]
    kernels.push_back(std::move(emit));
}

/// rasterise.comp, resort.comp. A tile's list is loaded once by each group that draws pixels of it: one, or,
/// where pixels order, one for every pixel of a lane. entries[], ellipses[], looks[] and x, y, z of depths[].
/// An upper bound: which entries hidden pixels leave unloaded is not known.
KernelTraffic rasterise(const DrawnFrame& frame) {
    const bool resort = frame.order == Order::pixel;
    const std::uint64_t groups = resort ? divide_up(gpu::kTilePixels, frame.lanes) : 1;
    const Bytes entry = kWord + kEllipse + kLook + (resort ? 3 * kWord : 0);
    const Bytes range = 2 * kWord;  // starts[] of the tile and of the next
    return {resort ? "resort" : "rasterise", groups * (tiles_of(frame) * range + frame.entries * entry),
            std::uint64_t(frame.width) * std::uint64_t(frame.height) * kPixel};
}

}  // namespace

FrameTraffic count_traffic(const DrawnFrame& frame) {
    FrameTraffic traffic{{project(frame)}, {}, {rasterise(frame)}};
    add_sort(frame, traffic.sort);
    add_binning(frame, traffic.sort);
    return traffic;
}

std::uint64_t total_bytes(const std::vector<KernelTraffic>& kernels) {
    std::uint64_t bytes = 0;
    for (const KernelTraffic& kernel : kernels) bytes += kernel.read + kernel.written;
    return bytes;
}

}  // namespace volumen::bench
