#include "shaders/scan/scan.h"

#include <numeric>
#include <random>

#include "tests/shaders/device.h"

using namespace volumen;
using namespace volumen::test;

namespace {

struct Summed {
    std::vector<std::uint32_t> before;
    std::uint32_t total = 0;
};

Summed scan_on_device(const std::vector<std::uint32_t>& values) {
    static gpu::Scan scan{device()};
    const gpu::Buffer data(device(), values.size() * 4 + 4, gpu::Residence::device, "values");
    const gpu::Buffer counters(device(), 16, gpu::Residence::device, "counters");
    gpu::upload(device(), data, 0, std::as_bytes(std::span(values)));
    scan.forget_bindings();
    scan.reserve(std::uint32_t(values.size()));
    device().run([&](VkCommandBuffer commands) {
        scan.record(commands, data, std::uint32_t(values.size()), counters, 2);
        gpu::barrier(commands);
    });
    Summed out{values, 0};
    gpu::download(device(), data, 0, std::as_writable_bytes(std::span(out.before)));
    gpu::download(device(), counters, 8, std::as_writable_bytes(std::span(&out.total, 1)));
    return out;
}

}  // namespace

TEST_CASE("prefix sums of every awkward length") {
    const Silence silence;
    const std::uint32_t seed = 5;
    CAPTURE(seed);
    std::mt19937 random{seed};
    for (std::size_t count :
         {0, 1, 3, 4, 63, 64, 65, 255, 256, 257, 1023, 8192, 8193, 14401, 50000, 400001}) {
        CAPTURE(count);
        std::vector<std::uint32_t> values(count), expected(count);
        for (std::uint32_t& v : values) v = std::uint32_t(random() % 1000);
        std::exclusive_scan(values.begin(), values.end(), expected.begin(), 0u);
        const Summed summed = scan_on_device(values);
        CHECK(summed.before == expected);
        CHECK(summed.total == std::accumulate(values.begin(), values.end(), 0u));
    }
}

TEST_CASE("a sum beyond 32 bits is told") {
    const Silence silence;
    CHECK(scan_on_device(std::vector<std::uint32_t>(1000, 1u << 24)).total == 0xffffffffu);
    CHECK(scan_on_device(std::vector<std::uint32_t>(100, 1u << 24)).total == 100u << 24);
    CHECK(scan_on_device(std::vector<std::uint32_t>(20000, 1u << 20)).total ==
          0xffffffffu);  // over its blocks
    CHECK(scan_on_device(std::vector<std::uint32_t>(20000, 1u << 23)).total ==
          0xffffffffu);  // in one of them
}
