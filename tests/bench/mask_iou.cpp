// mask_iou: masks against the alpha of the images that they were computed without. JSON on stdout.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>

#include "formats/core/error.h"
#include "formats/media/image_file.h"

using namespace volumen;
namespace fs = std::filesystem;

namespace {

constexpr std::uint8_t kInside = 128;

/// Intersection over union of a mask (its first channel) and an RGBA image's alpha, each cut at one half.
double iou(const Image8& mask, const Image8& truth) {
    if (mask.width != truth.width || mask.height != truth.height || truth.channels != 4)
        throw InputError("the mask is {}x{}, the truth {}x{} with {} channels", mask.width, mask.height,
                         truth.width, truth.height, truth.channels);
    std::size_t both = 0, any = 0;
    for (std::size_t i = 0; i < std::size_t(mask.width) * mask.height; ++i) {
        const bool a = mask.pixels[i * std::size_t(mask.channels)] >= kInside,
                   b = truth.pixels[4 * i + 3] >= kInside;
        both += a && b, any += a || b;
    }
    return any > 0 ? double(both) / double(any) : 1;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Compares mask/FRAME/VIEW.png of a folder with the alpha of a capture's image/FRAME/VIEW.png.");
    fs::path masks, capture;
    app.add_option("MASKS", masks, "folder that `volumen-encode masks` wrote to")->required();
    app.add_option("CAPTURE", capture, "the capture with alpha")->required();
    CLI11_PARSE(app, argc, argv);
    try {
        std::map<int, std::vector<double>> views;
        for (const auto& frame : fs::directory_iterator(masks / "mask"))
            for (const auto& file : fs::directory_iterator(frame.path()))
                views[std::stoi(file.path().stem())].push_back(
                    iou(read_image(file.path()),
                        read_image(capture / "image" / frame.path().filename() / file.path().filename())));
        nlohmann::json out = {{"views", nlohmann::json::array()}};
        double sum = 0, worst = 1;
        std::size_t images = 0;
        for (const auto& [view, values] : views) {
            double total = 0;
            for (const double v : values) total += v;
            sum += total, images += values.size(), worst = std::min(worst, total / double(values.size()));
            out["views"].push_back({{"view", view}, {"iou", total / double(values.size())}});
        }
        if (images == 0) throw InputError("{}: no masks in it", (masks / "mask").string());
        out["images"] = images, out["iou"] = sum / double(images), out["worst_view"] = worst;
        fmt::print("{}\n", out.dump(2));
    } catch (const std::exception& e) {
        std::cerr << "mask_iou: " << e.what() << '\n';
        return 1;
    }
}
