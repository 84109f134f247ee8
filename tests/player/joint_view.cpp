#include "player/view/joint_view.h"

#include <doctest/doctest.h>

namespace volumen {

TEST_CASE("joint view: a joint's distance from its parent, against the first frame") {
    // Three joints in a row, 10 apart; in frame 1 the last is 20 from the second, in frame 2 at its place.
    SkinSegment segment;
    segment.frame_count = 3, segment.joint_count = 3;
    segment.parents = {0, 0, 1};
    segment.joints.assign(3 * 3 * kJointComponents, 0);
    const int last[3] = {20, 30, 10};
    for (std::size_t f = 0; f < 3; ++f)
        for (std::size_t j = 1; j < 3; ++j)
            segment.joints[(f * 3 + j) * kJointComponents] = j == 1 ? 10 : last[f];
    for (int f = 0; f < 3; ++f) {
        CHECK(stretch(segment, f, 0) == 1);
        CHECK(stretch(segment, f, 1) == 1);
    }
    CHECK(stretch(segment, 0, 2) == 1);
    CHECK(stretch(segment, 1, 2) == 2);
    CHECK(stretch(segment, 2, 2) == 2);  // both in one place
}

TEST_CASE("joint view: the key goes through all and back") {
    JointView view = JointView::off;
    for (const JointView then : {JointView::joints, JointView::anchors, JointView::off})
        CHECK((view = next(view)) == then);
    CHECK(joint_view("joints") == JointView::joints);
    CHECK_FALSE(joint_view("bones"));
}

}  // namespace volumen
