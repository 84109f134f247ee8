#include "encoder/pack/codebook/index_changes.h"

#include <algorithm>

#include "formats/core/error.h"

namespace volumen {

IndexChanges index_changes(std::span<const std::uint16_t> indices, std::size_t splats) {
    IndexChanges out;
    out.splats = splats;
    out.first.assign(indices.begin(), indices.begin() + std::ptrdiff_t(splats));
    out.changes_in_frame.push_back(0);
    for (std::size_t at = splats; at < indices.size(); at += splats) {
        const std::size_t before = out.gap.size();
        std::size_t next = 0;
        for (std::size_t i = 0; i < splats; ++i) {
            if (indices[at + i] == indices[at + i - splats]) continue;
            out.gap.push_back(std::uint32_t(i - next));
            out.index.push_back(indices[at + i]);
            next = i + 1;
        }
        out.changes_in_frame.push_back(std::uint32_t(out.gap.size() - before));
    }
    return out;
}

std::vector<std::uint16_t> all_indices(const IndexChanges& changes) {
    if (changes.first.size() != changes.splats || changes.gap.size() != changes.index.size())
        throw InputError("index changes: {} first indices for {} splats, {} gaps for {} changes",
                         changes.first.size(), changes.splats, changes.gap.size(), changes.index.size());
    std::vector<std::uint16_t> out;
    out.reserve(changes.frames() * changes.splats);
    std::vector<std::uint16_t> now = changes.first;
    std::size_t change = 0;
    for (std::size_t f = 0; f < changes.frames(); ++f) {
        if (changes.changes_in_frame[f] > (f == 0 ? 0 : changes.gap.size() - change))
            throw InputError("index changes: frame {} has more changes than there are", f);
        std::size_t next = 0;
        for (std::uint32_t c = 0; c < changes.changes_in_frame[f]; ++c, ++change) {
            const std::size_t splat = next + changes.gap[change];
            if (splat >= changes.splats)
                throw InputError("index changes: frame {} changes splat {}", f, splat);
            now[splat] = changes.index[change];
            next = splat + 1;
        }
        out.insert(out.end(), now.begin(), now.end());
    }
    if (change != changes.gap.size())
        throw InputError("index changes: {} are of no frame", changes.gap.size() - change);
    return out;
}

}  // namespace volumen
