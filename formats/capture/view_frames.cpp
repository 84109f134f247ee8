// From a view's files to the images that are handed out.
#include <algorithm>

#include "formats/capture/capture_state.h"
#include "formats/core/error.h"
#include "formats/media/image_file.h"

namespace volumen {
namespace {

Image8 cropped(const Image8& image, int x, int y) {
    if (x == 0 && y == 0) return image;
    Image8 out(image.width - 2 * x, image.height - 2 * y, image.channels);
    for (int row = 0; row < out.height; ++row)
        std::copy_n(image.at(x, row + y), std::size_t(out.width) * std::size_t(out.channels), out.at(0, row));
    return out;
}

/// RGBA of an image and a mask of the same size: the mask's alpha where it has one, else its red.
Image8 with_mask(const Image8& image, const Image8& mask) {
    Image8 out(image.width, image.height, 4);
    const std::size_t from = mask.channels == 4 ? 3 : 0;
    for (std::size_t i = 0, count = std::size_t(image.width) * std::size_t(image.height); i < count; ++i) {
        std::copy_n(&image.pixels[i * std::size_t(image.channels)], 3, &out.pixels[4 * i]);
        out.pixels[4 * i + 3] = mask.pixels[i * std::size_t(mask.channels) + from];
    }
    return out;
}

void split(const Image8& image, ViewImage& out) {
    if (image.channels == 3) {
        out.rgb = image;
        return;
    }
    out.rgb = Image8(image.width, image.height, 3);
    out.alpha = Image8(image.width, image.height, 1);
    for (std::size_t i = 0; i < out.alpha.pixels.size(); ++i) {
        std::copy_n(&image.pixels[4 * i], 3, &out.rgb.pixels[3 * i]);
        out.alpha.pixels[i] = image.pixels[4 * i + 3];
    }
}

}  // namespace

Image8 ViewFrames::load(const FramePath& path, std::optional<VideoReader>& video, int frame) const {
    Image8 image;
    std::string name = path.file(frame).string();
    if (source_.rig.video) {
        if (!video) video.emplace(path.first);
        video->seek(frame);
        if (!video->next(image)) throw InputError("{}: ends before frame {}", name, frame);
        name += fmt::format(" frame {}", frame);
    } else {
        image = read_image(name);
    }
    if (image.width != source_.stored_width || image.height != source_.stored_height)
        throw InputError("{}: {} x {} pixels, expected the view's {} x {}", name, image.width, image.height,
                         source_.stored_width, source_.stored_height);
    return image;
}

ViewImage ViewFrames::read(int frame) {
    Image8 image = load(source_.rig.image, image_video_, frame);
    if (masks_ && source_.rig.mask) {
        image = with_mask(image, load(*source_.rig.mask, mask_video_, frame));
    } else if (!masks_ && image.channels == 4) {
        throw InputError("{}: has alpha, while the view's first image has none",
                         source_.rig.image.file(frame).string());
    } else if (masks_ && image.channels == 3) {
        // A palette whose transparent entries this frame does not have: all of it is opaque.
        image = with_mask(image, [&] {
            Image8 opaque(image.width, image.height, 1);
            std::fill(opaque.pixels.begin(), opaque.pixels.end(), std::uint8_t(255));
            return opaque;
        }());
    }
    image = cropped(image, source_.crop_x, source_.crop_y);
    ViewImage out;
    if (!source_.rig.distortion.none())
        image = undistort(image, source_.rig.camera, source_.rig.distortion, out.valid);
    if (image.width != source_.width || image.height != source_.height) {
        image = resize(image, source_.width, source_.height);
        if (!out.valid.empty()) {
            // A pixel that is invalid in part is invalid.
            out.valid = resize(out.valid, source_.width, source_.height);
            for (std::uint8_t& value : out.valid.pixels) value = value == 255 ? 255 : 0;
        }
    }
    split(image, out);
    return out;
}

}  // namespace volumen
