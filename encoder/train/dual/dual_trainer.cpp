#include "encoder/train/dual/dual_trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "encoder/train/dual/joint_terms.h"
#include "encoder/train/dual/revise_joints.h"
#include "encoder/train/dual/steady.h"
#include "encoder/train/quaternion.h"
#include "formats/core/error.h"

namespace volumen::train {
namespace {

constexpr float kLastRate = 0.1f;  ///< of later frames and of passes, of the first
/// A search for a limb that was lost, against the usual one.
struct Reach {
    float iterations, rate, stiffness;  ///< times the usual
};
constexpr Reach kReaches[] = {{2, 2, 0.3f}, {4, 3, 0.1f}};  ///< one after the other, while it is lost
constexpr int kWideHalvings = 3;
constexpr int kSmallestWide = 32;       ///< pixels, of the smallest image's sides
constexpr float kMoreJoints = 1.3f;     ///< than at first, at most, where their number is not the user's
constexpr float kLastEarlyRate = 0.3f;  ///< of passes over a segment that is not whole
constexpr int kFirstAgain = 2;  ///< times a round that a segment's first frame is seen besides its turn
constexpr int kHangEvery = 32;  ///< iterations of a pass: finding anchors anew costs as much as a few

/// How the graph's nodes move if each does what the nearest joint did: a new segment's first velocity.
SplatCloud motion_of_nodes(const MotionGraph& graph, const SplatCloud& before, const SplatCloud& now) {
    const SplatCloud moved = motion_since(before, now);
    std::vector<glm::vec3> nodes(graph.nodes());
    for (std::size_t k = 0; k < nodes.size(); ++k) nodes[k] = graph.node(k);
    const Neighbours near = nearest(positions(now), nodes, 1, false);
    return gather(moved, std::vector<std::size_t>(near.indices.begin(), near.indices.end()));
}

/// Rates of positions and rotations alone.
std::vector<float> place_rates(const SplatCloud& cloud, float position_rate, float rotation_rate) {
    std::vector<float> out(std::size_t(cloud.channels()), 0);
    std::fill_n(out.begin() + SplatCloud::kPosition, 3, position_rate);
    std::fill_n(out.begin() + SplatCloud::kRotation, 4, rotation_rate);
    return out;
}

}  // namespace

DualTrainer::DualTrainer(const TakeInfo& info, const std::optional<PointCloud>& points,
                         const TrainSettings& settings)
    : training_(info, points, settings) {}

const SplatCloud& DualTrainer::next(const TrainingFrame& frame, const Report& report) {
    const TrainSettings& settings = training_.settings;
    const bool first = frames_ == 0;
    const bool begins = first || int(joints_.size()) == settings.segment_frames;
    Tick tick(report, iterations(frames_));
    training_.begin_frame(first);
    if (first) {
        training_.budget = training_.affordable_splats(frame);
        SplatCloud joints = train_joints(frame, tick);
        cloud_ = training_.start(frame, training_.budget, settings.start_share, settings.sh_degree);
        training_.extent = extent_of(cloud_);
        train_skin(frame, settings.first_iterations, true, tick);
        begin_segment(std::move(joints));
    } else {
        track(frame, tick);
        if (begins) {
            train_skin(frame, settings.refresh_iterations, false, tick);
            const SplatCloud before = joints_[joints_.size() - 2], now = joints_.back();
            const float most = settings.dual.joints > 0 ? 1 : kMoreJoints;
            begin_segment(revise_joints(joints_, cloud_,
                                        std::size_t(most * float(joint_count(settings, training_.budget)))));
            last_motion_ = motion_of_nodes(*graph_, before, now);
        } else {
            timeline_.add(cloud_);
        }
    }
    ++frames_;
    return cloud_;
}

/// More than are wanted at first, then those that are spread best among the opaque.
SplatCloud DualTrainer::train_joints(const TrainingFrame& frame, Tick& tick) {
    const TrainSettings& settings = training_.settings;
    const DualSettings& dual = settings.dual;
    constexpr int kSurplus = 2;
    constexpr float kReduceAt = 0.6f;   ///< share of the iterations
    constexpr float kPruneFrom = 0.3f;  ///< of those before: opacities have to grow first
    const int count = joint_count(settings, training_.budget);
    SplatCloud joints = training_.start(frame, kSurplus * count, 1, 0);
    training_.extent = extent_of(joints);
    StillRun run{.iterations = int(kReduceAt * float(dual.joint_first_iterations)),
                 .from_nothing = true,
                 .budget = std::size_t(kSurplus * count),
                 .opacity_floor = dual.joint_opacity_floor,
                 .densify_from = kPruneFrom,
                 .densify_until = 1,
                 .terms = [&](const SplatCloud& cloud, SplatCloud& gradients) {
                     isotropic_term(cloud, dual.isotropic_weight, gradients);
                     even_term(cloud, dual.even_weight, gradients);
                 }};
    training_.train_still(joints, frame, run, tick);

    const float floor = std::log(dual.joint_opacity_floor / (1 - dual.joint_opacity_floor));
    std::vector<std::uint32_t> opaque;
    for (std::size_t k = 0; k < joints.count; ++k)
        if (joints.channel(SplatCloud::kOpacity)[k] >= floor) opaque.push_back(std::uint32_t(k));
    if (opaque.empty()) {
        opaque.resize(joints.count);
        std::iota(opaque.begin(), opaque.end(), 0u);
    }
    const std::vector<std::uint32_t> spread = farthest_points(positions(joints), opaque, std::size_t(count));
    joints = gather(joints, std::vector<std::size_t>(spread.begin(), spread.end()));

    run.iterations = dual.joint_first_iterations - run.iterations;
    run.from_nothing = false;
    run.densify_until = 0;
    training_.train_still(joints, frame, run, tick);
    make_unit(joints);
    return joints;
}

void DualTrainer::train_skin(const TrainingFrame& frame, int iterations, bool from_nothing, Tick& tick) {
    const DualSettings& dual = training_.settings.dual;
    training_.train_still(cloud_, frame,
                          {.iterations = iterations,
                           .from_nothing = from_nothing,
                           .judge_colours = from_nothing,
                           .budget = std::size_t(training_.budget),
                           .opacity_floor = dual.skin_opacity_floor,
                           .densify_every = dual.densify_every,
                           .densify_from = dual.densify_from,
                           .densify_until = dual.densify_until},
                          tick);
}

void DualTrainer::begin_segment(SplatCloud joints) {
    joints_.assign(1, std::move(joints));
    make_unit(cloud_);  // as posed skin is
    canonical_ = cloud_;
    timeline_.begin(cloud_);
    passes_ = 0, unsettled_ = 0;
    hang_skin();
    replay();
    last_motion_ = graph_->still();
}

void DualTrainer::hang_skin() {
    skin_ = skin_on_joints(canonical_, joints_[0]);
}

/// What the joints so far decide for the next frame, but for the last of them: track() adds those.
void DualTrainer::replay() {
    graph_.emplace(joints_[0], training_.settings.graph_nodes);
    rigid_.emplace(joints_[0]);
    for (std::size_t f = 0; f + 1 < joints_.size(); ++f) graph_->rebase(joints_[f]);
}

/// Places of the frame's skin.
void DualTrainer::pose(std::size_t frame, SplatCloud& cloud) const {
    skin_.warp(motion_since(joints_[0], joints_[frame]), cloud);
}

void DualTrainer::track(const TrainingFrame& frame, Tick& tick) {
    SplatCloud joints = joints_.back();
    graph_->rebase(joints);
    rigid_->rebase(joints);
    const Pyramid images(frame, kWideHalvings, kSmallestWide);
    search(images, joints, tick);
    move_joints(images.level(images.levels() > 1 ? 1 : 0), joints, tick);
    tune_skin(frame, joints, tick);
    joints_.push_back(std::move(joints));
    passes_ = 0;
    pose(joints_.size() - 1, cloud_);
}

/// The coarse motion, by the graph: of the joints, and of the skin through them. Where it leaves more than
/// usual, searches again, and wider, from several starts.
void DualTrainer::search(const Pyramid& images, SplatCloud& joints, Tick& tick) {
    const TrainSettings& settings = training_.settings;
    const SplatCloud& first = joints_[0];
    const Deformation deformation{
        [&](const SplatCloud& motion, SplatCloud& cloud) {
            graph_->warp(motion, joints);
            skin_.warp(motion_since(first, joints), cloud);
        },
        [&](const SplatCloud& motion, const SplatCloud& d_cloud, SplatCloud& d_motion) {
            SplatCloud d_joints;
            skin_.pull_back(motion_since(first, joints), d_cloud, d_joints);
            pull_back_to_joints(first, d_joints);
            graph_->pull_back(motion, d_joints, d_motion);
        }};
    const MotionSearch usual{.iterations = coarse_iterations(settings, int(joints_.size())),
                             .rate = settings.graph_rate};
    const SplatCloud velocity = last_motion_;
    const TrainingFrame& half = images.level(images.levels() > 1 ? 1 : 0);
    Rasteriser& rasteriser = training_.photometric.rasteriser;
    training_.search_motion(deformation, *graph_, images, usual, cloud_, last_motion_, tick);
    Residual best = residual(rasteriser, cloud_, half);
    const Residual usual_found = best;
    bool again = false;
    for (const Reach& reach : kReaches) {
        if (!limbs_.lost(best)) break;
        again = true;
        const MotionSearch wide{.iterations = int(reach.iterations * float(settings.coarse_iterations)),
                                .halvings = kWideHalvings,
                                .rate = reach.rate * settings.graph_rate,
                                .stiffness = reach.stiffness};
        Tick untold = tick.standing();
        const std::vector<SplatCloud> starts{last_motion_, velocity, graph_->still()};
        for (const SplatCloud& start : starts) {
            SplatCloud motion = start;
            training_.search_motion(deformation, *graph_, images, wide, cloud_, motion, untold);
            const Residual found = residual(rasteriser, cloud_, half);
            if (found.peak < best.peak) best = found, last_motion_ = motion;
        }
    }
    if (again) {
        deformation.warp(last_motion_, cloud_);
        ++searched_again_;
        notes_.push_back(
            fmt::format("a limb moved too far: searched again, and wider; worst error {:.2f}, then {:.2f}",
                        usual_found.peak, best.peak));
    }
    limbs_.add(best);
}

std::string DualTrainer::summary() const {
    if (searched_again_ == 0) return {};
    return fmt::format("in {} of {} frames limbs moved too far for the usual search: look at these first",
                       searched_again_, frames_);
}

/// The joints alone: they are few and soft, so that half the image's size does.
void DualTrainer::move_joints(const TrainingFrame& frame, SplatCloud& joints, Tick& tick) {
    const DualSettings& dual = training_.settings.dual;
    Adam adam;
    ViewOrder order(int(frame.views.size()));
    SplatCloud gradients;
    for (int i = 0; i < dual.joint_iterations; ++i) {
        const float decay = decayed(float(i) / float(dual.joint_iterations), kLastRate);
        RasterSettings raster = training_.raster(frame);
        raster.compensate = true;
        const TrainingView& view = frame.views[std::size_t(order.next(training_.random))];
        training_.photometric(joints, view, raster, 0, gradients);
        (*rigid_)(joints, dual.joint_rigid_weight, gradients);
        adam.step(joints, gradients,
                  place_rates(joints, dual.joint_rate * training_.extent * decay, dual.turn_rate * decay));
        tick();
    }
}

/// The joints by what the skin shows, and its looks.
void DualTrainer::tune_skin(const TrainingFrame& frame, SplatCloud& joints, Tick& tick) {
    const TrainSettings& settings = training_.settings;
    const DualSettings& dual = settings.dual;
    const SplatCloud &first = joints_[0], previous = cloud_;
    Adam joint_adam, look_adam;
    ViewOrder order(int(frame.views.size()));
    SplatCloud gradients, d_joints;
    training_.judge_colours(cloud_, frame, settings.sh_degree);  // of cameras that had no image before
    for (int i = 0; i < dual.skin_iterations; ++i) {
        const float decay = decayed(float(i) / float(dual.skin_iterations), kLastRate);
        const RasterSettings raster = training_.raster(frame);
        const TrainingView& view = frame.views[std::size_t(order.next(training_.random))];
        const SplatCloud motion = motion_since(first, joints);
        skin_.warp(motion, cloud_);
        training_.descend_view(cloud_, view, raster, gradients);
        skin_.pull_back(motion, gradients, d_joints);
        pull_back_to_joints(first, d_joints);
        (*rigid_)(joints, dual.skin_rigid_weight, d_joints);
        joint_adam.step(
            joints, d_joints,
            place_rates(joints, dual.joint_rate * training_.extent * decay, dual.turn_rate * decay));
        const std::vector<float> look_rates = training_.rates(cloud_, 0, 0, dual.look_rate_scale * decay);
        look_adam.step(cloud_, gradients, look_rates);
        keep_steady(cloud_, previous, look_adam, look_rates,
                    {dual.scale_steadiness, dual.opacity_steadiness, dual.sh_steadiness});
        tick();
    }
    make_unit(joints);
}

DualTrainer::Passes DualTrainer::passes_after(std::size_t segment_frames, bool at_end) const {
    const DualSettings& dual = training_.settings.dual;
    if (segment_frames < 2) return {};
    if (at_end || int(segment_frames) == training_.settings.segment_frames)
        return {dual.refine_passes, dual.refine_rounds, kLastRate};
    // Rates stay high: there are frames to come.
    if (dual.early_every > 0 && int(segment_frames) % dual.early_every == 0)
        return {1, dual.early_rounds, kLastEarlyRate};
    return {};
}

int DualTrainer::refine_iterations(int segment_frames, bool at_end) const {
    const Passes passes = passes_after(std::size_t(segment_frames), at_end);
    return passes.count * passes.rounds * (segment_frames + kFirstAgain);
}

int DualTrainer::passes_left(bool at_end) const {
    return std::max(passes_after(joints_.size(), at_end).count - passes_, 0);
}

void DualTrainer::refine(SegmentViews& views, bool at_end, const Report& report) {
    const DualSettings& dual = training_.settings.dual;
    const Passes passes = passes_after(joints_.size(), at_end);
    const std::size_t frames = joints_.size();
    training_.begin_frame(false);  // a run that goes on here has begun none
    const int visits = passes.rounds * (int(frames) + kFirstAgain);
    Tick tick(report, visits);
    views.prepare(passes_);
    std::vector<Adam> joint_adam(frames);
    std::vector<ViewOrder> view_order;
    for (std::size_t f = 0; f < frames; ++f) view_order.emplace_back(int(views.count(int(f))));
    // The first frame has no joints of its own that could give way, so that it is seen more often.
    ViewOrder frame_order(static_cast<int>(frames) + kFirstAgain);
    Adam skin_adam;
    timeline_.forget();
    SplatCloud posed = canonical_, gradients, d_joints, d_skin(canonical_.count, canonical_.sh_degree);
    for (int i = 0; i < visits; ++i) {
        // Anchors follow the skin; that they depend on it is not differentiated.
        if (i % kHangEvery == 0) hang_skin();
        const float t = float(passes_ * visits + i) / float(passes.count * visits);
        const float decay = decayed(t, passes.last_rate);
        const std::size_t turn = std::size_t(frame_order.next(training_.random));
        const std::size_t f = turn < frames ? turn : 0;
        const int pick = view_order[f].next(training_.random);
        TrainingFrame one{0, {}};
        one.views.push_back(views.view(int(f), std::size_t(pick)));
        const RasterSettings raster = training_.raster(one);
        const SplatCloud motion = motion_since(joints_[0], joints_[f]);
        skin_.warp(motion, posed);
        timeline_.read(int(f), posed);
        training_.descend_view(posed, one.views[0], raster, gradients);
        skin_.pull_back_base(motion, gradients, d_skin);
        if (f > 0) {
            skin_.pull_back(motion, gradients, d_joints);
            pull_back_to_joints(joints_[0], d_joints);
            joint_adam[f].step(joints_[f], d_joints,
                               place_rates(joints_[f], dual.refine_joint_rate * training_.extent * decay,
                                           dual.refine_turn_rate * decay));
        }
        skin_adam.step(canonical_, d_skin,
                       place_rates(canonical_, dual.refine_skin_rate * training_.extent * decay,
                                   dual.refine_skin_turn_rate * decay));
        skin_.set_base(canonical_);
        timeline_.step(int(f), gradients, training_.rates(posed, 0, 0, dual.refine_look_scale * decay));
        tick();
    }
    for (SplatCloud& joints : joints_) make_unit(joints);
    make_unit(canonical_);
    hang_skin();
    // What is undone here the next pass makes good.
    if (++passes_ < passes.count) timeline_.join(dual.look_changes);
    unsettled_ = 1;
}

SplatCloud DualTrainer::refined(int frame) const {
    SplatCloud cloud = canonical_;
    if (frame > 0) pose(std::size_t(frame), cloud);
    timeline_.read(frame, cloud);
    return cloud;
}

void DualTrainer::settle() {
    cloud_ = refined(int(joints_.size()) - 1);
    canonical_ = refined(0);
    hang_skin();
    replay();
    unsettled_ = 0;
}

void DualTrainer::fields(Archive& archive) {
    training_.fields(archive);
    archive(frames_);
    archive(last_motion_);
    limbs_.fields(archive);
    archive(searched_again_);
    archive(passes_);
    archive(unsettled_);
    int frames = int(joints_.size());
    archive(frames);
    if (!unsettled_) {
        joints_.resize(std::size_t(std::clamp(frames, 0, training_.settings.segment_frames)));
        return;
    }
    // The frames' files are of before the passes, or of both.
    archive(canonical_);
    archive(joints_);
    timeline_.fields(archive);
}

Bytes DualTrainer::save() {
    Archive archive;
    fields(archive);
    return archive.release();
}

void DualTrainer::restore(std::span<const std::uint8_t> state, const std::string& name,
                          const SegmentFrames& segment) {
    const auto check = [&](bool good) {
        if (!good) throw InputError("{}: does not fit the frames beside it; --restart begins anew", name);
    };
    Archive archive(state, name);
    fields(archive);
    archive.finish();
    const std::size_t frames = joints_.size();
    check(frames >= 1 && frames <= std::size_t(training_.settings.segment_frames) &&
          std::size_t(frames_) >= frames && training_.valid() && passes_ >= 0);
    if (unsettled_) {
        check(canonical_.count > 0 && timeline_.adopt(canonical_.count, canonical_.sh_degree, int(frames)));
    } else {
        for (std::size_t f = 0; f < frames; ++f) {
            cloud_ = segment.cloud(int(f));
            joints_[f] = segment.joints(int(f));
            if (f == 0) {
                check(cloud_.count > 0);
                canonical_ = cloud_;
                timeline_.begin(cloud_);
            } else {
                check(cloud_.count == canonical_.count && cloud_.sh_degree == canonical_.sh_degree);
                timeline_.add(cloud_);
            }
        }
    }
    for (const SplatCloud& joints : joints_)
        check(joints.count > 0 && joints.count == joints_[0].count && joints.sh_degree == 0);
    hang_skin();
    if (unsettled_) cloud_ = refined(int(frames) - 1);
    replay();
    check(last_motion_.count == graph_->nodes() && last_motion_.sh_degree == 0);
}

}  // namespace volumen::train
