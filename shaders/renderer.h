// The splat renderer: reconstruct → project → sort → rasterise, all on the device.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "formats/core/camera.h"
#include "formats/core/image.h"
#include "formats/splats/cloud.h"
#include "formats/stream/frame.h"
#include "shaders/gpu/device.h"

namespace volumen {

/// What splats are drawn in the order of. Changes of the order are what pops.
enum class Order {
    depth,     ///< their centres' depth, as in training
    distance,  ///< their centres' distance from the camera: stays as it is while a camera turns in place
    pixel,     ///< their depth at each pixel, as far as kWindow (shared.h) splats put that right
};

/// What a picture shows of the splats. All but colour are drawn in the order of Order::distance where
/// Order::pixel is asked for.
enum class Picture {
    colour,
    depth,     ///< or distance, as splats are ordered: from the nearest (yellow) to the farthest (violet) of
               ///< them
    opacity,   ///< of all splats together, white: full
    overdraw,  ///< how many splats are blended, from 1 (violet) to kMostOverdraw (yellow), logarithmically
    outlines,  ///< ellipses at a standard deviation
    points,    ///< the centres
};

struct RenderSettings {
    glm::vec3 background{1};
    Order order = Order::depth;
    int sh_degree = kMaxShDegree;
    float dilation = 0.3f;    ///< pixels², as in training
    bool compensate = false;  ///< mip-style opacity compensation
    Picture picture = Picture::colour;
    /// Of the way from the frame to the next one (set_next_frame), where that is set.
    float between = 0;
};

/// Milliseconds on the device by part (timestamps), and what was drawn.
struct RenderStats {
    double reconstruct_ms = 0, project_ms = 0, sort_ms = 0, raster_ms = 0,
           render_ms = 0;  ///< render: all parts
    std::uint32_t splats = 0, visible = 0;
    std::uint64_t tile_entries = 0;  ///< splat × tile pairs that were sorted
    float nearest = 0,
          farthest = 0;        ///< of the visible splats, in units: depth or distance, as they are ordered
    std::uint64_t number = 0;  ///< of the renderings of this object, from 1
    /// Work groups that share the sort, and the binning: their tables grow with them.
    std::uint32_t sort_chunks = 0, bin_chunks = 0;
};

/// Renderings whose figures wait to be taken.
inline constexpr std::size_t kMostFinished = 8;

/// Draws clouds and decoded frames. One object, one thread. Same image model as train::Rasteriser.
class Renderer {
  public:
    explicit Renderer(gpu::Device& device);
    ~Renderer();

    /// What is drawn from now on: an unpacked cloud, uploaded …
    void set_cloud(const SplatCloud& cloud);
    /// … or a frame of a stream, reconstructed by shaders: of an atlas, luma and exact parts are uploaded; of
    /// joints and skin, nothing. Segment tables are uploaded once a segment.
    void set_frame(const PackedFrame& frame);

    /// The frame after the one that is set, of the same segment, so that what lies between them can be drawn;
    /// record() or render() of the frame itself comes before. False, and nothing is set, where splats do not
    /// continue: the segment is another one.
    bool set_next_frame(const PackedFrame& frame);
    /// The next frame becomes the one that is set. One must be set.
    void advance();

    /// Splats that are drawn together with every cloud or frame from now on: the take's still surroundings,
    /// at the SH degree of the rest. What was set before is forgotten.
    void set_stage(const SplatCloud& stage);

    /// Renders into an image on the device and waits; RGBA, alpha = coverage, colour over the background.
    Image8 render(const Camera& camera, const RenderSettings& settings);
    /// Records the rendering into `commands`, as part of a larger frame (the window's). The result is in
    /// target() (VK_FORMAT_R8G8B8A8_UNORM, layout GENERAL), of the camera's size, when `commands` has run.
    /// Ask for target() after every call: another size is another image. `commands` must be submitted before
    /// the next call on this object. Where a frame needs more room than there is, it shows fewer splats, and
    /// the next one that is recorded after it has finished has the room.
    void record(VkCommandBuffer commands, const Camera& camera, const RenderSettings& settings);
    /// What target() holds, as render() returns it; waits for all that was submitted. Something must have
    /// been recorded.
    Image8 read_target();
    VkImage target() const;
    VkImageView target_view() const;

    /// Of the last rendering that has finished.
    const RenderStats& stats() const;
    /// Of the renderings that have finished since the last call, the oldest first, as far as kMostFinished.
    std::vector<RenderStats> take_finished();
    /// The splats as the device has them (reconstructed or uploaded), `between` the frame and the next one,
    /// the stage's behind, read back: waits for the device.
    SplatCloud read_cloud(float between = 0);
    /// Some splats of the frame, each below the number of all.
    SplatCloud read_splats(std::span<const std::uint32_t> splats);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace volumen
