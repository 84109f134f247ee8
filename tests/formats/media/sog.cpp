#include "formats/splats/sog.h"

#include <doctest/doctest.h>

#include <random>

#include "tests/formats/media/random_cloud.h"
#include "tests/formats/media/sog_writers.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;

namespace {

/// `text` with the first `from` made `to`.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
    REQUIRE(text.find(from) != std::string::npos);
    return text.replace(text.find(from), from.size(), to);
}

void write_files(const TemporaryFolder& folder, const std::string& below, const FileSet& files) {
    for (const auto& [name, contents] : files) folder.write(below + "/" + name, contents);
}

std::string folder_complaint(const std::filesystem::path& path) {
    try {
        read_splats(path);
    } catch (const InputError& error) {
        return error.what();
    }
    return "";
}

void check_close(const SplatCloud& cloud, const SplatCloud& read) {
    CHECK(read.sh_degree == cloud.sh_degree);
    const Difference d = compare(cloud, read);
    CHECK(d.position <= 3e-5f);  // 1.8 in 65,535 levels, and twice that where ln(1 + |v|) is steep
    CHECK(d.scale <= 0.02f);     // of 8 in 256
    CHECK(d.alpha <= 0.012f);    // of logits from -8 to 8 in 256, or of 1 in 256
    CHECK(d.colour <= 0.0037f);
    CHECK(d.rotation <= 0.009f);
    CHECK(d.detail <= 0.0037f);
}

}  // namespace

TEST_CASE("sog: both versions and every SH degree give the cloud that was written, as bundle and as folder") {
    for (const int version : {1, 2})
        for (int degree = 0; degree <= kMaxShDegree; ++degree) {
            CAPTURE(version);
            CAPTURE(degree);
            const SplatCloud cloud = random_cloud(300, degree, unsigned(10 * version + degree));
            const FileSet files = sog_files(cloud, version);
            for (const bool deflated : {false, true}) {
                const SplatFile read = parse_text(zip(files, deflated), "a.sog");
                CHECK(read.unusable == 0);
                check_close(cloud, read.cloud);
            }
            const TemporaryFolder folder;
            write_files(folder, "scan", files);
            for (const char* path : {"scan", "scan/meta.json"}) {
                CHECK(is_splats(folder / path));
                check_close(cloud, read_splats(folder / path).cloud);
            }
        }
}

TEST_CASE("sog: bytes as the specification writes them") {
    FileSet files = sog_files(random_cloud(2, 0, 1));
    files["meta.json"] =
        R"({"version": 2, "count": 2, "means": {"mins": [-1, 0, 0], "maxs": [1, 2, 0.5], "files": ["l", "u"]},
            "scales": {"codebook": [-7, -6.5, -6], "files": ["s"]}, "quats": {"files": ["q"]},
            "sh0": {"codebook": [0.5, 1.5], "files": ["c"]}})";
    const auto image = [](const std::string& rgba) { return webp(2, 1, rgba); };
    files["l"] = image(std::string("\x00\xff\x34\xff\xff\xff\x00\xff", 8));
    files["u"] = image(std::string("\x00\xff\x12\xff\xff\xff\x00\xff", 8));
    files["s"] = image(std::string("\x00\x01\x02\xff\x02\x02\x02\xff", 8));
    files["q"] = image(std::string("\xff\x00\x80\xfe\x00\x00\x00\x07", 8));  // y largest; then no kind
    files["c"] = image(std::string("\x00\x01\x00\x80\x01\x01\x01\x80", 8));
    const SplatFile read = parse_text(zip(files), "two.sog");
    CHECK(read.unusable == 1);
    REQUIRE(read.cloud.count == 1);
    const auto at = [&](int channel) { return double(read.cloud.channel(channel)[0]); };
    CHECK(at(0) == doctest::Approx(1 - std::exp(1)));
    CHECK(at(1) == doctest::Approx(std::exp(2) - 1));
    CHECK(at(2) == doctest::Approx(std::exp(0.5 * 0x1234 / 65535.0) - 1));
    CHECK(at(3) == doctest::Approx(std::sqrt(0.5)));   // w
    CHECK(at(4) == doctest::Approx(-std::sqrt(0.5)));  // x
    CHECK(at(5) == doctest::Approx(0));                // y: the rest, of which nothing is left
    CHECK(at(6) == doctest::Approx(1 / 255.0 * std::sqrt(0.5)));
    CHECK(at(7) == -7);
    CHECK(at(8) == -6.5);
    CHECK(at(9) == -6);
    CHECK(at(10) == doctest::Approx(std::log(128.0 / 127)));
    CHECK(at(11) == 0.5);
    CHECK(at(12) == 1.5);
}

TEST_CASE("sog: every truncation is refused") {
    const FileSet files = sog_files(random_cloud(9, 1, 4), 1);  // without the codebooks' thousands of bytes
    const std::string whole = zip(files);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        CAPTURE(length);
        CHECK_FALSE(complaint(whole.substr(0, length), "cut.sog").empty());
    }
    for (const auto& [name, contents] : files)
        for (std::size_t length = 0; length < contents.size(); ++length) {
            // The last byte of an image with an odd number of them only fills it up.
            if (length + 1 == contents.size() && contents.starts_with("RIFF")) continue;
            CAPTURE(name);
            CAPTURE(length);
            FileSet cut = files;
            cut[name].resize(length);
            CHECK_FALSE(complaint(zip(cut), "cut.sog").empty());
        }
}

TEST_CASE("sog: what its parts claim is checked against what they hold") {
    const FileSet files = sog_files(random_cloud(300, 1, 5));
    const auto changed = [&](const std::string& from, const std::string& to) {
        FileSet bad = files;
        bad["meta.json"] = replaced(bad["meta.json"], from, to);
        return complaint(zip(bad), "bad.sog");
    };
    CHECK(changed("\"version\":2", "\"version\":3").find("version 3") != std::string::npos);
    CHECK(changed("\"version\":2,", "").find("number of splats") != std::string::npos);
    CHECK(changed("\"count\":300", "\"count\":-1").find("number of splats") != std::string::npos);
    CHECK(changed("\"count\":300", "\"count\":400").find("20x16 pixels for 400") != std::string::npos);
    CHECK(changed("\"count\":300", "\"count\":16777216").find("cannot hold") != std::string::npos);
    CHECK(changed("\"count\":300", "\"count\":16777217").find("at most") != std::string::npos);
    CHECK(changed("\"count\":300,\"bands\":1", "\"count\":200,\"bands\":1").find("entry 200 of 200") !=
          std::string::npos);
    CHECK(changed("\"count\":300,\"bands\":1", "\"count\":999,\"bands\":1").find("shN: count") !=
          std::string::npos);
    CHECK(changed("\"bands\":1", "\"bands\":2").find("pixels wide") != std::string::npos);
    CHECK(changed("\"bands\":1", "\"bands\":4").find("bands") != std::string::npos);
    CHECK(changed("\"bands\":1", "\"bands\":0").empty());
    CHECK(changed("\"quats\"", "\"twists\"").find("quats") != std::string::npos);
    CHECK(changed("\"mins\":[", "\"mins\":[7,").find("mins") != std::string::npos);
    CHECK(changed("\"mins\":[", "\"mins\":[null,").find("mins") != std::string::npos);
    CHECK(
        changed("\"scales\":{\"codebook\":[", "\"scales\":{\"codebook\":[1],\"codes\":[").find("no entry") !=
        std::string::npos);
    CHECK(changed("\"quats.webp\"", "\"../quats.webp\"").find("beside it") != std::string::npos);
    CHECK(changed("\"quats.webp\"", "7").find("files") != std::string::npos);
    CHECK(changed("\"quats.webp\"", "\"none.webp\"").find("none.webp") != std::string::npos);
    CHECK(changed("{", "[").find("JSON") != std::string::npos);
}

TEST_CASE("sog: images of other kinds and sizes are refused") {
    const FileSet files = sog_files(random_cloud(300, 0, 6));
    const auto with = [&](const char* name, const std::string& contents) {
        FileSet bad = files;
        bad[name] = contents;
        return complaint(zip(bad, true), "bad.sog");
    };
    CHECK(with("quats.webp", webp(20, 16, std::string(20 * 16 * 4, 'a'), false)).find("lossy") !=
          std::string::npos);
    CHECK(with("quats.webp", webp(2, 2, std::string(16, 'a'))).find("2x2 pixels for 300") !=
          std::string::npos);
    CHECK(with("quats.webp", webp(300, 300, std::string(300 * 300 * 4, 'a'))).find("at most") !=
          std::string::npos);
    CHECK(with("quats.webp", "GIF89a").find("no WebP") != std::string::npos);
    CHECK(with("meta.json", std::string(3 << 20, ' ')).find("at most") != std::string::npos);
}

TEST_CASE("sog: what a ZIP's entries claim is checked") {
    const FileSet files = sog_files(random_cloud(9, 0, 7));
    const std::string whole = zip(files, true);
    const std::size_t entry = whole.find("PK\1\2");  // means_l.webp's, the first in the directory
    const auto changed = [&](std::size_t at, const std::string& bytes) {
        return complaint(std::string(whole).replace(entry + at, bytes.size(), bytes), "bad.sog");
    };
    CHECK(changed(8, "\1").find("encrypted") != std::string::npos);
    CHECK(changed(10, "\x0c").find("method 12") != std::string::npos);
    CHECK(changed(24, "\xff\xff\x0f").find("cannot hold") != std::string::npos);
    CHECK(changed(24, "\xff\xff\xff\x7f").find("at most") != std::string::npos);
    CHECK(changed(46, "beam").find("no file means_l.webp") != std::string::npos);
    CHECK_FALSE(changed(16, "abcd").empty());  // its checksum
    CHECK_FALSE(complaint(zip({}), "empty.sog").empty());
}

TEST_CASE("sog: random damage is refused or read, never worse") {
    const FileSet files = sog_files(random_cloud(9, 2, 8));
    const std::string whole = zip(files);
    const unsigned seed = 20261121;
    MESSAGE("seed ", seed);
    std::mt19937 random(seed);
    const auto damage = [&](std::string& text) {
        for (int i = 0; i < 3; ++i) text[random() % text.size()] = char(random());
    };
    for (int round = 0; round < 500; ++round) {
        std::string text = whole;
        damage(text);
        complaint(text, "damaged.sog");
        FileSet bad = files;
        damage(std::next(bad.begin(), std::ptrdiff_t(random() % bad.size()))->second);
        complaint(zip(bad), "damaged.sog");
    }
}

TEST_CASE("sog: of a streamed one the finest level is read, with its environment") {
    const TemporaryFolder folder;
    const SplatCloud near = random_cloud(40, 1, 1), far = random_cloud(10, 1, 2), sky = random_cloud(5, 0, 3);
    write_files(folder, "scan/0_0", sog_files(near));
    write_files(folder, "scan/1_0", sog_files(far));
    write_files(folder, "scan/env", sog_files(sky));
    const std::string lods = R"({"lodLevels": 2, "environment": "env/meta.json",
        "filenames": ["0_0/meta.json", "1_0/meta.json"],
        "tree": {"children": [{"lods": {"0": {"file": 0, "offset": 30, "count": 10}}},
                              {"lods": {"1": {"file": 1, "offset": 0, "count": 5},
                                        "0": {"file": 0, "offset": 0, "count": 20}}},
                              {"lods": {"10": {"file": 0, "offset": 0, "count": 40},
                                        "2": {"file": 1, "offset": 5, "count": 5}}}]}})";
    folder.write("scan/lod-meta.json", lods);
    for (const char* path : {"scan", "scan/lod-meta.json"}) {
        const SplatCloud read = read_splats(folder / path).cloud;
        REQUIRE(read.count == 40);
        CHECK(read.sh_degree == 1);
        const auto x = read.channel(0);
        CHECK(x[0] == doctest::Approx(near.channel(0)[30]).epsilon(0.001));
        CHECK(x[10] == doctest::Approx(near.channel(0)[0]).epsilon(0.001));
        CHECK(x[30] == doctest::Approx(far.channel(0)[5]).epsilon(0.001));
        CHECK(x[35] == doctest::Approx(sky.channel(0)[0]).epsilon(0.001));
        CHECK(read.channel(SplatCloud::kSh + 4)[37] == 0);
    }
    const auto changed = [&](const std::string& from, const std::string& to) {
        folder.write("scan/lod-meta.json", replaced(lods, from, to));
        return folder_complaint(folder / "scan");
    };
    CHECK(changed("\"offset\": 30", "\"offset\": 31").find("wants splat 40") != std::string::npos);
    CHECK(changed("\"file\": 0", "\"file\": 2").find("no name 2") != std::string::npos);
    CHECK(changed("\"count\": 10", "\"count\": 16777200").find("more than") != std::string::npos);
    CHECK(changed("\"count\": 10", "\"count\": -1").find("count") != std::string::npos);
    CHECK(changed("\"0_0/", "\"../scan/0_0/").find("below its folder") != std::string::npos);
    CHECK(changed("\"env/", "\"/env/").find("below its folder") != std::string::npos);
    CHECK(changed("\"tree\"", "\"trees\"").find("no tree") != std::string::npos);
    CHECK(changed("{\"children\": [", "{\"children\": [7, ").find("node") != std::string::npos);
    CHECK_FALSE(is_splats(folder.path()));
    CHECK(folder_complaint(folder / "none/meta.json").find("meta.json") != std::string::npos);
}
