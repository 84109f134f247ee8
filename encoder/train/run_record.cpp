// What a run is made from and with, in words that can be compared.
#include <fmt/ranges.h>

#include "encoder/train/archive.h"
#include "encoder/train/checkpoint.h"
#include "formats/stream/source.h"

namespace volumen::train {
namespace {

constexpr std::size_t kNamedDifferences = 3;

/// Of all that the cameras are.
std::uint32_t fingerprint(const Capture& capture) {
    Archive archive;
    for (CaptureView view : capture.views()) {
        Camera& c = view.camera;
        archive(view.name), archive(view.offset);
        archive(c.width), archive(c.height);
        archive(c.fx), archive(c.fy), archive(c.cx), archive(c.cy);
        for (int column = 0; column < 3; ++column) archive(c.rotation[column]);
        archive(c.translation);
    }
    return crc32(archive.release());
}

void record_dual(const DualSettings& settings, RunRecord& run) {
    const auto& [joints, joint_first_iterations, joint_iterations, skin_iterations, refine_passes,
                 refine_rounds, early_every, early_rounds, isotropic_weight, even_weight, joint_opacity_floor,
                 skin_opacity_floor, joint_rigid_weight, skin_rigid_weight, joint_rate, turn_rate,
                 look_rate_scale, scale_steadiness, opacity_steadiness, sh_steadiness, look_changes,
                 refine_joint_rate, refine_turn_rate, refine_skin_rate, refine_skin_turn_rate,
                 refine_look_scale, densify_every, densify_from, densify_until] = settings;
    const auto record = [&](const char* name, auto value) { run[name] = fmt::format("{}", value); };
    record("joints", joints);
    record("iterations of the first frame's joints", joint_first_iterations);
    record("iterations of a frame's joints", joint_iterations);
    record("iterations of a frame's skin", skin_iterations);
    record("passes over a segment", refine_passes);
    record("rounds a pass", refine_rounds);
    record("frames between early passes", early_every);
    record("rounds an early pass", early_rounds);
    record("roundness of joints", isotropic_weight);
    record("evenness of joints", even_weight);
    record("opacity floor of joints", joint_opacity_floor);
    record("opacity floor of skin", skin_opacity_floor);
    record("rigidity of joints alone", joint_rigid_weight);
    record("rigidity of joints under skin", skin_rigid_weight);
    record("joint position rate", joint_rate);
    record("joint rotation rate", turn_rate);
    record("rate scale of looks", look_rate_scale);
    record("steadiness of scale", scale_steadiness);
    record("steadiness of opacity", opacity_steadiness);
    record("steadiness of SH", sh_steadiness);
    record("share of looks that change", look_changes);
    record("joint position rate of passes", refine_joint_rate);
    record("joint rotation rate of passes", refine_turn_rate);
    record("skin position rate of passes", refine_skin_rate);
    record("skin rotation rate of passes", refine_skin_turn_rate);
    record("rate scale of looks of passes", refine_look_scale);
    record("densification interval", densify_every);
    record("densification start", densify_from);
    record("densification end", densify_until);
}

void record_v3(const V3Settings& v3, RunRecord& run) {
    const auto& [surplus, grow_share, surface_again, border_share, field_iterations, field_rate,
                 field_rigid_weight, entropy_weight, entropy_steps] = v3;
    const auto record = [&](const char* name, auto value) { run[name] = fmt::format("{}", value); };
    record("surplus of splats", surplus);
    record("growing share", grow_share);
    record("surface again above", surface_again);
    record("border share", border_share);
    record("iterations of the field", field_iterations);
    record("field rate", field_rate);
    record("rigid weight of the field", field_rigid_weight);
    record("entropy weight", entropy_weight);
    record("entropy steps", entropy_steps);
}

void record_settings(const TrainSettings& settings, RunRecord& run) {
    // Every member has its name here: one more, and this does not compile.
    const auto& [profile, dual, v3, seed, splats, stage_splats, sh_degree, segment_frames, ssim_weight,
                 random_background, first_iterations, refresh_iterations, coarse_iterations, fine_iterations,
                 position_rate, rotation_rate, scale_rate, opacity_rate, sh_rate, rest_rate_divisor,
                 opacity_floor, opacity_weight, size_weight, start_share, start_opacity, mesh_start, dropout,
                 spread_weight, smooth_weight, photo_weight, photo_angle, flat_weight, hull_slack,
                 pixels_per_splat, colour, colour_rate, graph_nodes, graph_rate, arap_weight,
                 fine_position_rate, fine_rate_scale, rigid_weight, temporal_weight] = settings;
    const auto record = [&](const char* name, auto value) { run[name] = fmt::format("{}", value); };
    run["profile"] = name(profile);
    if (profile == Profile::dualgs) record_dual(dual, run);
    if (profile == Profile::v3) record_v3(v3, run);
    record("seed", seed);
    record("splats", splats);
    record("splats of the stage", stage_splats);
    record("SH degree", sh_degree);
    record("frames a segment", segment_frames);
    record("SSIM weight", ssim_weight);
    record("random background", random_background);
    record("iterations of the first frame", first_iterations);
    record("iterations of a refreshed frame", refresh_iterations);
    record("iterations of the motion", coarse_iterations);
    record("iterations of a frame", fine_iterations);
    record("position rate", position_rate);
    record("rotation rate", rotation_rate);
    record("scale rate", scale_rate);
    record("opacity rate", opacity_rate);
    record("SH rate", sh_rate);
    record("SH rest divisor", rest_rate_divisor);
    record("opacity floor", opacity_floor);
    record("opacity weight", opacity_weight);
    record("size weight", size_weight);
    record("share of splats at the start", start_share);
    record("opacity at the start", start_opacity);
    if (mesh_start) record("start from a mesh", mesh_start);
    record("dropout", dropout);
    record("depth spread weight", spread_weight);
    record("depth smoothness weight", smooth_weight);
    record("photo consistency weight", photo_weight);
    record("photo consistency angle", photo_angle);
    record("flatness weight", flat_weight);
    record("hull slack", hull_slack);
    record("pixels a splat", pixels_per_splat);
    record("colour", int(colour));
    record("colour rate", colour_rate);
    record("motion nodes", graph_nodes);
    record("motion rate", graph_rate);
    record("motion rigidity", arap_weight);
    record("fine position rate", fine_position_rate);
    record("fine rate scale", fine_rate_scale);
    record("rigidity", rigid_weight);
    record("steadiness", temporal_weight);
}

}  // namespace

RunRecord record_run(const Capture& capture, const TrainOptions& options, masks::MaskMode mask_mode) {
    RunRecord run;
    const auto& [settings, held_out_views, first_frame, end_frame, width, height, scale, offsets, masks,
                 few_cameras, own_splats, own_sh_degree, stage, preparation, strict, warn, unfinished,
                 progress] = options;
    static_cast<void>(width), static_cast<void>(height), static_cast<void>(scale);  // the cameras' sizes tell
    static_cast<void>(offsets);                                                     // the cameras have them
    // The settings have them.
    static_cast<void>(few_cameras), static_cast<void>(own_splats), static_cast<void>(own_sh_degree);
    // These shape no model.
    static_cast<void>(masks), static_cast<void>(preparation), static_cast<void>(strict),
        static_cast<void>(warn), static_cast<void>(unfinished), static_cast<void>(progress);
    record_settings(settings, run);
    run["held-out views"] = fmt::format("{}", fmt::join(held_out_views, ","));
    run["frames"] = fmt::format("{}:{}", first_frame, end_frame < 0 ? capture.frame_count() : end_frame);
    run["program"] = VOLUMEN_VERSION;
    run["views"] = fmt::format("{}", capture.views().size());
    run["stage"] = name(stage);
    run["masks"] = masks::name(mask_mode);
    run["points"] = fmt::format("{}", capture.points() ? capture.points()->count() : 0);
    run["cameras"] = fmt::format("{:08x}", fingerprint(capture));
    return run;
}

std::string difference(const RunRecord& then, const RunRecord& now) {
    const auto text = [](const RunRecord& run, const std::string& name) {
        const auto it = run.find(name);
        return it == run.end() ? "not known" : it->second.empty() ? "none" : it->second;
    };
    RunRecord names = then;
    names.insert(now.begin(), now.end());
    std::vector<std::string> found;
    for (const auto& [name, ignored] : names)
        if (text(then, name) != text(now, name))
            found.push_back(fmt::format("{}: {} then, {} now", name, text(then, name), text(now, name)));
    if (found.size() > kNamedDifferences) found.resize(kNamedDifferences), found.push_back("…");
    return fmt::format("{}", fmt::join(found, "; "));
}

}  // namespace volumen::train
