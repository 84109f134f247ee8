#include "encoder/sequence/sequence.h"

#include <doctest/doctest.h>

#include <cmath>

#include "encoder/pack/pack.h"
#include "encoder/sequence/frame_files.h"
#include "formats/core/error.h"
#include "formats/stream/reader.h"
#include "tests/encoder/pack/synthetic.h"
#include "tests/encoder/sequence/shuffle.h"
#include "tests/formats/media/sog_writers.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

namespace {

/// How far splats are from where one of the segment's first frame is led by frame `f` of the figure.
double mean_distance(const SplatCloud& a, const SplatCloud& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.count; ++i) {
        double squares = 0;
        for (int k = 0; k < 3; ++k) squares += std::pow(a.channel(k)[i] - b.channel(k)[i], 2);
        sum += std::sqrt(squares);
    }
    return sum / double(a.count);
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("frame files stand in the order of their numbers") {
    CHECK(natural_less("frame_2.ply", "frame_10.ply"));
    CHECK_FALSE(natural_less("frame_10.ply", "frame_2.ply"));
    CHECK(natural_less("frame_002.ply", "frame_10.ply"));
    CHECK(natural_less("a9b1", "a10b0"));
    CHECK(natural_less("a", "a1"));
    CHECK(natural_less("01", "1"));
    CHECK_FALSE(natural_less("x", "x"));
    CHECK(natural_less("99999999999999999999998", "99999999999999999999999"));
    const TemporaryFolder folder;
    for (const char* name : {"f10.ply", "f9.ply", "f100.ply", "notes.txt"}) folder.write(name, "");
    const auto files = list_frame_files(folder.path());
    REQUIRE(files.size() == 3);
    CHECK(files[0].filename() == "f9.ply");
    CHECK(files[2].filename() == "f100.ply");
    folder.write("f11.spz", "");
    CHECK_THROWS_AS(list_frame_files(folder.path()), InputError);
    CHECK_THROWS_AS(list_frame_files(folder / "nothing"), InputError);
}

TEST_CASE("sequence: files in one order are left alone") {
    const TemporaryFolder folder;
    for (int f = 0; f < 7; ++f) write_ply(folder / fmt::format("{}.ply", f), synthetic_cloud(500, 1, f, 3));
    std::vector<std::string> told;
    const SplatSequence sequence(list_frame_files(folder.path()),
                                 {3, [&](const std::string& line) { told.push_back(line); }, {}});
    CHECK(told.empty());
    REQUIRE(sequence.segments().size() == 3);
    CHECK(sequence.segments()[1].first_frame == 2);
    CHECK(sequence.sh_degree() == 1);
    const auto frames = sequence.read(1);
    REQUIRE(frames.size() == 2);
    CHECK(frames[1].values == synthetic_cloud(500, 1, 3, 3).values);
}

TEST_CASE("sequence: shuffled frames of changing count become one topology") {
    const TemporaryFolder folder;
    constexpr std::size_t kCount = 1500;
    for (int f = 0; f < 6; ++f) {
        auto order = random_order(kCount, unsigned(40 + f));
        order.resize(kCount - std::size_t(20 * (f % 3)));
        write_ply(folder / fmt::format("{}.ply", f), gather(synthetic_cloud(kCount, 0, f, 3), order));
    }
    std::vector<std::string> told;
    const SplatSequence sequence(list_frame_files(folder.path()),
                                 {30, [&](const std::string& line) { told.push_back(line); }, {}});
    CHECK(told.empty());
    REQUIRE(sequence.segments().size() == 1);
    CHECK(sequence.splat_count(0) >= kCount);
    CHECK(sequence.splat_count(0) < kCount + 60);
    const auto frames = sequence.read(0);
    REQUIRE(frames.size() == 6);
    // Splat 0 to 1499 of the segment are the first file's; each is where the figure leads it.
    const auto order = random_order(kCount, 40);
    for (int f = 0; f < 6; ++f) {
        const SplatCloud truth = gather(synthetic_cloud(kCount, 0, f, 3), order);
        std::vector<std::size_t> first(kCount);
        std::iota(first.begin(), first.end(), std::size_t(0));
        CAPTURE(f);
        CHECK(mean_distance(gather(frames[std::size_t(f)], first), truth) < 0.003);
        std::size_t visible = 0;
        for (const float v : frames[std::size_t(f)].channel(SplatCloud::kOpacity)) visible += v > -15;
        CHECK(visible == kCount - std::size_t(20 * (f % 3)));
    }
}

TEST_CASE("sequence: where matching breaks down a segment begins, and one line says so") {
    const TemporaryFolder folder;
    for (int f = 0; f < 6; ++f) {
        SplatCloud cloud = shuffled(synthetic_cloud(1200, 0, f, f < 4 ? 3 : 5), unsigned(f));
        if (f >= 4)
            for (float& x : cloud.channel(0)) x += 5;
        write_ply(folder / fmt::format("{}.ply", f), cloud);
    }
    std::vector<std::string> told;
    const SplatSequence sequence(list_frame_files(folder.path()),
                                 {30, [&](const std::string& line) { told.push_back(line); }, {}});
    CHECK(told == std::vector<std::string>{"frame 4: 1,200 of 1,200 splats have no partner: a new segment"});
    REQUIRE(sequence.segments().size() == 2);
    CHECK(sequence.segments()[1].first_frame == 4);
    CHECK(sequence.read(1).size() == 2);
}

TEST_CASE("sequence: unusable splats are told, empty and damaged frames refused by name") {
    const TemporaryFolder folder;
    SplatCloud cloud = synthetic_cloud(100, 0, 0, 3);
    write_ply(folder / "0.ply", cloud);
    cloud.channel(0)[5] = std::numeric_limits<float>::quiet_NaN();
    write_ply(folder / "1.ply", cloud);
    std::vector<std::string> told;
    const auto open = [&] {
        return SplatSequence(list_frame_files(folder.path()),
                             {30, [&](const std::string& line) { told.push_back(line); }, {}});
    };
    CHECK(open().splat_count(0) == 100);
    REQUIRE(told.size() == 1);
    CHECK(told[0].find("1.ply: 1 splats are left out") != std::string::npos);
    const auto complaint = [&] {
        try {
            open();
        } catch (const InputError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    write_ply(folder / "2.ply", SplatCloud(0, 0));
    CHECK(complaint().find("2.ply: has no splats") != std::string::npos);
    std::filesystem::resize_file(folder / "0.ply", 600);
    CHECK(complaint().find("0.ply: truncated") != std::string::npos);
}

TEST_CASE("pack: shuffled splats cost about what ordered ones do; .spz, .splat and .sog sequences pack too") {
    const TemporaryFolder folder;
    for (int f = 0; f < 5; ++f) {
        const SplatCloud cloud = synthetic_cloud(1000, 1, f, 3), mixed = shuffled(cloud, unsigned(f));
        write_ply(folder / fmt::format("ordered_{}.ply", f), cloud);
        folder.write(fmt::format("ordered/{}.ply", f), text_of(folder / fmt::format("ordered_{}.ply", f)));
        write_ply(folder / fmt::format("mixed_{}.ply", f), mixed);
        folder.write(fmt::format("mixed/{}.ply", f), text_of(folder / fmt::format("mixed_{}.ply", f)));
        folder.write(fmt::format("spz/{}.spz", f), gzip(spz_contents(mixed, 3)));
        folder.write(fmt::format("splat/{}.splat", f), splat_contents(mixed));
        folder.write(fmt::format("sog/{}.sog", f), zip(sog_files(mixed)));
    }
    PackOptions options;
    options.up = glm::vec3(0, 0, 1);
    options.metres_per_unit = 0.01;
    options.fps = FrameRate{24, 1}, options.find_steps = false;
    options.tell = [](const std::string& line) { FAIL(line); };
    const auto bytes = [&](const char* name) {
        const std::uint64_t size = pack(folder / name, folder / "stream", options).bytes;
        const Stream stream = Stream::open(folder / "stream");
        CHECK(stream.segments().size() == 1);
        CHECK(stream.info().fps.numerator == 24);
        CHECK(stream.info().up.z == 1);
        CHECK(stream.info().metres_per_unit == 0.01);
        return double(size);
    };
    const double ordered = bytes("ordered");
    CHECK(bytes("mixed") < 1.1 * ordered);
    CHECK(bytes("spz") < 1.5 * ordered);  // the format's own rounding moves splats
    CHECK(bytes("splat") < 1.5 * ordered);
    CHECK(bytes("sog") < 1.5 * ordered);
}
