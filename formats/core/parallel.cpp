#include "formats/core/parallel.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace volumen {
namespace {

/// More threads than this gain nothing here and would only cost scratch memory.
constexpr int kMaxThreads = 256;

int wanted_threads() {
    if (const char* text = std::getenv("VOLUMEN_THREADS")) {
        const int n = std::atoi(text);
        if (n >= 1) return std::min(n, kMaxThreads);
    }
    return std::clamp(int(std::thread::hardware_concurrency()), 1, kMaxThreads);
}

struct Job {
    std::size_t count, grain;
    const std::function<void(std::size_t, std::size_t, int)>* body;
    std::atomic<std::size_t> next{0};
    std::mutex error_mutex;
    std::exception_ptr error;

    void work(int thread) {
        for (;;) {
            const std::size_t begin = next.fetch_add(grain);
            if (begin >= count) return;
            try {
                (*body)(begin, std::min(begin + grain, count), thread);
            } catch (...) {
                std::lock_guard lock(error_mutex);
                if (!error) error = std::current_exception();
                next = count;
            }
        }
    }
};

thread_local bool inside_body = false;

/// Workers sleep between jobs; the caller works too. Only one job runs at a time.
class Pool {
  public:
    Pool() {
        for (int i = 1; i < wanted_threads(); ++i) workers_.emplace_back([this, i] { serve(i); });
    }
    ~Pool() {
        {
            std::lock_guard lock(mutex_);
            quit_ = true;
        }
        wake_.notify_all();
        for (std::thread& worker : workers_) worker.join();
    }
    int threads() const { return int(workers_.size()) + 1; }

    void run(Job& job) {
        std::lock_guard turn(turn_);
        {
            std::lock_guard lock(mutex_);
            job_ = &job, busy_ = int(workers_.size()), ++generation_;
        }
        wake_.notify_all();
        inside_body = true;
        job.work(0);
        inside_body = false;
        std::unique_lock lock(mutex_);
        done_.wait(lock, [&] { return busy_ == 0; });
        job_ = nullptr;
    }

  private:
    void serve(int thread) {
        inside_body = true;
        std::uint64_t seen = 0;
        for (;;) {
            Job* job;
            {
                std::unique_lock lock(mutex_);
                wake_.wait(lock, [&] { return quit_ || generation_ != seen; });
                if (quit_) return;
                seen = generation_, job = job_;
            }
            job->work(thread);
            std::lock_guard lock(mutex_);
            if (--busy_ == 0) done_.notify_one();
        }
    }

    std::vector<std::thread> workers_;
    std::mutex turn_, mutex_;
    std::condition_variable wake_, done_;
    Job* job_ = nullptr;
    int busy_ = 0;
    std::uint64_t generation_ = 0;
    bool quit_ = false;
};

Pool& pool() {
    static Pool instance;
    return instance;
}

}  // namespace

int thread_count() {
    return pool().threads();
}

void parallel_for(std::size_t count, std::size_t grain,
                  const std::function<void(std::size_t, std::size_t, int)>& body) {
    if (count == 0) return;
    grain = std::max<std::size_t>(grain, 1);
    if (inside_body || count <= grain || thread_count() == 1) {
        for (std::size_t begin = 0; begin < count; begin += grain)
            body(begin, std::min(begin + grain, count), 0);
        return;
    }
    Job job{count, grain, &body, {}, {}, {}};
    pool().run(job);
    if (job.error) std::rethrow_exception(job.error);
}

}  // namespace volumen
