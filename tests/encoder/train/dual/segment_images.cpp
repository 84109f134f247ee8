// A segment's images once more: all that fit, or a share of them a pass.
#include "encoder/train/segment_images.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/formats/media/rig_writer.h"

using namespace volumen;
using namespace volumen::train;

TEST_CASE("a segment's images are those that training saw; where not all fit, passes share the views") {
    const TemporaryFolder folder;
    write_sequence(folder, 4, 3);
    std::filesystem::remove(folder / "image/1/2.png");
    const Capture capture = Capture::open(folder.path());
    const std::vector<int> views{0, 2, 3};
    const auto masks = [](CaptureFrame&) {};
    const auto seen = [&](const SegmentImages& images, int frame) {
        std::set<int> out;
        for (std::size_t i = 0; i < images.count(frame); ++i) out.insert(images.view(frame, i).view);
        return out;
    };

    SegmentImages all(capture, views, 1, 3, masks);
    all.prepare(0);
    CHECK(all.frames() == 2);
    CHECK(seen(all, 0) == std::set<int>{0, 3});
    CHECK(seen(all, 1) == std::set<int>{0, 2, 3});
    FrameReader reader(capture, views, 2, 3);
    const TrainingFrame frame = make_training_frame(capture, views, *reader.next());
    CHECK(all.view(1, 1).colour.values == frame.views[1].colour.values);
    CHECK(all.view(1, 1).alpha == frame.views[1].alpha);

    SegmentImages few(capture, views, 1, 3, masks, 1);
    std::set<int> of_frame[2];
    for (int pass = 0; pass < 3; ++pass) {
        few.prepare(pass);
        for (int f = 0; f < 2; ++f) {
            CHECK(few.count(f) >= 1);
            CHECK(few.count(f) <= 2);
            of_frame[f].merge(seen(few, f));
        }
    }
    CHECK(of_frame[0] == std::set<int>{0, 3});
    CHECK(of_frame[1] == std::set<int>{0, 2, 3});
}
