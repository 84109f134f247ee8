#include "encoder/sequence/tracker.h"

#include <fmt/format.h>

#include <numeric>

namespace volumen {
namespace {

/// More newcomers than this share of a frame cost more, hidden in all other frames of the segment, than a
/// keyframe does.
constexpr double kMostNew = 0.2;
/// The same for splats that have gone, which come together over a segment.
constexpr double kMostHidden = 0.5;

/// 8120 -> "8,120"
std::string grouped(std::size_t number) {
    return number < 1000 ? fmt::format("{}", number)
                         : fmt::format("{},{:03}", grouped(number / 1000), number % 1000);
}

}  // namespace

void SplatTracker::begin(SplatCloud first) {
    places_.assign(1, std::vector<std::uint32_t>(first.count));
    std::iota(places_[0].begin(), places_[0].end(), 0u);
    motion_.assign(first.count, glm::vec3(0));
    files_agree_ = true;
    last_seen_ = first;
    previous_ = std::move(first);
}

std::optional<std::string> SplatTracker::add(SplatCloud next) {
    if (same_order(previous_, next)) {
        places_.push_back(places_.back());
        const std::vector<std::uint32_t>& place = places_.back();
        for (std::size_t i = 0; i < place.size(); ++i) {
            if (place[i] == kNoPartner) continue;
            for (int a = 0; a < 3; ++a)
                motion_[i][a] = next.channel(SplatCloud::kPosition + a)[place[i]] -
                                last_seen_.channel(SplatCloud::kPosition + a)[i];
            for (int c = 0; c < next.channels(); ++c) last_seen_.channel(c)[i] = next.channel(c)[place[i]];
        }
        previous_ = std::move(next);
        return {};
    }
    Match match = match_splats(last_seen_, next, motion_);
    std::vector<std::uint32_t> place(last_seen_.count, kNoPartner);
    std::vector<std::uint32_t> newcomers;
    for (std::uint32_t j = 0; j < next.count; ++j) {
        if (match.partner[j] == kNoPartner)
            newcomers.push_back(j);
        else
            place[match.partner[j]] = j;
    }
    const std::size_t splats = last_seen_.count + newcomers.size(), hidden = splats - next.count;
    if (double(newcomers.size()) > kMostNew * double(next.count))
        return fmt::format("{} of {} splats have no partner", grouped(newcomers.size()), grouped(next.count));
    if (double(hidden) > kMostHidden * double(next.count))
        return fmt::format("{} of {} splats are gone", grouped(hidden), grouped(splats));

    // The segment's splats as they are now, hidden ones where those around them go.
    SplatCloud seen(splats, next.sh_degree);
    place.insert(place.end(), newcomers.begin(), newcomers.end());
    match.motion.resize(splats, glm::vec3(0));
    for (int c = 0; c < seen.channels(); ++c)
        for (std::size_t i = 0; i < splats; ++i) {
            if (place[i] != kNoPartner)
                seen.channel(c)[i] = next.channel(c)[place[i]];
            else
                seen.channel(c)[i] = last_seen_.channel(c)[i] + (c < 3 ? match.motion[i][c] : 0.0f);
        }
    last_seen_ = std::move(seen);
    motion_ = std::move(match.motion);
    places_.push_back(std::move(place));
    previous_ = std::move(next);
    files_agree_ = false;
    return {};
}

}  // namespace volumen
