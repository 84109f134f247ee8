#include "player/view/governor.h"

#include <doctest/doctest.h>

using namespace volumen;

namespace {

constexpr ViewSize kScreen{1280, 720};
constexpr double kBudget = 33;

/// A scene that takes `fixed` ms and so many for a full picture's pixels.
struct Scene {
    double fixed = 1, full = 10;
    double ms(ViewSize size) const {
        return fixed + full * size.width * size.height / (double(kScreen.width) * kScreen.height);
    }
};

void run(Governor& governor, const Scene& scene, int pictures) {
    for (int i = 0; i < pictures; ++i) governor.rendered(scene.ms(governor.size_of(kScreen)), kBudget);
}

}  // namespace

TEST_CASE("the governor leaves what is quick, and brings what is slow within the budget") {
    Governor governor;
    run(governor, {1, 10}, 200);
    CHECK(!governor.acts());
    CHECK(governor.size_of(kScreen) == kScreen);

    const Scene close{2, 150};
    run(governor, close, 12);
    CHECK(governor.acts());
    CHECK(close.ms(governor.size_of(kScreen)) <= kBudget);
    const ViewSize settled = governor.size_of(kScreen);
    run(governor, close, 200);
    CHECK(governor.size_of(kScreen) == settled);  // and stays there, without swinging
    CHECK(settled == ViewSize{453, 255});

    run(governor, {1, 10}, Governor::kLevels * Governor::kFast);
    CHECK(!governor.acts());
}

TEST_CASE("one slow picture is no reason; what pixels do not cure ends at the last level") {
    Governor governor;
    for (int i = 0; i < 50; ++i) governor.rendered(i % 2 ? 100 : 10, kBudget);
    CHECK(!governor.acts());
    run(governor, {500, 1}, 100);
    CHECK(governor.size_of(kScreen) == ViewSize{453, 255});
    CHECK(governor.size_of({20, 8}) == ViewSize{16, 8});
    governor.reset();
    CHECK(!governor.acts());
}
