// `--camera FILE.json[:view]`.
#pragma once

#include <optional>
#include <string>

#include "formats/core/camera.h"
#include "player/source/viewpoint.h"

namespace volumen {

/// A camera as a file gives it: a calibrated view of a capture, or a viewpoint without a size.
struct ViewFile {
    std::optional<Camera> calibrated;
    Viewpoint viewpoint;  ///< where that is, for the window; target at the depth of the take's centre

    /// The camera for a picture of this size. A calibrated view keeps its vertical field of view and its
    /// principal point.
    Camera camera(ViewSize size) const;
    /// The calibrated size, or nothing.
    std::optional<ViewSize> size() const;
};

/// Reads `FILE.json` or `FILE.json:7`: a transforms.json (the views of a capture, by index; 0 without one),
/// or
/// {"eye": [x, y, z], "target": [x, y, z], "up": [x, y, z], "fov": vertical degrees}, of which up and fov may
/// be left out (`defaults` stand in). Throws InputError.
ViewFile read_view_file(const std::string& argument, const Viewpoint& defaults);

}  // namespace volumen
