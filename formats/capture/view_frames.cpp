// From a view's files to the images that are handed out.
#include <algorithm>

#include "formats/capture/capture_state.h"
#include "formats/core/error.h"
#include "formats/media/image_file.h"

namespace volumen {
namespace {

/// Frames of a video that fail one after the other before the rest is given up: each failure may search the
/// file from its beginning.
constexpr int kMaxFailures = 16;

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

Image8 opaque(const Image8& image) {
    if (image.channels == 3) return image;
    Image8 out(image.width, image.height, 3);
    for (std::size_t i = 0, j = 0; j < out.pixels.size(); i += std::size_t(image.channels), j += 3)
        std::copy_n(&image.pixels[i], 3, &out.pixels[j]);
    return out;
}

std::string no_mask(const ViewSource& source) {
    return fmt::format("{}: has no mask, unlike other views: all views need one, or none", source.rig.place);
}

ViewFrames::ViewFrames(const ViewSource& source, bool masks) : source_(source), masks_(masks) {
    if (masks && !source.masked) throw InputError(no_mask(source));
}

Image8 ViewFrames::load(const FramePath& path, Video& video, int own) const {
    Image8 image;
    std::string name = path.file(own).string();
    if (source_.rig.video && !path.numbered) {
        ++video.failures;
        if (!video.reader) video.reader.emplace(path.first);
        if (own >= video.reader->frame_count())
            throw InputError("{}: has {} frames, fewer than the take", name, video.reader->frame_count());
        video.reader->seek(own);
        if (!video.reader->next(image)) throw InputError("{}: ends before frame {}", name, own);
        video.failures = 0;
        name += fmt::format(" frame {}", own);
    } else {
        image = read_image(name);
    }
    if (image.width != source_.stored_width || image.height != source_.stored_height)
        throw InputError("{}: {} x {} pixels, expected the view's {} x {}", name, image.width, image.height,
                         source_.stored_width, source_.stored_height);
    return image;
}

ViewImage ViewFrames::read(int frame) {
    const std::optional<int> own = source_.own_frame(frame);
    if (!own)
        throw InputError("{}: no image of frame {}: its offset of {} leads past its {} frames",
                         source_.rig.place, frame, source_.offset, source_.files);
    Image8 image = load(source_.rig.image, image_video_, *own);
    if (source_.opaque) image = opaque(image);
    if (masks_ && source_.rig.mask) {
        image = with_mask(image, load(*source_.rig.mask, mask_video_, *own));
    } else if (!masks_ && image.channels == 4) {
        throw InputError("{}: has alpha, while the view's first image has none",
                         source_.rig.image.file(*own).string());
    } else if (masks_ && image.channels == 3) {
        // A palette whose transparent entries this frame does not have: all of it is opaque.
        image = with_mask(image, [&] {
            Image8 opaque(image.width, image.height, 1);
            std::fill(opaque.pixels.begin(), opaque.pixels.end(), std::uint8_t(255));
            return opaque;
        }());
    }
    return prepared(std::move(image), source_);
}

ViewImage ViewFrames::read_if_present(int frame) {
    ViewImage out;
    if (!source_.own_frame(frame)) return out;
    const auto given_up = [](const Video& video) { return video.failures == kMaxFailures; };
    if (given_up(image_video_) || given_up(mask_video_)) {
        out.problem = last_problem_;
        return out;
    }
    try {
        out = read(frame);
    } catch (const InputError& error) {
        out = {};
        out.problem = last_problem_ = error.what();
        for (const bool mask : {false, true})
            if (given_up(mask ? mask_video_ : image_video_))
                last_problem_ =
                    fmt::format("{}: {} frames in a row cannot be read, the rest of it is left out",
                                (mask ? *source_.rig.mask : source_.rig.image).first.string(), kMaxFailures);
    }
    return out;
}

ViewImage prepared(Image8 image, const ViewSource& source) {
    image = cropped(image, source.crop_x, source.crop_y);
    ViewImage out;
    if (!source.rig.distortion.none())
        image = undistort(image, source.rig.camera, source.rig.distortion, out.valid);
    if (image.width != source.width || image.height != source.height) {
        image = resize(image, source.width, source.height);
        if (!out.valid.empty()) {
            // A pixel that is invalid in part is invalid.
            out.valid = resize(out.valid, source.width, source.height);
            for (std::uint8_t& value : out.valid.pixels) value = value == 255 ? 255 : 0;
        }
    }
    split(image, out);
    return out;
}

}  // namespace volumen
