// One pool of threads for the whole program.
#pragma once

#include <cstddef>
#include <functional>

namespace volumen {

/// Number of threads that parallel_for uses (the processor's, or VOLUMEN_THREADS where that is set).
int thread_count();

/// Calls body(begin, end, thread) on disjoint ranges that cover [0, count), `grain` items at a time, on all
/// threads; returns when all are done. `thread` is in [0, thread_count()). Which thread gets which range is
/// not determined: results must not depend on it. The first exception thrown by a body is rethrown here. A
/// call from inside a body runs serially.
void parallel_for(std::size_t count, std::size_t grain,
                  const std::function<void(std::size_t begin, std::size_t end, int thread)>& body);

}  // namespace volumen
