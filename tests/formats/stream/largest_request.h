// The largest piece of memory that a program asks `new` for.
//
// It tells more than what the program holds: memory that is taken and not touched counts, and what a
// sanitizer keeps back does not. Whoever links largest_request.cpp has its `new`.
#pragma once

#include <atomic>
#include <cstddef>

namespace volumen {

extern std::atomic<std::size_t> largest_request;  ///< bytes; set it to 0 to begin anew

}  // namespace volumen
