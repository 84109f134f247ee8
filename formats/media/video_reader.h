// Video files as frames, decoded by FFmpeg in presentation order.
#pragma once

#include <filesystem>
#include <memory>

#include "formats/core/image.h"
#include "formats/core/take_info.h"

namespace volumen {

/// Decodes one video stream to 8-bit RGB with the file's own matrix and range (BT.601 / 709 / 2020, limited
/// or full; unspecified: 709 from 720 lines up, else 601, limited), display rotation applied. Sequential;
/// seek() is frame-exact.
class VideoReader {
  public:
    explicit VideoReader(const std::filesystem::path& file);
    ~VideoReader();
    VideoReader(VideoReader&&) noexcept;
    VideoReader& operator=(VideoReader&&) noexcept;

    int width() const;
    int height() const;
    FrameRate fps() const;
    /// Frames in the file, counted (not estimated from the duration).
    int frame_count() const;

    /// The next frame becomes `frame` (0 is the first in presentation order).
    void seek(int frame);
    /// Decodes the next frame; false at the end.
    bool next(Image8& image);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace volumen
