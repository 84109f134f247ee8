#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

/// What the leak checker is to overlook: software Vulkan's compiler keeps what it has made.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() {
    return "leak:libLLVM\nleak:libvulkan_lvp\nleak:libVkLayer\n";
}
