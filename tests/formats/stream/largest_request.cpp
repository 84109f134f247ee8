#include "tests/formats/stream/largest_request.h"

#include <cstdlib>
#include <new>

namespace volumen {
std::atomic<std::size_t> largest_request{0};
}

void* operator new(std::size_t size) {
    std::size_t largest = volumen::largest_request;
    while (size > largest && !volumen::largest_request.compare_exchange_weak(largest, size)) {
    }
    if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
    throw std::bad_alloc();
}
void operator delete(void* memory) noexcept {
    std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
    std::free(memory);
}
