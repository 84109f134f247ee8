#include "encoder/arguments.h"

#include <doctest/doctest.h>

#include "formats/core/error.h"

using namespace volumen;

TEST_CASE("values on the command line") {
    CHECK(parse_list("--v", "3,9,14") == std::vector<int>{3, 9, 14});
    CHECK(parse_range("--f", "10:20") == std::pair{10, 20});
    CHECK(parse_range("--f", ":20") == std::pair{0, 20});
    CHECK(parse_range("--f", "10:") == std::pair{10, -1});
    CHECK(parse_size("--s", "640") == std::pair{640, 0});
    CHECK(parse_size("--s", "504x378") == std::pair{504, 378});
    CHECK(parse_bit_rate("--b", "12M") == 12e6);
    CHECK(parse_bit_rate("--b", "800k") == 800e3);
    CHECK(parse_bit_rate("--b", "5000000") == 5e6);
    const auto rate = [](const char* text) {
        const FrameRate fps = parse_frame_rate("--fps", text);
        return std::pair{fps.numerator, fps.denominator};
    };
    CHECK(rate("24") == std::pair{24, 1});
    CHECK(rate("23.976") == std::pair{24000, 1001});
    CHECK(rate("59.94") == std::pair{60000, 1001});
    CHECK(rate("12.5") == std::pair{12500, 1000});
    CHECK(rate("30000/1001") == std::pair{30000, 1001});
}

TEST_CASE("what is not a value is a usage error") {
    for (const char* text : {"", "a", "3,", ",3", "3,-1", "3;4", "99999999999"})
        CHECK_THROWS_AS(parse_list("--v", text), UsageError);
    for (const char* text : {"", "5", "5:5", "7:3", "a:b", "-1:4", "1:2:3"})
        CHECK_THROWS_AS(parse_range("--f", text), UsageError);
    for (const char* text : {"", "0", "x", "5x", "x5", "5x0", "99999", "5x5x5"})
        CHECK_THROWS_AS(parse_size("--s", text), UsageError);
    for (const char* text : {"", "M", "-1M", "0", "nan", "inf", "12G", "1e400"})
        CHECK_THROWS_AS(parse_bit_rate("--b", text), UsageError);
    for (const char* text : {"", "0", "-5", "nan", "1/0", "0/1", "a/b", "5/"})
        CHECK_THROWS_AS(parse_frame_rate("--fps", text), UsageError);
}
