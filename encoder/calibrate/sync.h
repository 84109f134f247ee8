// How late each view of a capture is, in whole frames, told by what its pictures show.
#pragma once

#include <string>

#include "encoder/calibrate/samples.h"

namespace volumen {

/// How well a view fits the others, by how late it is taken to be.
struct SyncCurve {
    std::vector<double> cost;  ///< of -range, …, 0, …, range frames; NaN: cannot be told
    int offset = 0;            ///< the best, or 0 where nothing tells
    /// Share of the moments looked at that prefer this offset on their own; 0 where nothing moves.
    double confidence = 0;
};

struct SyncEstimate {
    std::string method;             ///< "silhouettes" or "motion"; empty: nothing can be told
    int range = 0;                  ///< frames looked at, to each side
    std::vector<SyncCurve> curves;  ///< one a view of the samples; offsets are on top of the capture's own

    bool any() const;
};

/// With masks: a view belongs to the moment at which its mask is the silhouette of the hull of the other
/// views. That is an absolute measure, which a walk's rhythm does not mislead. Without: the motion that two
/// cameras see in a plane through both is the same motion (Ben-Artzi et al., "Event retrieval using motion
/// barcodes"), so the signals of these planes are correlated, pair by pair. An offset is only told where the
/// gain is clear; the offsets agree with most views left as they are.
SyncEstimate estimate_sync(const Samples& samples);

/// The capture's own offsets and what estimate_sync adds to them, one a view of the capture; views that are
/// not among `views` keep theirs.
struct SyncedOffsets {
    std::vector<int> offsets;
    SyncEstimate estimate;
};
SyncedOffsets synced_offsets(const std::filesystem::path& capture, const std::vector<int>& views);

}  // namespace volumen
