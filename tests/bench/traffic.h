// Bytes that each of the renderer's kernels loads and stores in a frame, counted from what the frame had.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "shaders/renderer.h"

namespace volumen::bench {

/// What the counts depend on.
struct DrawnFrame {
    std::uint64_t splats = 0, visible = 0, entries = 0;  ///< as in RenderStats
    std::uint64_t sort_chunks = 0, bin_chunks = 0;       ///< as in RenderStats
    std::uint64_t lanes = 0;                             ///< of a subgroup
    int width = 0, height = 0;
    int sh_degree = 0;
    Order order = Order::depth;
};

struct KernelTraffic {
    std::string kernel;
    std::uint64_t read = 0, written = 0;  ///< bytes
};

/// Of the parts that RenderStats times, in the order in which their kernels run.
struct FrameTraffic {
    std::vector<KernelTraffic> project, sort, raster;
};

/// Counted is what the shaders' loads and stores of buffers and images ask for: once a lane, or once a
/// subgroup where all its lanes ask for the same. No cache is assumed, nor that memory is moved by the line:
/// what lies in a cache moves less than this, and gathers of few bytes in places that are far apart move
/// more. Not counted: the counter buffer (20 bytes that stay in a cache), constants, shared memory.
/// An upper bound for what draws: where nothing more shows, it leaves the rest of a tile's list unloaded.
FrameTraffic count_traffic(const DrawnFrame& frame);

/// Read and written, of all kernels together.
std::uint64_t total_bytes(const std::vector<KernelTraffic>& kernels);

}  // namespace volumen::bench
