// What the device's memory is worth: the measure that kernels' bytes are held against.
#pragma once

#include "shaders/gpu/device.h"

namespace volumen::bench {

/// Bytes per second of copies from buffer to buffer on the device, read and written bytes both counted: the
/// median of several. 0 where the queue has no timestamps.
double measure_copy_bandwidth(gpu::Device& device);

}  // namespace volumen::bench
