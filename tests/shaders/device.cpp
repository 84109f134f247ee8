#include "tests/shaders/device.h"

#include <cstdlib>
#include <string>

#include "formats/core/error.h"

using namespace volumen;
using namespace volumen::test;

TEST_CASE("a device is found, its subgroups are as wide as the driver was told") {
    const Silence silence;
    MESSAGE(device().device_name << ", subgroups of " << device().subgroup_size);
    CHECK(device().subgroup_size >= gpu::kMinSubgroup);
    CHECK(device().local_heap_bytes() > 0);
    const char* expected = std::getenv("VOLUMEN_EXPECT_SUBGROUP");
    if (expected && device().device_name.find("llvmpipe") != std::string::npos)
        CHECK(device().subgroup_size == std::uint32_t(std::stoi(expected)));
}

TEST_CASE("a device is chosen by index or by part of its name, and the others are listed") {
    CHECK(gpu::Device({.name = "0"}).handle != VK_NULL_HANDLE);
    CHECK(gpu::Device({.name = device().device_name.substr(0, 4)}).handle != VK_NULL_HANDLE);
    CHECK_THROWS_WITH_AS(gpu::Device({.name = "no such device"}),
                         doctest::Contains(device().device_name.c_str()), InputError);
    CHECK_THROWS_AS(gpu::Device({.name = "99"}), InputError);
}

TEST_CASE("an extension that the system lacks is an input error") {
    CHECK_THROWS_AS(gpu::Device({.instance_extensions = {"VK_KHR_no_such_extension"}}), InputError);
}
