#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

/// What the leak checker is to overlook: software Vulkan's compiler keeps what it has made, and libx265 3.5
/// loses some buffers of every encoder that it closes.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libLLVM\nleak:libvulkan_lvp\nleak:libVkLayer\nleak:libx265\n";
}
