// Whole captures with known faults, and what is said about them.
#include "encoder/check/check.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "formats/core/error.h"
#include "tests/encoder/balls.h"
#include "tests/encoder/masks/scene.h"
#include "tests/formats/media/rig_writer.h"

using namespace volumen;

namespace {

constexpr int kViews = 10, kFrames = 14, kSize = 72;

struct Faults {
    std::map<int, int> late = {};
    std::map<int, glm::vec3> tints = {};
    std::function<void(int view, int frame, Image8&)> edit = {};
    std::function<void(nlohmann::json& rig)> edit_rig = {};
    bool masks = true;
    int views = kViews, frames = kFrames;
};

void write_capture(const TemporaryFolder& folder, const Faults& faults) {
    nlohmann::json rig;
    for (int v = 0; v < faults.views; ++v) {
        const Camera camera = balls::camera(v, faults.views, kSize);
        rig["frames"].push_back(rig_entry(fmt::format("image/0/{}.png", v), camera));
        for (int f = 0; f < faults.frames; ++f) {
            const int offset = faults.late.contains(v) ? faults.late.at(v) : 0;
            Image8 image = balls::image(balls::performer(float(f - offset)), camera);
            if (faults.tints.contains(v)) balls::tint(image, faults.tints.at(v));
            if (faults.edit) faults.edit(v, f, image);
            if (!faults.masks) {
                Image8 rgb(kSize, kSize, 3);
                for (std::size_t i = 0; 4 * i < image.pixels.size(); ++i)
                    std::copy_n(&image.pixels[4 * i], 3, &rgb.pixels[3 * i]);
                image = std::move(rgb);
            }
            put_image(folder / fmt::format("image/{}/{}.png", f, v), image);
        }
    }
    if (faults.edit_rig) faults.edit_rig(rig);
    folder.write("transforms.json", rig.dump());
}

CheckResult check(const TemporaryFolder& folder, bool page = false) {
    CheckOptions options;
    options.trial = false;
    if (page) options.html = folder / "check.html";
    return check_capture(folder.path(), options);
}

/// Fine detail, as cloth has it.
void add_grain(Image8& image) {
    for (int y = 0; y < image.height; ++y)
        for (int x = 0; x < image.width; ++x)
            for (int k = 0; k < 3; ++k) {
                std::uint8_t& value = image.at(x, y)[k];
                value = std::uint8_t((x / 2 + y / 2) % 2 ? value * 9 / 10 : std::min(value * 11 / 10, 255));
            }
}

bool says(const CheckResult& result, Severity severity, int view, const std::string& part) {
    return std::ranges::any_of(result.findings, [&](const Finding& f) {
        return f.severity == severity && f.view == view && f.what.find(part) != f.what.npos;
    });
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

/// Every tag is closed, in order; returns what is wrong, or nothing.
std::string unbalanced(const std::string& html) {
    const std::set<std::string> empty{"meta", "img", "br", "!doctype"};
    std::vector<std::string> open;
    for (std::size_t at = html.find('<'); at != html.npos; at = html.find('<', at + 1)) {
        const std::size_t end = html.find('>', at);
        if (end == html.npos) return "a tag without an end";
        const bool closes = html[at + 1] == '/';
        const std::size_t begin = at + 1 + closes;
        const std::string name = html.substr(begin, html.find_first_of(" />\n", begin) - begin);
        if (empty.contains(name) || html[end - 1] == '/') continue;
        if (!closes) {
            open.push_back(name);
            continue;
        }
        if (open.empty() || open.back() != name)
            return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
        open.pop_back();
    }
    return open.empty() ? "" : "<" + open.back() + "> is left open";
}

}  // namespace

TEST_CASE("a late view, a dim one and one of another white balance are found, and nothing else" *
          doctest::test_suite("measures")) {
    const TemporaryFolder folder;
    write_capture(folder, {.late = {{3, 2}}, .tints = {{1, glm::vec3(0.8f)}, {6, {1.1f, 1, 0.88f}}}});
    const CheckResult result = check(folder, true);
    CHECK(says(result, Severity::wrong, 3, "2 frames late"));
    CHECK(says(result, Severity::doubtful, 1, "its exposure differs"));
    CHECK(says(result, Severity::doubtful, 6, "white balance"));
    CHECK(result.findings.size() == 3);
    CHECK(result.offsets_entry == "\"offsets\": {\"3.png\":2}");
    for (const CheckedView& v : result.views) {
        CAPTURE(v.index);
        CHECK(v.overlap > 0.8);
        CHECK(v.sees > 0.99);
        CHECK(v.denied < 0.05);
    }
    const auto root = nlohmann::json::parse(result.to_json());
    CHECK(root["offsets"] == nlohmann::json{{"3", 2}});
    CHECK(root["findings"].size() == 3);
    CHECK(root["views"][1]["gain"][0].get<double>() == doctest::Approx(0.8).epsilon(0.03));
    CHECK(root["estimate"].is_null());
    CHECK(result.to_text().find("view 3 (3.png): it is 2 frames late") != std::string::npos);

    const std::string html = text_of(folder / "check.html");
    CHECK(unbalanced(html) == "");
    CHECK(html.find("it is 2 frames late") != html.npos);
    CHECK(html.find("&quot;offsets&quot;: {&quot;3.png&quot;:2}") != html.npos);
    CHECK(html.find("{{") == html.npos);
    CHECK(html.find("http") == html.npos);
    CHECK(html.find("nan") == html.npos);
    std::size_t pictures = 0;
    for (std::size_t at = 0; (at = html.find("data:image/jpeg;base64,", at)) != html.npos; ++at) ++pictures;
    CHECK(pictures == kViews);
}

TEST_CASE("a good capture has nothing wrong, and a trial tells time and size") {
    const TemporaryFolder folder;
    write_capture(folder, {.frames = 4});
    CheckOptions options;
    options.settings = train::preset("draft");
    options.settings.splats = 600, options.settings.graph_nodes = 30;
    int stages = 0, ticks = 0;
    options.progress = [&](const std::string&) { ++stages; };
    options.tick = [&] { ++ticks; };
    const CheckResult result = check_capture(folder.path(), options);
    for (const Finding& f : result.findings) CHECK(f.severity == Severity::note);
    REQUIRE(result.trial);
    CHECK(result.trial->frames == 4);
    CHECK(result.trial->seconds > 0);
    CHECK(result.trial->kilobytes_a_frame > 0.5);
    CHECK(result.trial->kilobytes_a_frame < 100);
    CHECK(result.trial->memory_bytes > 1e6);
    CHECK(stages >= 4);
    CHECK(ticks > 100);
}

TEST_CASE("every view's fault is listed, and the rest is still looked at") {
    const TemporaryFolder folder;
    write_capture(folder, {.edit_rig = [](nlohmann::json& rig) {
                      rig["frames"][1]["transform_matrix"][0][0] = 3.0;  // no rotation
                      rig["frames"][2]["transform_matrix"][0][3] = "x";  // no number
                      rig["frames"][3]["w"] = 100;                       // another aspect
                  }});
    const CheckResult result = check(folder, true);
    CHECK(result.views.size() == kViews - 3);
    CHECK(says(result, Severity::wrong, -1, "frames[1]"));
    CHECK(says(result, Severity::wrong, -1, "frames[2]"));
    CHECK(says(result, Severity::wrong, -1, "frames[3]"));
    CHECK(unbalanced(text_of(folder / "check.html")) == "");
}

TEST_CASE("missing and damaged images are named") {
    const TemporaryFolder folder;
    write_capture(folder, {});
    std::filesystem::remove(folder / "image/5/2.png");
    folder.write("image/6/4.png", "not an image");
    const CheckResult result = check(folder);
    CHECK(says(result, Severity::doubtful, -1,
               "view 2 (2.png): 1 of 14 images looked at are missing or damaged (frames 5)"));
    CHECK(says(result, Severity::doubtful, -1, "view 4 (4.png): 1 of 14"));
}

TEST_CASE("empty, full and wrong masks; masks that agree on nothing") {
    const TemporaryFolder folder;
    const auto fill = [](Image8& image, std::uint8_t alpha) {
        for (std::size_t i = 3; i < image.pixels.size(); i += 4) image.pixels[i] = alpha;
    };
    SUBCASE("one empty, one full, one that slipped") {
        write_capture(folder, {.edit = [&](int view, int, Image8& image) {
                          if (view == 2) fill(image, 0);
                          if (view == 5) fill(image, 255);
                          if (view == 7)  // its picture slipped
                              std::rotate(image.pixels.begin(), image.pixels.begin() + 4 * 9 * kSize,
                                          image.pixels.end());
                      }});
        const CheckResult result = check(folder);
        CHECK(says(result, Severity::wrong, 2, "its masks are empty"));
        CHECK(says(result, Severity::wrong, 5, "cover the whole picture"));
        CHECK((says(result, Severity::wrong, 7, "deny") || says(result, Severity::doubtful, 7, "deny")));
        CHECK_FALSE(says(result, Severity::wrong, 0, ""));
    }
    SUBCASE("nothing in common") {
        write_capture(folder, {.edit = [&](int view, int, Image8& image) {
                          fill(image, 0);
                          for (int y = 0; y < kSize; ++y)
                              for (int x = 0; x < 6; ++x)
                                  image.at(view % 2 ? x : kSize - 1 - x, view % 3 ? y : 0)[3] = 255;
                      }});
        CHECK(says(check(folder), Severity::wrong, -1, "share no place in space"));
    }
}

TEST_CASE("a camera turned away, a soft picture, a burnt one, exposure that varies" *
          doctest::test_suite("measures")) {
    const TemporaryFolder folder;
    write_capture(folder, {.edit =
                               [&](int view, int frame, Image8& image) {
                                   if (view != 2) add_grain(image);
                                   if (view == 4) balls::tint(image, glm::vec3(2.2f));
                                   if (view == 6) balls::tint(image, glm::vec3(frame < 7 ? 1.0f : 0.8f));
                               },
                           .edit_rig =
                               [](nlohmann::json& rig) {
                                   // Turned by half a turn about its own y.
                                   for (int row = 0; row < 3; ++row)
                                       for (const int column : {0, 2}) {
                                           auto& m = rig["frames"][8]["transform_matrix"][row][column];
                                           m = -m.get<double>();
                                       }
                               }});
    const CheckResult result = check(folder, true);
    CHECK(says(result, Severity::wrong, 8, "the subject is behind it"));
    CHECK(says(result, Severity::doubtful, 2, "is soft"));
    CHECK(says(result, Severity::doubtful, 4, "burnt out"));
    CHECK(says(result, Severity::doubtful, 6, "varies"));
    CHECK(unbalanced(text_of(folder / "check.html")) == "");
}

TEST_CASE("without masks, with few views, of one frame: what can be said then") {
    const TemporaryFolder folder;
    write_capture(folder, {.masks = false, .views = 3, .frames = 1});
    const CheckResult result = check(folder, true);
    CHECK(says(result, Severity::note, -1, "no masks"));
    CHECK(says(result, Severity::doubtful, -1, "only 3 views"));
    CHECK(unbalanced(text_of(folder / "check.html")) == "");
    CHECK_THROWS_AS(check_capture(folder / "none", {}), InputError);
    CheckOptions options;
    options.first_frame = 3;
    CHECK_THROWS_AS(check_capture(folder.path(), options), UsageError);
}

TEST_CASE("masks that are computed are looked at as a capture's own") {
    const TemporaryFolder folder;
    masks::Scene scene;
    scene.views = 8, scene.frames = 6;
    scene.write(folder, true);
    CheckOptions options;
    options.trial = false, options.html = folder / "check.html";
    const CheckResult result = check_capture(folder.path(), options);
    CHECK(result.masks_from == masks::MaskMode::plate);
    CHECK(result.to_text().find("with masks computed from plates") != std::string::npos);
    CHECK(text_of(*options.html).find("Masks against the hull of all") != std::string::npos);
    CHECK(result.coverage.size() == 9);
    CHECK(result.surface.points.size() > 100);
    for (int v = 0; v < scene.views; ++v) {
        const CheckedView& view = result.views[std::size_t(v)];
        double share = 0;
        for (const int moment : result.moments) {
            const std::vector<glm::vec4> truth = scene.truth(v, moment);
            share += double(std::ranges::count_if(truth, [](const glm::vec4& p) { return p.w >= 0.5f; })) /
                     double(truth.size() * result.moments.size());
        }
        CHECK(view.mask_share == doctest::Approx(share).epsilon(0.1));
        CHECK(view.overlap > 0.5);
        CHECK(view.denied < 0.12);
    }
    options.masks = masks::MaskMode::none;
    const CheckResult without = check_capture(folder.path(), options);
    CHECK_FALSE(without.masks());
    CHECK(std::isnan(without.views[0].overlap));
    CHECK(says(without, Severity::note, -1, "no masks"));
    options.masks = masks::MaskMode::file;
    CHECK_THROWS_WITH_AS(check_capture(folder.path(), options), doctest::Contains("has no masks"),
                         InputError);
    // A plate that is damaged is told, and does not end the check.
    folder.write("background/3.png", "not an image");
    options.masks = masks::MaskMode::automatic;
    const CheckResult damaged = check_capture(folder.path(), options);
    CHECK_FALSE(damaged.masks());
    CHECK(std::ranges::any_of(
        damaged.findings, [](const Finding& f) { return f.what.find("background/3.png") != f.what.npos; }));
}
