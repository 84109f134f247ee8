// Directories that appear whole or not at all: every state that a kill can leave behind is made by hand.
#include "encoder/new_directory.h"

#include <doctest/doctest.h>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "tests/formats/media/temporary_folder.h"

using namespace volumen;
namespace fs = std::filesystem;

namespace {

constexpr DirectoryKind kKind{"marker", "progress"};

std::string text(const fs::path& file) {
    const auto bytes = read_file(file, 100);
    return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("what is committed replaces what stood there, and leaves nothing else") {
    const TemporaryFolder folder;
    for (const char* version : {"1", "2"}) {
        NewDirectory directory(folder / "a/target/", kKind, Unfinished::refuse);
        CHECK(!directory.goes_on());
        write_file(directory.path() / "progress", "p");
        write_file(directory.path() / "marker", version);
        CHECK(fs::exists(folder / "a/target") == (std::string_view(version) == "2"));
        directory.commit();
        CHECK(text(folder / "a/target/marker") == version);
        CHECK(!fs::exists(folder / "a/target/progress"));
    }
    CHECK(std::distance(fs::directory_iterator(folder / "a"), fs::directory_iterator()) == 1);
}

TEST_CASE(
    "without commit, files go unless there is progress; then a later run goes on, refuses or discards") {
    const TemporaryFolder folder;
    const fs::path target = folder / "target";
    { write_file(NewDirectory(target, kKind).path() / "file", "f"); }
    CHECK(fs::is_empty(folder.path()));
    {
        const NewDirectory directory(target, kKind);
        write_file(directory.path() / "progress", "p");
        write_file(directory.path() / "half.part", "f");
    }
    CHECK_THROWS_WITH_AS(NewDirectory(target, kKind, Unfinished::refuse), doctest::Contains("--resume"),
                         UsageError);
    {
        NewDirectory directory(target, kKind, Unfinished::go_on);
        CHECK(directory.goes_on());
        CHECK(text(directory.path() / "progress") == "p");
        directory.keep_only({"progress"});
        CHECK(!fs::exists(directory.path() / "half.part"));
    }
    {
        const NewDirectory directory(target, kKind, Unfinished::discard);
        CHECK(!directory.goes_on());
        CHECK(fs::is_empty(directory.path()));
    }
    CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("a target that is not ours, or is another's work, is left alone") {
    const TemporaryFolder folder;
    folder.write("foreign/letter", "dear");
    CHECK_THROWS_AS(NewDirectory(folder / "foreign", kKind), UsageError);
    folder.write("file", "f");
    CHECK_THROWS_AS(NewDirectory(folder / "file", kKind), UsageError);
    CHECK_THROWS_AS(NewDirectory(folder / "file/below", kKind), InputError);
    fs::create_directory(folder / "empty");
    {
        NewDirectory directory(folder / "empty", kKind);
        CHECK_THROWS_WITH_AS(NewDirectory(folder / "empty", kKind), doctest::Contains("another process"),
                             InputError);
        write_file(directory.path() / "marker", "m");
        directory.commit();
    }
    CHECK(text(folder / "empty/marker") == "m");
}

TEST_CASE("a commit that was killed half-way is completed or taken back") {
    const TemporaryFolder folder;
    const fs::path target = folder / "target";
    SUBCASE("after the exchange: the new one stands, the old one is in the hidden place") {
        folder.write("target/marker", "new"), folder.write("target/progress", "p");
        folder.write(".target.part/marker", "old");
        const NewDirectory directory(target, kKind, Unfinished::refuse);
        CHECK(!directory.goes_on());
        CHECK(fs::is_empty(directory.path()));
        CHECK(text(target / "marker") == "new");
        CHECK(!fs::exists(target / "progress"));
    }
    SUBCASE("between two renamings, where the file system exchanges nothing: the old one comes back") {
        folder.write(".target.old/marker", "old");
        folder.write(".target.part/marker", "new"), folder.write(".target.part/progress", "p");
        NewDirectory directory(target, kKind, Unfinished::go_on);
        CHECK(text(target / "marker") == "old");
        CHECK(directory.goes_on());
        directory.commit();
        CHECK(text(target / "marker") == "new");
    }
    SUBCASE("before what is old was removed") {
        folder.write(".target.old/marker", "old"), folder.write("target/marker", "new");
        const NewDirectory directory(target, kKind);
        CHECK(text(target / "marker") == "new");
        CHECK(!fs::exists(folder / ".target.old"));
    }
}
