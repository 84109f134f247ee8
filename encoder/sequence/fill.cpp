#include "encoder/sequence/fill.h"

#include "encoder/neighbours.h"
#include "encoder/sequence/features.h"
#include "encoder/sequence/match.h"

namespace volumen {
namespace {

/// An alpha of 10⁻⁷.
constexpr float kInvisible = -16;

/// Gives the splats `wanted` of `to` the values that they have in `from`, invisible, moved as the nearest of
/// `guides`, which both frames have.
void carry(const SplatCloud& from, SplatCloud& to, std::span<const std::size_t> wanted,
           std::span<const std::size_t> guides) {
    if (wanted.empty()) return;
    std::vector<glm::vec3> motion(wanted.size(), glm::vec3(0));
    if (!guides.empty()) {
        const std::vector<glm::vec3> before = positions_of(from), after = positions_of(to);
        std::vector<glm::vec3> places, queries;
        for (const std::size_t i : guides) places.push_back(before[i]);
        for (const std::size_t i : wanted) queries.push_back(before[i]);
        const Neighbours guide = nearest(places, queries, 1, false);
        for (std::size_t w = 0; w < wanted.size(); ++w) {
            const std::size_t i = guides[guide.indices[w]];
            motion[w] = after[i] - before[i];
        }
    }
    for (int c = 0; c < to.channels(); ++c)
        for (std::size_t w = 0; w < wanted.size(); ++w)
            to.channel(c)[wanted[w]] = c == SplatCloud::kOpacity
                                           ? kInvisible
                                           : from.channel(c)[wanted[w]] + (c < 3 ? motion[w][c] : 0.0f);
}

}  // namespace

SplatCloud take_places(const SplatCloud& file, std::span<const std::uint32_t> places) {
    SplatCloud out(places.size(), file.sh_degree);
    for (int c = 0; c < out.channels(); ++c)
        for (std::size_t i = 0; i < places.size(); ++i)
            if (places[i] != kNoPartner) out.channel(c)[i] = file.channel(c)[places[i]];
    return out;
}

void fill_absent(std::span<SplatCloud> frames, std::span<const std::uint32_t> places) {
    const std::size_t splats = frames[0].count;
    const auto present = [&](std::size_t f, std::size_t i) { return places[f * splats + i] != kNoPartner; };
    std::vector<std::size_t> birth(splats, 0);
    for (std::size_t i = 0; i < splats; ++i)
        while (birth[i] + 1 < frames.size() && !present(birth[i], i)) ++birth[i];
    const auto step = [&](std::size_t from, std::size_t to) {
        std::vector<std::size_t> wanted, guides;
        for (std::size_t i = 0; i < splats; ++i) {
            if (present(from, i) && present(to, i)) guides.push_back(i);
            // Forwards what has been seen is carried on, backwards what has yet to come.
            if (!present(to, i) && (from < to) == (birth[i] < to)) wanted.push_back(i);
        }
        carry(frames[from], frames[to], wanted, guides);
    };
    for (std::size_t f = 1; f < frames.size(); ++f) step(f - 1, f);
    for (std::size_t f = frames.size() - 1; f-- > 0;) step(f + 1, f);
}

}  // namespace volumen
