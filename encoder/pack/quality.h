// What "quality" means: the video's quantiser, and how fine a luma level is for each attribute.
#pragma once

namespace volumen {

/// Attribute units per luma level, at least; a plane whose range needs more than 256 such levels gets coarser
/// ones. This weighs the attributes against each other: one quantiser serves the whole video.
struct PlaneSteps {
    float position = 0;  ///< share of the take's extent; finest step of the position grid
    float rotation = 0;  ///< quaternion components
    float scale = 0;     ///< natural logarithm
    float opacity = 0;   ///< alpha
    float colour = 0;    ///< luminance of the base colour's SH coefficient
    float detail = 0;    ///< luminance of the higher SH coefficients
    float chroma = 1;    ///< Co and Cg are this much coarser
};

struct Quality {
    PlaneSteps steps;
    int quantiser = 0;  ///< H.264's QP, 1 … 51; the other codecs use what gives the same step
};

/// `quality` in 0 … 100, higher is finer; monotonous.
Quality quality_settings(double quality);

}  // namespace volumen
