// volumen-encode: capture -> model -> stream, and the stream against the capture.
#include <fmt/format.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "encoder/arguments.h"
#include "encoder/calibrate/sync_option.h"
#include "encoder/check/check.h"
#include "encoder/evaluate/evaluate.h"
#include "encoder/export.h"
#include "encoder/masks/write_masks.h"
#include "encoder/pack/pack.h"
#include "encoder/progress.h"
#include "encoder/train/train.h"
#include "formats/core/error.h"
#include "formats/program/program.h"
#include "formats/splats/write_splats.h"

namespace {

using namespace volumen;
namespace fs = std::filesystem;

constexpr const char* kGoOn = "interrupted; the same command with --resume goes on";

/// What the command line says, before it is understood.
struct Arguments {
    std::string capture, output, model, stream;
    std::string profile = "auto", preset = "standard", device = "auto", colour = "auto", steps = "auto", sync,
                masks = "auto";
    std::string few_cameras = "auto", stage = "auto";
    std::string frames, holdout, size, bit_rate, fps, codec = "h264", views;
    std::string up, metres_per_unit, format;
    std::string json_file, html_file, images, contact_sheet, gpu;
    std::vector<std::string> against;
    int splats = 0, joints = 0, stage_splats = 0, sh_degree = -1;
    int segment = 0;  ///< 0: the profile's
    std::uint64_t seed = 1;
    double quality = -1, colour_changes = -1;
    bool no_trial = false;
    bool json = false, strict = false, resume = false, restart = false;
};

void add_masks_option(CLI::App& app, Arguments& a) {
    app.add_option("--masks", a.masks, "where masks come from: the capture, plates, motion")
        ->type_name("auto|file|plate|motion|none")
        ->capture_default_str();
}

void add_training_options(CLI::App& app, Arguments& a) {
    app.add_option("--preset", a.preset, "how long it may take")->capture_default_str();
    app.add_option("--frames", a.frames, "A:B, frames A to B of the capture, without B");
    app.add_option("--views-holdout", a.holdout, "views that nothing is learnt from, such as 3,9,14");
    app.add_option("--size", a.size, "the images' longer side (640), or WxH (504x378)");
    app.add_option("--sync", a.sync, "frames that views are late, such as 3:2,cam04:-1, or estimated");
    add_masks_option(app, a);
    app.add_option("--stage", a.stage,
                   "the still surroundings, stored once: auto is on where masks are computed")
        ->capture_default_str()
        ->type_name("auto|on|off");
    app.add_option("--stage-splats", a.stage_splats, "of the still surroundings, at most (20000)")
        ->check(CLI::Range(16, 16'000'000));
    app.add_flag("--strict", a.strict, "end where one image of one view is missing or damaged");
    app.add_option("--seed", a.seed, "same seed, same machine: same model")->capture_default_str();
    app.add_option("--splats", a.splats, "at most so many (10000)")->check(CLI::Range(16, 16'000'000));
    app.add_option("--sh", a.sh_degree, "SH degree of the colours, 0 to 3 (1)")
        ->check(CLI::Range(0, kMaxShDegree));
    app.add_option("--colour", a.colour,
                   "compensate exposure and white balance: of cameras that differ, of all, of none")
        ->capture_default_str();
    app.add_option("--few-cameras", a.few_cameras,
                   "keep the model a thin surface: where the cameras stand far apart, always, never")
        ->capture_default_str();
    app.add_option("--profile", a.profile,
                   "auto: splats that move freely; dualgs: joints that move, skin that shows; v3: splats' "
                   "changes are "
                   "cheap to code as a video")
        ->capture_default_str();
    app.add_option("--joints", a.joints, "of profile dualgs, at most so many (0.15 of the splats)")
        ->check(CLI::Range(1, 1'000'000));
    app.add_option("--device", a.device, "what trains")->capture_default_str()->type_name("auto|cpu");
    CLI::Option* restart = app.add_flag("--restart", a.restart, "discard what an interrupted run left");
    app.add_flag("--resume", a.resume, "go on where an interrupted run stopped; a finished model is kept")
        ->excludes(restart);
}

/// Of the training that the estimate is for.
void add_check_options(CLI::App& app, Arguments& a) {
    app.add_option("--preset", a.preset, "draft, standard or best")->capture_default_str();
    app.add_option("--frames", a.frames, "A:B, frames A to B of the capture, without B");
    app.add_option("--size", a.size, "the images' longer side (640), or WxH (504x378)");
    app.add_option("--splats", a.splats, "at most so many (10000)")->check(CLI::Range(16, 16'000'000));
    app.add_option("--sh", a.sh_degree, "SH degree of the colours, 0 to 3 (1)")
        ->check(CLI::Range(0, kMaxShDegree));
    add_masks_option(app, a);
    app.add_flag("--json", a.json, "print the result as JSON, alone on stdout");
}

void add_colour_changes_option(CLI::App& app, Arguments& a) {
    app.add_option("--colour-changes", a.colour_changes,
                   "of joints and skin: share of splats whose colour may change from frame to frame (0.015)")
        ->check(CLI::Range(0.0, 1.0));
}

void add_packing_options(CLI::App& app, Arguments& a) {
    app.add_option("--codec", a.codec, "of the atlas")->capture_default_str();
    app.add_option("--quality", a.quality, "0 to 100 (75)")->check(CLI::Range(0.0, 100.0));
    app.add_option("--steps", a.steps,
                   "of the attributes: weighed by what they cost in the picture, or as the quality has them")
        ->capture_default_str();
    app.add_option("--bitrate", a.bit_rate, "bits per second of all tracks together, such as 12M");
    add_colour_changes_option(app, a);
    app.add_option("--fps", a.fps, "frames per second, such as 24 or 30000/1001, instead of the model's");
    app.add_option("--up", a.up, "up axis of the take: x, y, z, -x, -y or -z (splat files: -y)");
    app.add_option("--metres-per-unit", a.metres_per_unit, "length of a scene unit (1)");
}

void add_common_options(CLI::App& app, Arguments& a) {
    app.add_option("--segment", a.segment,
                   "frames a segment: the unit of seeking, with one topology (30; dualgs: 50; v3: 20)")
        ->check(CLI::Range(1, 1000));
    app.add_flag("--json", a.json, "print the result as JSON, alone on stdout");
}

train::TrainOptions training_options(const Arguments& a) {
    if (a.device != "auto" && a.device != "cpu")
        throw UsageError("--device {}: this build trains on cpu", a.device);
    train::TrainOptions options;
    options.settings = train::preset(a.preset, train::parse_profile(a.profile));
    options.settings.seed = a.seed;
    if (a.segment > 0) options.settings.segment_frames = a.segment;
    if (a.joints > 0 && options.settings.profile != train::Profile::dualgs)
        throw UsageError("--joints: only profile dualgs has joints; add --profile dualgs");
    options.settings.dual.joints = a.joints;
    if (a.colour_changes >= 0)
        options.settings.dual = train::with_look_changes(options.settings.dual, float(a.colour_changes));
    options.settings.colour = train::colour_mode(a.colour);
    options.masks = masks::parse_mask_mode(a.masks);
    options.few_cameras = train::few_cameras_mode(a.few_cameras);
    options.own_splats = a.splats > 0, options.own_sh_degree = a.sh_degree >= 0;
    if (options.own_splats) options.settings.splats = a.splats;
    if (options.own_sh_degree) options.settings.sh_degree = a.sh_degree;
    options.stage = train::parse_stage_mode(a.stage);
    if (a.stage_splats > 0) options.settings.stage_splats = a.stage_splats;
    if (!a.holdout.empty()) options.held_out_views = parse_list("--views-holdout", a.holdout);
    if (!a.frames.empty())
        std::tie(options.first_frame, options.end_frame) = parse_range("--frames", a.frames);
    if (!a.size.empty()) std::tie(options.width, options.height) = parse_size("--size", a.size);
    return options;
}

PackOptions packing_options(const Arguments& a) {
    PackOptions options;
    options.codec = a.codec;
    if (a.segment > 0) options.segment_frames = a.segment;
    if (a.quality >= 0) options.quality = a.quality;
    if (a.steps != "auto" && a.steps != "fixed")
        throw UsageError("--steps {}: there are auto and fixed", a.steps);
    options.find_steps = a.steps == "auto";
    if (a.colour_changes >= 0) options.colour_changes = a.colour_changes;
    if (!a.bit_rate.empty()) options.bit_rate = parse_bit_rate("--bitrate", a.bit_rate);
    if (a.quality >= 0 && options.bit_rate)
        throw UsageError("--quality and --bitrate exclude each other: leave one out");
    if (!a.fps.empty()) options.fps = parse_frame_rate("--fps", a.fps);
    if (!a.up.empty()) options.up = parse_axis("--up", a.up);
    if (!a.metres_per_unit.empty())
        options.metres_per_unit = parse_length("--metres-per-unit", a.metres_per_unit);
    options.tell = [](const std::string& line) { fmt::print(stderr, "volumen-encode: {}\n", line); };
    return options;
}

nlohmann::json run_masks(const Arguments& a) {
    masks::WriteOptions options;
    options.mode = masks::parse_mask_mode(a.masks);
    options.strict = a.strict;
    if (!a.holdout.empty()) options.held_out_views = parse_list("--views-holdout", a.holdout);
    if (!a.frames.empty())
        std::tie(options.first_frame, options.end_frame) = parse_range("--frames", a.frames);
    Progress learning("learn", "pass"), progress("masks", "frame");
    options.learning = [&](double share) { learning(0, 1, share); };
    options.warn = [&](const std::string& line) { progress.warn("volumen-encode: warning: " + line); };
    options.progress = [&](int done, int of) { progress(done - 1, of, 1); };
    const masks::WriteResult result = masks::write_masks(a.capture, a.output, options);
    return {{"frames", result.frames}, {"files", result.files}, {"from", masks::name(result.mode)}};
}

nlohmann::json run_train(const Arguments& a, const fs::path& model) {
    train::TrainOptions options = training_options(a);
    Progress progress("train", "frame");
    options.strict = a.strict;
    options.warn = [&](const std::string& line) { progress.warn("volumen-encode: warning: " + line); };
    options.offsets = sync_offsets(a.capture, a.sync, options.held_out_views, options.warn);
    std::optional<Progress> preparing;
    std::string prepared;
    options.preparation = [&](const char* what, double share) {
        if (prepared != what) preparing.emplace(prepared = what, "pass");
        (*preparing)(0, 1, share);
    };
    options.progress = [&](int frame, int of, double share, double all) { progress(frame, of, share, all); };
    options.unfinished = a.resume ? Unfinished::go_on : a.restart ? Unfinished::discard : Unfinished::refuse;
    train::TrainResult result;
    try {
        result = train::train_capture(a.capture, model, options);
    } catch (const Interrupted& by) {
        if (!train::is_unfinished(model))
            throw Interrupted(by.signal(), "interrupted before a frame was whole");
        throw Interrupted(by.signal(), kGoOn);
    }
    return {{"frames", result.frames},
            {"resumed_frames", result.resumed_frames},
            {"splats", result.splats},
            {"few_cameras", result.few_cameras},
            {"views_of_a_surface", result.views_of_a_surface},
            {"seconds", result.seconds},
            {"model", model.string()}};
}

nlohmann::json run_pack(const Arguments& a, const fs::path& model, const fs::path& stream) {
    PackOptions options = packing_options(a);
    Progress reading("read", "frame"), progress("pack", "frame");
    options.read_progress = [&](int done, int of) { reading(done - 1, of, 1); };
    options.progress = [&](int done, int of) { progress(done - 1, of, 1); };
    const PackResult result = pack(model, stream, options);
    return {{"bytes", result.bytes},
            {"quality", result.quality},
            {"seconds", result.seconds},
            {"stream", stream.string()}};
}

nlohmann::json run_export(const Arguments& a) {
    ExportOptions options;
    if (!a.frames.empty())
        std::tie(options.first_frame, options.end_frame) = parse_range("--frames", a.frames);
    Progress progress("export", "frame");
    options.progress = [&](int done, int of) { progress(done - 1, of, 1); };
    if (has_written_extension(a.output)) {
        if (!a.format.empty())
            throw UsageError("--format {}: is of a folder's files; {} says it by its name", a.format,
                             a.output);
        export_frame(a.stream, a.output, options);
        return {{"frames", 1}, {"file", a.output}};
    }
    if (!a.format.empty() && a.format != "ply" && a.format != "spz")
        throw UsageError("--format {}: there are ply and spz", a.format);
    if (!a.format.empty()) options.extension = "." + a.format;
    const int frames = export_take(a.stream, a.output, options);
    return {{"frames", frames}, {"directory", a.output}};
}

void run_evaluate(const Arguments& a) {
    EvaluateOptions options;
    if (a.device != "auto" && a.device != "cpu" && a.device != "gpu")
        throw UsageError("--device {}: there are auto, cpu and gpu", a.device);
    options.use_gpu = a.device != "cpu";
    options.device = a.gpu;
    if (!a.views.empty()) options.views = parse_list("--views", a.views);
    if (!a.size.empty()) std::tie(options.width, options.height) = parse_size("--size", a.size);
    if (!a.frames.empty())
        std::tie(options.first_capture_frame, options.end_capture_frame) = parse_range("--frames", a.frames);
    if (a.sync == "auto") throw UsageError("--sync auto: estimate when training, name the offsets here");
    options.offsets = sync_offsets(a.capture, a.sync, {}, {});
    if (!a.json_file.empty()) options.json = a.json_file;
    if (!a.html_file.empty()) options.html = a.html_file;
    if (!a.images.empty()) options.images = a.images;
    if (!a.against.empty() && a.json_file.empty() && a.html_file.empty())
        throw UsageError("--against: the other streams' figures go into --html and --json; name one of them");
    options.against.assign(a.against.begin(), a.against.end());
    if (!a.contact_sheet.empty()) options.contact_sheet = a.contact_sheet;
    options.masks = masks::parse_mask_mode(a.masks);
    Progress learning("masks", "pass"), progress("evaluate", "frame");
    options.learning = [&](double share) { learning(0, 1, share); };
    options.progress = [&](int done, int of) { progress(done - 1, of, 1); };
    const Evaluation e = evaluate(a.stream, a.capture, options);
    fmt::print(stderr,
               "{} frames, {} views: {:.2f} dB ({:.2f} in the mask), SSIM {:.4f}, flicker {:.3f}; {:.1f} kB "
               "a frame, {:.2f} Mbit/s, 1:{:.0f}\n",
               e.frames, e.views, e.psnr, e.psnr_masked, e.ssim, e.flicker, e.bytes_per_frame / 1000,
               e.mbit_per_s, e.ratio);
}

/// Where the whole encode keeps the model: beside the stream, so that packing again needs no training.
fs::path model_beside(const fs::path& stream) {
    fs::path path = stream.lexically_normal();
    if (!path.has_filename()) path = path.parent_path();
    return path.replace_filename(path.filename().string() + ".model");
}

void run_check(const Arguments& a) {
    CheckOptions options;
    const train::TrainOptions training = training_options(a);
    options.settings = training.settings;
    options.width = training.width, options.height = training.height;
    options.first_frame = training.first_frame, options.end_frame = training.end_frame;
    options.masks = training.masks;
    options.trial = !a.no_trial;
    options.html = a.output.empty() ? "check.html" : a.output;
    options.tick = throw_if_interrupted;
    options.progress = [](const std::string& what) { fmt::print(stderr, "check: {}\n", what); };
    const CheckResult result = check_capture(a.capture, options);
    if (a.json)
        fmt::print("{}\n", result.to_json());
    else
        fmt::print("{}  page      {}\n", result.to_text(), options.html->string());
}

void print_result(const Arguments& a, const nlohmann::json& result, const std::string& line) {
    if (a.json)
        fmt::print("{}\n", result.dump(2));
    else
        fmt::print("{}\n", line);
}

void run_command(const Arguments& a, const CLI::App& app) {
    if (app.got_subcommand("train")) {
        const nlohmann::json result = run_train(a, a.output);
        print_result(a, {{"train", result}},
                     fmt::format("{}: {} frames, {} splats", a.output, result["frames"].get<int>(),
                                 result["splats"].get<int>()));
    } else if (app.got_subcommand("masks")) {
        const nlohmann::json result = run_masks(a);
        print_result(a, {{"masks", result}},
                     fmt::format("{}: {} masks from {}", (fs::path(a.output) / "mask").string(),
                                 result["files"].get<int>(), result["from"].get<std::string>()));
    } else if (app.got_subcommand("pack")) {
        const nlohmann::json result = run_pack(a, a.model, a.output);
        print_result(a, {{"pack", result}},
                     fmt::format("{}: {} bytes", a.output, result["bytes"].get<std::uint64_t>()));
    } else if (app.got_subcommand("export")) {
        const nlohmann::json result = run_export(a);
        print_result(a, {{"export", result}},
                     fmt::format("{}: {} frame{}", a.output, result["frames"].get<int>(),
                                 result["frames"] == 1 ? "" : "s"));
    } else if (app.got_subcommand("check")) {
        run_check(a);
    } else if (app.got_subcommand("evaluate")) {
        run_evaluate(a);
    } else {
        if (a.capture.empty() || a.output.empty())
            throw UsageError(
                "say what to encode and where to: volumen-encode CAPTURE -o STREAM (--help lists the rest)");
        check_packing(a.output, packing_options(a));  // told before hours of training, not after
        const fs::path model = a.model.empty() ? model_beside(a.output) : fs::path(a.model);
        nlohmann::json result;
        result["train"] = run_train(a, model);
        try {
            result["pack"] = run_pack(a, model, a.output);
        } catch (const Interrupted& by) {
            throw Interrupted(by.signal(), kGoOn);
        } catch (const InputError& error) {
            throw InputError("{} (the model is whole: --resume packs it)", error.what());
        }
        print_result(a, result,
                     fmt::format("{}: {} frames, {} bytes; play it with: volumen-play {}", a.output,
                                 result["train"]["frames"].get<int>(),
                                 result["pack"]["bytes"].get<std::uint64_t>(), a.output));
    }
}

/// What options' values look like, for --help, manual and completion: a|b lists all there are.
void name_values(CLI::App& app) {
    static const std::map<std::string, const char*> kValues{{"CAPTURE", "FOLDER"},
                                                            {"MODEL", "FOLDER"},
                                                            {"STREAM", "FOLDER"},
                                                            {"against", "FOLDER"},
                                                            {"output", "FOLDER"},
                                                            {"model", "FOLDER"},
                                                            {"preset", "draft|standard|best"},
                                                            {"frames", "A:B"},
                                                            {"format", "ply|spz"},
                                                            {"views-holdout", "LIST"},
                                                            {"views", "LIST"},
                                                            {"size", "N or WxH"},
                                                            {"profile", "auto|dualgs|v3"},
                                                            {"few-cameras", "auto|on|off"},
                                                            {"colour", "auto|on|off"},
                                                            {"sync", "LIST or auto"},
                                                            {"codec", "h264|hevc|av1"},
                                                            {"steps", "auto|fixed"},
                                                            {"bitrate", "RATE"},
                                                            {"fps", "RATE"},
                                                            {"up", "x|y|z|-x|-y|-z"},
                                                            {"metres-per-unit", "LENGTH"},
                                                            {"json", "FILE"},
                                                            {"html", "FILE"},
                                                            {"images", "FOLDER"},
                                                            {"contact-sheet", "FILE"},
                                                            {"gpu", "GPU"}};
    for (CLI::Option* option : app.get_options([](const CLI::Option*) { return true; })) {
        const auto value = kValues.find(option->get_single_name());
        if (value != kValues.end() && option->get_items_expected_max() > 0) option->type_name(value->second);
    }
    for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) name_values(*command);
}

int run(int argc, char** argv) {
    Arguments a;
    CLI::App app(
        "Trains a multi-camera capture and packs it into a stream that volumen-play plays.\n"
        "volumen-encode CAPTURE -o STREAM does it all; the subcommands do it step by step.",
        "volumen-encode");
    add_standard_options(app);
    app.add_option("CAPTURE", a.capture, "the capture's folder, or its calibration");
    app.add_option("-o,--output", a.output, "the stream's folder");
    app.add_option("--model", a.model, "where the trained model is kept (STREAM.model)");
    add_training_options(app, a), add_packing_options(app, a), add_common_options(app, a);

    CLI::App& training = *app.add_subcommand("train", "capture -> model: a folder with one 3DGS PLY a frame");
    training.add_option("CAPTURE", a.capture, "the capture's folder, or its calibration")->required();
    training.add_option("-o,--output", a.output, "the model's folder")->required();
    add_training_options(training, a), add_colour_changes_option(training, a);
    add_common_options(training, a);

    CLI::App& masking = *app.add_subcommand("masks", "capture -> masks: PNGs to look at and to mend by hand");
    masking.add_option("CAPTURE", a.capture, "folder with transforms.json")->required();
    masking.add_option("-o,--output", a.output, "masks go to mask/ in this folder, the capture's or another")
        ->required();
    masking.add_option("--masks", a.masks, "what they are computed from")
        ->type_name("auto|plate|motion")
        ->capture_default_str();
    masking.add_option("--frames", a.frames, "A:B, frames A to B of the capture, without B");
    masking.add_option("--views-holdout", a.holdout,
                       "views that are neither read nor written, such as 3,9,14");
    masking.add_flag("--strict", a.strict, "end where one image of one view is missing or damaged");
    masking.add_flag("--json", a.json, "print the result as JSON, alone on stdout");

    CLI::App& packing = *app.add_subcommand("pack", "model, or a folder of splat files -> stream");
    packing
        .add_option("MODEL", a.model,
                    "folder of a model, or of .ply, .spz, .splat or .sog files, one a frame")
        ->required();
    packing.add_option("-o,--output", a.output, "the stream's folder")->required();
    add_packing_options(packing, a), add_common_options(packing, a);

    CLI::App& exporting = *app.add_subcommand(
        "export", "stream or model -> a folder with one 3DGS PLY or .spz a frame, or one frame alone");
    exporting.add_option("STREAM", a.stream, "a stream, a model, splat files in a folder, or one of them")
        ->required();
    exporting.add_option("-o,--output", a.output, "the files' folder; or FILE.ply or FILE.spz: one frame")
        ->required();
    exporting.add_option("--format", a.format, "of a folder's files (ply)");
    exporting.add_option("--frames", a.frames, "A:B, frames A to B, without B (all)");
    exporting.add_flag("--json", a.json, "print the result as JSON, alone on stdout");

    CLI::App& checking = *app.add_subcommand(
        "check", "look a capture over: what is wrong, how to mend it, how long training will take");
    checking.add_option("CAPTURE", a.capture, "folder with a calibration and images")->required();
    checking.add_option("-o,--output", a.output, "the page (check.html)")->type_name("FILE");
    checking.add_flag("--no-trial", a.no_trial, "no training: no estimate of time and bit rate");
    add_check_options(checking, a);

    CLI::App& evaluation = *app.add_subcommand("evaluate", "stream (or model) against capture");
    evaluation.add_option("STREAM", a.stream, "folder of a stream or a model")->required();
    evaluation.add_option("CAPTURE", a.capture, "the capture's folder, or its calibration")->required();
    evaluation.add_option(
        "--against", a.against,
        "other streams of the take, or its model: --html and --json compare rate and quality");
    evaluation.add_option("--views", a.views, "views to compare, such as 3,9,14 (all)");
    evaluation.add_option("--size", a.size, "the images' longer side (640), or WxH (504x378)");
    evaluation.add_option("--frames", a.frames,
                          "A:B, the capture's frames that the stream shows (a model knows)");
    evaluation.add_option("--sync", a.sync, "frames that views are late, such as 3:2,cam04:-1");
    add_masks_option(evaluation, a);
    evaluation.add_option("--json", a.json_file, "write figures, means and per frame (-: stdout)");
    evaluation.add_option("--html", a.html_file, "write a report with charts and pictures");
    evaluation.add_option("--images", a.images, "write the rendered images into this folder");
    evaluation.add_option("--contact-sheet", a.contact_sheet,
                          "write a PNG: frames across, truth above result");
    evaluation.add_option("--device", a.device, "what renders: gpu is Vulkan")->type_name("auto|gpu|cpu");
    evaluation.add_option("--gpu", a.gpu, "which GPU: part of its name, or its number");

    name_values(app);
    if (const auto status = parse_command_line(app, argc, argv)) return *status;
    hold_interruptions();
    run_command(a, app);
    return kExitDone;
}

}  // namespace

int main(int argc, char** argv) {
    return volumen::run_program("volumen-encode", [&] { return run(argc, argv); });
}
