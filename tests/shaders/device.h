// The device that all tests of this program share, with validation on.
#pragma once

#include <doctest/doctest.h>

#include "shaders/gpu/device.h"

namespace volumen::test {

/// The device that all tests share. Never destroyed: the driver stays loaded, so that the leak checker can
/// tell its leaks by its name.
inline gpu::Device& device() {
    static gpu::Device* const shared =
        new gpu::Device(gpu::DeviceParams{.name = {}, .validation = true, .instance_extensions = {}});
    return *shared;
}

/// To stand in every test: the validation layers have had nothing to say by its end.
struct Silence {
    ~Silence() { CHECK(device().validation_messages() == 0); }
};

}  // namespace volumen::test
