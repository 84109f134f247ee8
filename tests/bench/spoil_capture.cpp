// spoil_capture: copies a capture with the faults that real rigs have, so that what the tools make of them
// can be measured: a camera's gains, a camera that is late, photographed surroundings with sensor noise (and
// their plates), sensor noise alone, a subject that stands still.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "formats/core/error.h"
#include "formats/core/file.h"
#include "formats/core/parallel.h"
#include "formats/media/image_file.h"

using namespace volumen;
namespace fs = std::filesystem;

namespace {

constexpr float kReadNoise = 2.5f;   ///< σ of the sensor, in levels of 255
constexpr float kShotNoise = 0.15f;  ///< and the square of what light adds to it, a level

struct Faults {
    std::map<int, std::array<float, 3>> gains;
    std::map<int, int> late;
    std::vector<fs::path> photos;
    int still = 0;       ///< frames that all show the capture's first; 0: it moves
    bool noise = false;  ///< of the sensor, in every image: where it has alpha, in the colours alone
    std::uint64_t seed = 1;
};

/// The numbers of VIEW:A,B,…
std::vector<float> numbers(const std::string& text, std::size_t count) {
    std::vector<float> out;
    std::string number;
    std::istringstream in(text);
    while (std::getline(in, number, out.empty() ? ':' : ',')) out.push_back(std::stof(number));
    if (out.size() != count) throw UsageError("{}: VIEW and {} numbers are wanted", text, count - 1);
    return out;
}

/// An RGB image of `size`'s pixels: the middle of a photo.
Image8 surroundings(const fs::path& photo, int width, int height) {
    const Image8 whole = read_image(photo);
    const double scale = std::min(double(whole.width) / width, double(whole.height) / height);
    Image8 cut(int(width * scale), int(height * scale), 3);
    const int left = (whole.width - cut.width) / 2, top = (whole.height - cut.height) / 2;
    for (int y = 0; y < cut.height; ++y)
        for (int x = 0; x < cut.width; ++x) std::copy_n(whole.at(left + x, top + y), 3, cut.at(x, y));
    return resize(cut, width, height);
}

void add_noise(Image8& image, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<float> normal;
    for (std::size_t i = 0; i < image.pixels.size(); ++i) {
        if (image.channels == 4 && i % 4 == 3) continue;
        std::uint8_t& v = image.pixels[i];
        const float sigma = std::sqrt(kReadNoise * kReadNoise + kShotNoise * kShotNoise * float(v));
        v = std::uint8_t(std::clamp(std::lround(float(v) + sigma * normal(random)), 0l, 255l));
    }
}

/// An RGBA image before an opaque one of the same size.
Image8 before(const Image8& front, const Image8& back) {
    Image8 out = back;
    for (std::size_t i = 0; i < std::size_t(out.width) * out.height; ++i)
        for (std::size_t k = 0; k < 3; ++k) {
            const float alpha = float(front.pixels[4 * i + 3]) / 255;
            out.pixels[3 * i + k] = std::uint8_t(std::lround(alpha * float(front.pixels[4 * i + k]) +
                                                             (1 - alpha) * float(back.pixels[3 * i + k])));
        }
    return out;
}

void spoil(const fs::path& capture, const fs::path& output, const Faults& faults) {
    auto calibration = nlohmann::json::parse(read_file(capture / "transforms.json", 1 << 26));
    const int views = int(calibration.at("frames").size());
    int frames = 0, latest = 0;
    while (fs::exists(capture / "image" / std::to_string(frames))) ++frames;
    if (faults.still > 0) frames = faults.still;
    for (const auto& [view, late] : faults.late) latest = std::max(latest, late);
    fs::create_directories(output / "background");
    for (int f = 0; f < frames - latest; ++f) fs::create_directories(output / "image" / std::to_string(f));
    parallel_for(std::size_t(views), 1, [&](std::size_t begin, std::size_t end, int) {
        for (std::size_t v = begin; v < end; ++v) {
            const fs::path name = fmt::format("{}.png", v);
            Image8 back;
            for (int f = 0; f < frames - latest; ++f) {
                const auto late = faults.late.find(int(v));
                const int moment = f + latest - (late == faults.late.end() ? 0 : late->second);
                const int source = faults.still > 0 ? 0 : moment;
                Image8 image = read_image(capture / "image" / std::to_string(source) / name);
                if (const auto gain = faults.gains.find(int(v)); gain != faults.gains.end())
                    for (std::size_t i = 0; i < image.pixels.size(); ++i)
                        if (const std::size_t k = i % std::size_t(image.channels); k < 3)
                            image.pixels[i] = std::uint8_t(
                                std::clamp(std::lround(gain->second[k] * float(image.pixels[i])), 0l, 255l));
                const std::uint64_t seed = faults.seed * 1'000'003 + v * 10'007;
                if (!faults.photos.empty() && image.channels == 4) {
                    if (back.empty()) {
                        back = surroundings(faults.photos[v * faults.photos.size() / std::size_t(views)],
                                            image.width, image.height);
                        Image8 plate = back;
                        add_noise(plate, seed);
                        write_image(output / "background" / name, plate);
                    }
                    image = before(image, back);
                }
                if (faults.noise || !back.empty()) add_noise(image, seed + std::uint64_t(f) + 1);
                write_image(output / "image" / std::to_string(f) / name, image);
            }
        }
    });
    if (faults.photos.empty()) fs::remove(output / "background");
    calibration["frame_count"] = frames - latest;
    std::ofstream(output / "transforms.json") << calibration.dump(1) << '\n';
    fmt::print("{} views, {} frames; frame 0 is the capture's frame {}\n", views, frames - latest, latest);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Copies a capture of the layout image/FRAME/VIEW.png with faults.");
    fs::path capture, output, photos;
    std::vector<std::string> gains, late;
    Faults faults;
    app.add_option("CAPTURE", capture, "folder with transforms.json")->required();
    app.add_option("-o,--output", output, "the copy")->required();
    app.add_option("--gain", gains, "VIEW:R,G,B, factors of a view's colours; several views, several times");
    app.add_option("--late", late, "VIEW:FRAMES, how late a view is");
    app.add_option("--photos", photos, "folder of photographs (.jpg) that stand behind, one a view");
    app.add_option("--still", faults.still, "so many frames, all of the capture's first");
    app.add_flag("--noise", faults.noise, "sensor noise in every image");
    app.add_option("--seed", faults.seed, "of the sensors' noise")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        for (const std::string& text : gains) {
            const std::vector<float> n = numbers(text, 4);
            faults.gains[int(n[0])] = {n[1], n[2], n[3]};
        }
        for (const std::string& text : late) {
            const std::vector<float> n = numbers(text, 2);
            faults.late[int(n[0])] = int(n[1]);
        }
        if (!photos.empty()) {
            for (const auto& entry : fs::directory_iterator(photos))
                if (entry.path().extension() == ".jpg") faults.photos.push_back(entry.path());
            std::ranges::sort(faults.photos);
            if (faults.photos.empty()) throw InputError("{}: no .jpg in it", photos.string());
        }
        spoil(capture, output, faults);
    } catch (const std::exception& e) {
        std::cerr << "spoil_capture: " << e.what() << '\n';
        return 1;
    }
}
