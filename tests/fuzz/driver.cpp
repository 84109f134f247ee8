// Runs a fuzz target without libFuzzer: every file of its corpus, then mutations of them, the same ones for
// the same seed. So every build's tests run every target for a short while.
//
//   fuzz_NAME CORPUS [--runs N] [--seed S]
//
// Where a run crashes, the last line names its seed; `--runs 1 --seed` that seed repeats it.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" __attribute__((weak)) int LLVMFuzzerInitialize(int* count, char*** arguments);

// So that a finding of the sanitizers reaches the signal handler below; foreign libraries' leaks are
// tests/main.cpp's.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
    return "abort_on_error=1:detect_leaks=0";
}
extern "C" const char* __ubsan_default_options();
extern "C" const char* __ubsan_default_options() {
    return "abort_on_error=1:print_stacktrace=1";
}

namespace {

namespace fs = std::filesystem;
using Input = std::vector<std::uint8_t>;

/// Mutations grow an input at most by this: what takes larger ones to find is libFuzzer's.
constexpr std::size_t kMaxGrowth = 256;
/// Values that stand where a program counts: ends of ranges, and what overflows when it is multiplied.
constexpr std::uint64_t kEdges[] = {0,          1,          0x7f,       0x80,       0xff,        0x7fff,
                                    0x8000,     0xffff,     0x7fffffff, 0x80000000, 0xffffffffu, 0x100000000u,
                                    1ull << 61, 1ull << 63, ~0ull};

char current[128];  ///< what the signal handler says; snprintf is not for handlers

void on_crash(int signal) {
    const std::string_view line(current);
    if (write(STDERR_FILENO, line.data(), line.size()) < 0) _exit(2);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

class Mutator {
  public:
    Mutator(const std::vector<Input>& corpus, std::uint64_t seed) : corpus_(corpus), random_(seed) {}

    Input next() {
        Input input = corpus_[below(corpus_.size())];
        for (std::size_t i = 0, count = 1 + below(4); i < count; ++i) mutate(input);
        return input;
    }

  private:
    std::size_t below(std::size_t limit) { return std::size_t(random_() % limit); }
    std::uint8_t byte() { return std::uint8_t(random_()); }
    auto at(Input& input, std::size_t place) { return input.begin() + std::ptrdiff_t(place); }

    void mutate(Input& input) {
        if (input.empty()) {
            input.push_back(byte());
            return;
        }
        const std::size_t place = below(input.size()), rest = input.size() - place;
        switch (below(8)) {
            case 0:
                input[place] = byte();
                break;
            case 1:
                input[place] ^= std::uint8_t(1u << below(8));
                break;
            case 2:
                input.resize(place);
                break;
            case 3:
                input.erase(at(input, place), at(input, place + 1 + below(rest)));
                break;
            case 4:
                input.insert(at(input, place), 1 + below(kMaxGrowth), byte());
                break;
            case 5: {  // a piece of it, twice
                const Input piece(at(input, place), at(input, place + 1 + below(std::min(rest, kMaxGrowth))));
                input.insert(at(input, below(input.size())), piece.begin(), piece.end());
                break;
            }
            case 6: {  // a number, little-endian
                std::uint64_t value = kEdges[below(std::size(kEdges))];
                for (std::size_t i = 0, width = std::size_t(1) << below(4); i < std::min(width, rest); ++i)
                    input[place + i] = std::uint8_t(value), value >>= 8;
                break;
            }
            default: {  // the head of it with another's tail
                const Input& other = corpus_[below(corpus_.size())];
                input.resize(place);
                if (!other.empty()) {
                    const auto tail = other.begin() + std::ptrdiff_t(std::min(place, other.size() - 1));
                    input.insert(input.end(), tail, other.end());
                }
            }
        }
    }

    const std::vector<Input>& corpus_;
    std::mt19937_64 random_;
};

Input read_input(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t runs = 0, seed = 1;
    std::vector<Input> corpus;
    if (LLVMFuzzerInitialize) LLVMFuzzerInitialize(&argc, &argv);
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, on_crash);
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        if (argument == "--runs" && i + 1 < argc) {
            runs = std::strtoull(argv[++i], nullptr, 10);
        } else if (argument == "--seed" && i + 1 < argc) {
            seed = std::strtoull(argv[++i], nullptr, 10);
        } else if (fs::is_directory(argument)) {
            std::vector<fs::path> files;
            for (const auto& entry : fs::directory_iterator(argument)) files.push_back(entry.path());
            std::sort(files.begin(), files.end());
            for (const fs::path& file : files) {
                corpus.push_back(read_input(file));
                std::snprintf(current, sizeof current, "crashed on %.100s\n", file.filename().c_str());
                LLVMFuzzerTestOneInput(corpus.back().data(), corpus.back().size());
            }
        } else {
            std::fprintf(stderr, "usage: %s CORPUS_FOLDER [--runs N] [--seed S]\n", argv[0]);
            return 2;
        }
    }
    if (corpus.empty()) {
        std::fprintf(stderr, "%s: no corpus\n", argv[0]);
        return 2;
    }
    for (std::uint64_t run = 0; run < runs; ++run) {
        std::snprintf(current, sizeof current, "crashed with --runs 1 --seed %llu\n",
                      static_cast<unsigned long long>(seed + run));
        // Copied to its exact size, so that reading past its end is seen.
        const Input input = Mutator(corpus, seed + run).next();
        const Input exact(input.begin(), input.end());
        LLVMFuzzerTestOneInput(exact.data(), exact.size());
    }
    std::printf("%zu inputs of the corpus, %llu mutations from seed %llu\n", corpus.size(),
                static_cast<unsigned long long>(runs), static_cast<unsigned long long>(seed));
    return 0;
}
