// SOGs of single files: a folder with meta.json, or a tree of levels of detail over many of them.
#include <algorithm>
#include <map>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/core/json.h"
#include "formats/splats/sog.h"
#include "formats/splats/sog_limits.h"

namespace volumen {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

SplatCloud read_single(const fs::path& folder) {
    const SogFiles files = [&](const std::string& file, std::uint64_t max_bytes) {
        return read_file(folder / file, max_bytes);
    };
    return parse_sog(files, folder.string());
}

/// A lod-meta.json: a tree whose leaves have ranges of splats in the SOGs that it names, a range a level.
class LevelsOfDetail {
  public:
    explicit LevelsOfDetail(const fs::path& folder)
        : folder_(folder),
          name_((folder / kSogLodFile).string()),
          meta_(parse_json(read_file(folder / kSogLodFile, kMaxSogLodBytes), name_)) {
        if (!meta_.is_object() || !meta_.contains("tree")) throw InputError("{}: has no tree", name_);
    }

    SplatCloud read_finest() {
        collect(meta_["tree"]);
        std::vector<SplatCloud> clouds;
        for (const auto& [file, splats] : wanted_) {
            const SplatCloud cloud = read_single(folder_of(file_name(file)));
            for (const std::size_t i : splats)
                if (i >= cloud.count)
                    throw InputError("{}: wants splat {} of {}, which has {}", name_, i, file_name(file),
                                     cloud.count);
            clouds.push_back(gather(cloud, splats));
        }
        if (meta_.contains("environment") && meta_["environment"].is_string())
            clouds.push_back(read_single(folder_of(meta_["environment"].get<std::string>())));
        return together(clouds);
    }

  private:
    /// parse_json() bounds the depth.
    void collect(const json& node) {
        if (!node.is_object()) throw InputError("{}: a node of the tree is no object", name_);
        if (const auto levels = node.find("lods"); levels != node.end()) collect_finest(*levels);
        if (const auto children = node.find("children"); children != node.end())
            for (const json& child : *children) collect(child);
    }

    /// The level of the lowest number.
    void collect_finest(const json& levels) {
        if (!levels.is_object() || levels.empty()) throw InputError("{}: a leaf has no levels", name_);
        auto finest = levels.begin();
        for (auto level = levels.begin(); level != levels.end(); ++level)
            if (std::pair(level.key().size(), level.key()) < std::pair(finest.key().size(), finest.key()))
                finest = level;
        const json& range = *finest;
        const std::size_t file = number(range, "file"), begin = number(range, "offset"),
                          count = number(range, "count");
        total_ += count;
        if (total_ > kMaxSplats)
            throw InputError("{}: its finest level has more than {} splats; open a coarser one's folder",
                             name_, kMaxSplats);
        for (std::size_t i = 0; i < count; ++i) wanted_[file].push_back(begin + i);
    }

    std::size_t number(const json& range, const char* key) const {
        const auto found = range.find(key);
        if (found == range.end() || !found->is_number_unsigned() || found->get<std::uint64_t>() > kMaxSplats)
            throw InputError("{}: a level's {} is no number up to {}", name_, key, kMaxSplats);
        return found->get<std::size_t>();
    }

    std::string file_name(std::size_t index) const {
        const auto names = meta_.find("filenames");
        if (names == meta_.end() || !names->is_array() || index >= names->size() ||
            !(*names)[index].is_string())
            throw InputError("{}: filenames has no name {}", name_, index);
        return (*names)[index].get<std::string>();
    }

    fs::path folder_of(const std::string& meta_file) const {
        const fs::path relative = fs::path(meta_file).lexically_normal();
        if (has_control_characters(meta_file) || relative.is_absolute() || relative.empty() ||
            *relative.begin() == ".." || relative.filename() != kSogMetaFile)
            throw InputError("{}: names something else than a {} below its folder", name_, kSogMetaFile);
        return (folder_ / relative).parent_path();
    }

    static SplatCloud together(const std::vector<SplatCloud>& clouds) {
        std::size_t count = 0;
        int degree = 0;
        for (const SplatCloud& cloud : clouds)
            count += cloud.count, degree = std::max(degree, cloud.sh_degree);
        SplatCloud out(count, degree);
        std::size_t at = 0;
        for (const SplatCloud& cloud : clouds) {
            for (int c = 0; c < cloud.channels(); ++c)
                std::ranges::copy(cloud.channel(c), out.channel(c).begin() + std::ptrdiff_t(at));
            at += cloud.count;
        }
        return out;
    }

    const fs::path folder_;
    const std::string name_;
    const json meta_;
    std::size_t total_ = 0;
    std::map<std::size_t, std::vector<std::size_t>> wanted_;  ///< splats of each file
};

}  // namespace

bool is_sog_folder(const fs::path& path) {
    std::error_code error;
    const auto has = [&](const char* file) { return fs::is_regular_file(path / file, error); };
    if (fs::is_directory(path, error)) return has(kSogMetaFile) || has(kSogLodFile);
    return path.filename() == kSogMetaFile || path.filename() == kSogLodFile;
}

SplatCloud read_sog_folder(const fs::path& path) {
    std::error_code error;
    const bool folder = fs::is_directory(path, error);
    const fs::path at = folder ? path : path.parent_path();
    if (path.filename() == kSogLodFile || (folder && !fs::exists(path / kSogMetaFile, error)))
        return LevelsOfDetail(at).read_finest();
    return read_single(at);
}

}  // namespace volumen
