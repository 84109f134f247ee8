#include <algorithm>
#include <numeric>
#include <random>

#include "shaders/sort/radix_sort.h"
#include "tests/shaders/device.h"

using namespace volumen;
using namespace volumen::test;

namespace {

/// The order that the device finds; `least` and `greatest` are what the keys are said to span.
std::vector<std::uint32_t> sort_on_device(const std::vector<std::uint32_t>& keys, std::uint32_t bits,
                                          std::uint32_t least, std::uint32_t greatest) {
    static gpu::RadixSort sort{device()};
    const std::uint32_t count = std::uint32_t(keys.size());
    const gpu::Buffer counters(device(), gpu::kCounterWords * 4, gpu::Residence::device, "counters");
    sort.reserve(count);
    sort.forget_bindings();
    gpu::upload(device(), sort.keys(), 0, std::as_bytes(std::span(keys)));
    const std::uint32_t range[2] = {least, greatest};
    gpu::upload(device(), counters, 0, std::as_bytes(std::span(range)));
    device().run([&](VkCommandBuffer commands) { sort.record(commands, count, bits, counters); });
    std::uint32_t kept = 0;
    gpu::download(device(), counters, gpu::kCounterVisible * 4, std::as_writable_bytes(std::span(&kept, 1)));
    REQUIRE(kept <= count);
    std::vector<std::uint32_t> order(kept);
    gpu::download(device(), sort.order(bits), 0, std::as_writable_bytes(std::span(order)));
    return order;
}

std::vector<std::uint32_t> expected_order(const std::vector<std::uint32_t>& keys) {
    std::vector<std::uint32_t> order;
    for (std::uint32_t i = 0; i < keys.size(); ++i)
        if (keys[i] != gpu::kDroppedKey) order.push_back(i);
    std::stable_sort(order.begin(), order.end(),
                     [&](std::uint32_t a, std::uint32_t b) { return keys[a] < keys[b]; });
    return order;
}

void check_sorted(const std::vector<std::uint32_t>& keys) {
    CHECK(sort_on_device(keys, 32, 0, 0xffffffffu) == expected_order(keys));
}

}  // namespace

TEST_CASE("sorts random keys of every awkward count, stably") {
    const Silence silence;
    const std::uint32_t seed = 9;
    CAPTURE(seed);
    std::mt19937 random{seed};
    for (std::size_t count : {0, 1, 2, 7, 8, 9, 63, 64, 65, 255, 257, 4095, 10'007, 100'000}) {
        CAPTURE(count);
        std::vector<std::uint32_t> keys(count);
        for (std::uint32_t& key : keys) key = std::uint32_t(random());
        check_sorted(keys);
        for (std::uint32_t& key : keys) key %= 10;  // mostly ties
        check_sorted(keys);
    }
}

TEST_CASE("sorts adversarial keys") {
    const Silence silence;
    constexpr std::size_t kCount = 5'003;
    std::vector<std::uint32_t> keys(kCount);
    const auto with = [&](auto key_of) {
        for (std::uint32_t i = 0; i < kCount; ++i) keys[i] = std::uint32_t(key_of(i));
        check_sorted(keys);
    };
    with([](std::uint32_t) { return 0u; });
    with([](std::uint32_t) { return 0xfffffffeu; });
    with([](std::uint32_t) { return gpu::kDroppedKey; });
    with([](std::uint32_t i) { return i; });
    with([](std::uint32_t i) { return std::uint32_t(kCount) - i; });
    with([](std::uint32_t i) { return i << 20; });
    with([](std::uint32_t i) { return i % 2 ? 0xff00ff00u : 0x00ff00ffu; });
    with([](std::uint32_t i) { return 1u << i % 32; });
    with([](std::uint32_t i) { return i % 3 ? gpu::kDroppedKey : 1000000 - i; });
    with([](std::uint32_t i) { return i == kCount - 1 ? 5 : gpu::kDroppedKey; });
}

TEST_CASE("sorts by the leading bits of the range alone") {
    const Silence silence;
    std::mt19937 random{15};
    std::vector<std::uint32_t> keys(3000);
    // A span of 24 bits: nothing is lost in three passes.
    for (std::uint32_t& key : keys) key = std::uint32_t(0x3f000000u + random() % (1u << 24));
    CHECK(sort_on_device(keys, 24, 0x3f000000u, 0x3fffffffu) == expected_order(keys));
    // A span of 28 bits: the lower four do not count.
    for (std::uint32_t& key : keys) key = std::uint32_t(0x30000000u + random() % (1u << 28));
    std::vector<std::uint32_t> coarse = keys;
    for (std::uint32_t& key : coarse) key >>= 4;
    CHECK(sort_on_device(keys, 24, 0x30000000u, 0x3fffffffu) == expected_order(coarse));
}
