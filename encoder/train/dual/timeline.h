// A segment's looks over time: each splat's scale, opacity and SH, once for as long as they stay the same.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "encoder/train/archive.h"
#include "encoder/train/dual/steady.h"

namespace volumen::train {

/// A splat's attribute is cut into runs of frames with one value. Frames keep their runs; their values can be
/// trained, each by all frames that it shows in: what was steady stays so.
class Timeline {
  public:
    /// The segment's first frame.
    void begin(const SplatCloud& first);
    /// The next frame: a run goes on where a value is the same, bit by bit.
    void add(const SplatCloud& cloud);

    int frames() const { return frames_; }
    /// Writes the frame's looks into a cloud of the segment's shape.
    void read(int frame, SplatCloud& cloud) const;

    /// A step of Adam on the values that show in the frame.
    void step(int frame, const SplatCloud& gradients, std::span<const float> rates);
    /// Forgets what steps remember: the next one is the first.
    void forget();

    /// How many splats change the attribute (of looks()) in a frame, on average, as a share of all.
    float changes(std::size_t attribute) const;
    /// Joins runs where the change between them matters least to the images of the steps since forget(): by
    /// change times root mean square gradient. After that no more than `share` of the splats change an
    /// attribute in a frame, on average. A joined run has the mean over its frames.
    void join(float share);

    /// Runs and values, not what steps remember.
    void fields(Archive& archive);
    /// After fields() has read: whether that is of clouds of this shape.
    bool adopt(std::size_t splats, int sh_degree, int frames);

  private:
    struct Track {
        Attribute attribute;
        std::vector<std::vector<std::uint32_t>> changed;  ///< of each frame but the first: splats, ascending
        std::vector<std::vector<std::uint32_t>> runs;     ///< of each frame, one a splat
        std::vector<float> values;                        ///< runs × width
        std::vector<float> first, second;                 ///< Adam's moments, runs × width
        std::vector<int> steps;                           ///< Adam's, of each run

        void number_runs(std::size_t splats);
        std::size_t all_changes() const;
        float importance(std::uint32_t before, std::uint32_t after) const;
        void drop_changes(const std::vector<char>& dropped, std::size_t splats);
    };
    std::size_t splats_ = 0;
    int sh_degree_ = 0, frames_ = 0;
    std::vector<Track> tracks_;
};

}  // namespace volumen::train
