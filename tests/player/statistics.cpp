#include "player/statistics.h"

#include <doctest/doctest.h>

using namespace volumen;

TEST_CASE("median, 95th percentile and maximum") {
    CHECK(summarise({}).median == 0);
    CHECK(summarise({7}).median == 7);
    CHECK(summarise({7}).p95 == 7);
    CHECK(summarise({3, 1, 2}).median == 2);
    CHECK(summarise({4, 1, 2, 3}).median == 2.5);
    std::vector<double> hundred;
    for (int i = 100; i >= 1; --i) hundred.push_back(i);
    CHECK(summarise(hundred).median == 50.5);
    CHECK(summarise(hundred).p95 == 95);
    CHECK(summarise(hundred).max == 100);
    CHECK(summarise({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).p95 == 10);
}

TEST_CASE("the summary leaves the warm-up out, where there is more") {
    Statistics statistics;
    for (const double ms : {100.0, 90.0, 80.0}) statistics.frames.push_back({.index = 0, .render_ms = ms});
    CHECK(statistics.json()["render_ms"]["median"] == 90);
    for (const double ms : {1.0, 2.0, 3.0}) statistics.frames.push_back({.index = 0, .render_ms = ms});
    const auto json = statistics.json();
    CHECK(json["render_ms"]["median"] == 2);
    CHECK(json["render_ms"]["max"] == 3);
    CHECK(json["frames"].size() == 6);
}

TEST_CASE("what the GPU does not measure is null") {
    Statistics statistics;
    statistics.frames.push_back({.index = 0, .decode_ms = 1});
    const auto json = statistics.json();
    CHECK(json["frames"][0]["decode_ms"] == 1);
    CHECK(json["frames"][0]["raster_ms"].is_null());
    CHECK(json["render_ms"]["median"].is_null());
}

TEST_CASE("the report has the keys that scripts rely on") {
    Statistics statistics;
    statistics.frames.push_back({.index = 5, .decode_ms = 1, .sort_ms = 2, .splats = 10, .visible = 4});
    statistics.stalls.push_back({12, 80.5});
    statistics.lost.push_back({20, 5, "a reason"});
    const auto json = statistics.json();
    for (const char* key :
         {"index", "decode_ms", "reconstruct_ms", "sort_ms", "raster_ms", "render_ms", "splats", "visible"})
        CHECK(json["frames"][0].contains(key));
    for (const char* key : {"render_ms", "time_to_first_frame_ms", "dropped", "stalls", "requests"})
        CHECK(json.contains(key));
    CHECK(json["frames"][0]["index"] == 5);
    CHECK(json["stalls"][0]["frame"] == 12);
    CHECK(json["lost"][0]["reason"] == "a reason");
}
