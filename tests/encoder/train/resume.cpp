// Training that was interrupted goes on to the same bits; what cannot be gone on with is refused.
#include <doctest/doctest.h>

#include <fstream>
#include <random>

#include "encoder/train/archive.h"
#include "encoder/train/checkpoint.h"
#include "encoder/train/take_trainer.h"
#include "formats/core/file.h"
#include "tests/encoder/train/ball.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;
using namespace volumen::train;

namespace {

Checkpoint some_checkpoint() {
    Checkpoint checkpoint;
    checkpoint.run = {{"seed", "1"}, {"splats", "600"}};
    checkpoint.frames = 5, checkpoint.splats = 600;
    checkpoint.segments = {{0, 3}, {3, 2}};
    checkpoint.bounds = {glm::vec3(-1), glm::vec3(2)};
    checkpoint.trainer = {1, 2, 3};
    return checkpoint;
}

}  // namespace

TEST_CASE("a trainer restored after any frame trains the later frames to the same bits") {
    TrainSettings settings = small_settings();
    settings.segment_frames = 3;
    settings.refresh_iterations = 60;
    TakeInfo info;
    info.bounds_min = glm::vec3(-1.5f), info.bounds_max = glm::vec3(1.5f);
    constexpr int kFrames = 5;  // ends of segments, and both sides of one
    std::vector<TrainingFrame> frames;
    for (int f = 0; f < kFrames; ++f) frames.push_back(ball(6, 48, {0.03f * float(f), 0, 0}, f));

    std::vector<SplatCloud> clouds;
    std::vector<Bytes> states;
    TakeTrainer whole(info, {}, settings);
    for (const TrainingFrame& frame : frames) {
        clouds.push_back(whole.next(frame));
        states.push_back(whole.save());
    }
    for (int after = 0; after + 1 < kFrames; ++after) {
        CAPTURE(after);
        TakeTrainer trainer(info, {}, settings);
        const int first = after - after % settings.segment_frames;
        trainer.restore(states[std::size_t(after)], "state",
                        {.cloud = [&](int f) { return clouds[std::size_t(first + f)]; }, .joints = {}});
        CHECK(trainer.save() == states[std::size_t(after)]);
        for (int f = after + 1; f < kFrames; ++f) {
            CHECK(trainer.next(frames[std::size_t(f)]).values == clouds[std::size_t(f)].values);
            CHECK(trainer.began_segment() == (f % settings.segment_frames == 0));
        }
    }

    TakeTrainer trainer(info, {}, settings);
    const auto restore = [&](const Bytes& state, const SplatCloud& cloud) {
        trainer.restore(state, "state",
                        {.cloud = [&](int f) { return f == 0 ? clouds[0] : cloud; }, .joints = {}});
    };
    Bytes longer = states[1];
    longer.push_back(0);
    CHECK_THROWS_AS(restore(longer, clouds[1]), InputError);
    CHECK_THROWS_AS(restore(Bytes(states[1].begin(), states[1].end() - 1), clouds[1]), InputError);
    CHECK_THROWS_AS(restore(states[1], SplatCloud(clouds[0].count + 1, 1)), InputError);
    CHECK_THROWS_AS(restore(states[1], SplatCloud(clouds[0].count, 2)), InputError);
}

TEST_CASE("a checkpoint reads as it was written, and damage anywhere is found") {
    const TemporaryFolder folder;
    Checkpoint checkpoint = some_checkpoint();
    const auto file = folder / "checkpoint";
    write_checkpoint(file, checkpoint);
    const Checkpoint read = read_checkpoint(file);
    CHECK(read.run == checkpoint.run);
    CHECK(read.frames == 5);
    CHECK(read.splats == 600);
    REQUIRE(read.segments.size() == 2);
    CHECK(read.segments[1].first_frame == 3);
    CHECK(read.bounds.high == glm::vec3(2));
    CHECK(read.trainer == checkpoint.trainer);

    const Bytes bytes = read_file(file, 1 << 20);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        CAPTURE(i);
        Bytes damaged = bytes;
        damaged[i] ^= 0x40;
        write_file(file, damaged);
        CHECK_THROWS(read_checkpoint(file));
        write_file(file, std::span(bytes).first(i));
        CHECK_THROWS_AS(read_checkpoint(file), InputError);
    }
    checkpoint.segments[1].first_frame = 2;
    write_checkpoint(file, checkpoint);
    CHECK_THROWS_AS(read_checkpoint(file), InputError);
}

TEST_CASE("an archive's lying counts take no memory") {
    const unsigned seed = std::random_device{}();
    CAPTURE(seed);
    std::mt19937 random(seed);
    Archive written;
    SplatCloud cloud(5, 1);
    std::map<std::string, std::string> texts{{"a", "b"}, {"c", ""}};
    std::mt19937_64 generator(7);
    const auto fields = [&](Archive& archive) { archive(cloud), archive(texts), archive(generator); };
    fields(written);
    const Bytes bytes = written.release();
    for (int i = 0; i < 3000; ++i) {
        Bytes damaged = bytes;
        for (int hit = 0; hit < 3; ++hit)
            damaged[random() % (i % 2 ? 24 : damaged.size())] = std::uint8_t(random());
        Archive archive(damaged, "archive");
        try {
            fields(archive);
            archive.finish();
        } catch (const InputError&) {
        }
    }
    Archive archive(bytes, "archive");
    CHECK_NOTHROW(fields(archive));
    CHECK_NOTHROW(archive.finish());
    CHECK(generator == std::mt19937_64(7));
}

TEST_CASE("two runs' difference is named") {
    const RunRecord then{{"seed", "1"}, {"splats", "600"}};
    CHECK(difference(then, then).empty());
    CHECK(difference(then, {{"seed", "2"}, {"splats", "600"}}) == "seed: 1 then, 2 now");
    CHECK(difference(then, {{"seed", "1"}}) == "splats: 600 then, not known now");
}
