// A capture's calibration and files, whatever layout they came in: what every reader fills.
//
//   bytes --transforms | colmap | llff--> cameras and the names of their images
//         --image_files--> the files on disk --Capture::open--> sizes, crops, counts
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "formats/capture/distortion.h"
#include "formats/core/camera.h"
#include "formats/core/take_info.h"
#include "formats/splats/ply.h"

namespace volumen {

/// The files of one view: a video, a single image, or one image a frame, whose number is in the path.
struct FramePath {
    std::filesystem::path first;  ///< the file of frame 0
    bool numbered = false;        ///< before + number + after names a frame's file
    std::string before = {}, after = {};
    int first_number = 0;
    std::size_t digits = 0;  ///< numbers are zero-padded to this many digits

    std::filesystem::path file(int frame) const;
    /// The folder or file that is frame `frame`'s and no other's.
    std::filesystem::path own_part(int frame) const;
    /// Of a numbered path: first_number, and the higher numbers whose own parts are on the disk.
    std::set<int> numbers() const;
};

struct RigView {
    std::string name;   ///< file or folder name, for messages
    std::string place;  ///< "transforms.json: frames[3] (cam04.mp4)", for messages

    /// As the calibration names them, relative to Rig::folder; "" where it does not.
    std::string image_path, mask_path, background_path;
    std::optional<double> time;  ///< of one image of a camera that moves

    /// Found on disk.
    FramePath image;
    std::optional<FramePath> mask;                    ///< of a video: a video, or numbered images
    std::optional<std::filesystem::path> background;  ///< its plate
    bool video = false;

    int offset = 0;  ///< frames, see CaptureView
    /// As the file has it; width and height are 0 where it does not say, then cx and cy may be NaN and the
    /// focal lengths may stand as angles.
    Camera camera;
    float angle_x = 0, angle_y = 0;  ///< fields of view that replace fx, fy where these are 0; radians
    Distortion distortion;
};

struct Rig {
    std::filesystem::path file;    ///< the calibration, for messages
    std::filesystem::path folder;  ///< the capture's: every path lies in it
    std::vector<RigView> views;
    std::optional<FrameRate> fps;
    std::optional<int> frame_count;  ///< from the file, or from its list of frames
    std::string points_path;         ///< as image_path
    std::optional<PointCloud> points;
    std::vector<std::pair<std::string, int>> offsets;  ///< by view name or index
    double metres_per_unit = 1;
    std::vector<std::string> notes;  ///< what was assumed, one line each
};

}  // namespace volumen
