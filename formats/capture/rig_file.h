// transforms.json: what it says, checked, before any image is looked at.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "formats/capture/distortion.h"
#include "formats/core/camera.h"
#include "formats/core/take_info.h"

namespace volumen {

/// The files of one view: a video, a single image, or one image a frame, where a folder's name is the
/// frame's number.
struct FramePath {
    std::filesystem::path first;  ///< the file of frame 0
    bool numbered = false;        ///< before / number / after names a frame's file
    std::filesystem::path before, after;
    int first_number = 0;
    std::size_t digits = 0;  ///< numbers are zero-padded to this many digits

    std::filesystem::path folder(int frame) const;
    std::filesystem::path file(int frame) const;
};

struct RigView {
    std::string name;   ///< file name, for messages
    std::string place;  ///< "transforms.json: frames[3] (cam04.mp4)", for messages
    FramePath image;
    std::optional<FramePath> mask;
    std::optional<std::filesystem::path> background;  ///< its plate
    bool video = false;
    int offset = 0;  ///< frames, see CaptureView
    /// As the file has it; width and height are 0 where it does not say, then cx and cy may be NaN and the
    /// focal lengths may stand as angles.
    Camera camera;
    float angle_x = 0, angle_y = 0;  ///< fields of view that replace fx, fy where these are 0; radians
    Distortion distortion;
};

struct RigFile {
    std::filesystem::path file;
    std::vector<RigView> views;
    std::optional<FrameRate> fps;
    std::optional<int> frame_count;  ///< from the file, or from its list of frames
    std::optional<std::filesystem::path> points;
    double metres_per_unit = 1;
};

/// `path`: the JSON file or its folder. Throws InputError: file, entry, key.
RigFile read_rig_file(const std::filesystem::path& path);

/// The frame rate that a decimal number means: 29.97 is 30000/1001.
FrameRate exact_frame_rate(double fps);

}  // namespace volumen
