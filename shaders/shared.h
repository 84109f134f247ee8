// Constants and structs that the GLSL and the C++ both need; each side includes this one file.
#ifndef VOLUMEN_SHADERS_SHARED_H
#define VOLUMEN_SHADERS_SHARED_H

#ifdef __cplusplus
#include <cstdint>
#define SHARED_CONSTANT inline constexpr
namespace volumen::gpu {
using uint = std::uint32_t;
#else
#define SHARED_CONSTANT const
#endif

// The image model (3DGS): see encoder/train/rasteriser.h.
SHARED_CONSTANT float kNear = 0.05f;           // units; a centre nearer than this is not drawn
SHARED_CONSTANT float kMaxAlpha = 0.99f;       // so that no splat hides everything behind it
SHARED_CONSTANT float kMinAlpha = 1.0f / 255;  // below it a splat cannot change an 8-bit pixel
SHARED_CONSTANT float kMinTransmittance =
    1e-4f;  // a pixel takes no splat that would bring it below, nor any after
SHARED_CONSTANT float kFrustumMargin =
    0.15f;  // of the frustum's width: how far beyond its edge the Jacobian is clamped

// Splat attributes: planes of `stride` 32-bit words, six planes a buffer, so that five million splats fit
// in the 128 MiB that a storage buffer may have at least. Geometry: the 11 channels of SplatCloud as floats.
// SH: halves, two a word; half 3 * k + c is coefficient k of colour c.
SHARED_CONSTANT uint kPlanesPerBuffer = 6;
SHARED_CONSTANT uint kGeometryPlanes = 11;
SHARED_CONSTANT uint kGeometryBuffers = 2;
SHARED_CONSTANT uint kShBuffers = 4;
SHARED_CONSTANT uint kMaxShWords = 24;

// Radix sort: digits of 8 bits, so that a histogram fits in 1 KiB of shared memory.
SHARED_CONSTANT uint kRadixBits = 8;
SHARED_CONSTANT uint kRadix = 256;
SHARED_CONSTANT uint kDroppedKey = 0xffffffffu;  // such keys are left out of the result

// Depth keys keep the 16 leading bits of (depth - nearest depth) in units of the last place: two digits.
// Floats lie logarithmically: where depths span 1 to 1000, that tells 0.03 % apart. With 24 bits 200,000
// splats in a ball draw the same picture to 65 dB, and take 4 % longer.
SHARED_CONSTANT uint kDepthKeyBits = 16;

// A tile is what one subgroup draws: small, so that few pixels outside of a splat are looked at, and whole
// in one subgroup, so that no barrier is needed.
SHARED_CONSTANT uint kTileWidth = 8;
SHARED_CONSTANT uint kTileHeight = 8;
SHARED_CONSTANT uint kTilePixels = 64;

// Entries, splat × tile pairs: in several buffers, each within what every device can bind.
SHARED_CONSTANT uint kEntriesPerBuffer = 1u << 25;
SHARED_CONSTANT uint kEntryBuffers = 4;

// Splats of a pixel that wait for nearer ones, where each pixel orders its own.
SHARED_CONSTANT uint kWindow = 16;

// What splats are ordered by: see volumen::Order.
SHARED_CONSTANT uint kOrderDepth = 0;
SHARED_CONSTANT uint kOrderDistance = 1;
SHARED_CONSTANT uint kOrderPixel = 2;
SHARED_CONSTANT uint kOrders = 3;

// Words of the counter buffer.
SHARED_CONSTANT uint kCounterMinKey = 0;  // least and greatest depth key of what is visible
SHARED_CONSTANT uint kCounterMaxKey = 1;
SHARED_CONSTANT uint kCounterVisible = 2;  // keys that the sort kept
SHARED_CONSTANT uint kCounterEntries = 3;  // splat × tile pairs; 0xffffffff: too many to count
SHARED_CONSTANT uint kCounterWork = 4;     // steps of binning's loops, over all chunks
SHARED_CONSTANT uint kCounterWords = 5;

// What a picture shows of the splats.
SHARED_CONSTANT uint kPictureColour = 0, kPictureDepth = 1, kPictureOpacity = 2, kPictureOverdraw = 3,
                     kPictureOutlines = 4, kPicturePoints = 5, kPictures = 6;
SHARED_CONSTANT float kHeat[5][3] = {
    {0.267f, 0.005f, 0.329f},  // viridis at quarters, display-referred; linear between
    {0.230f, 0.322f, 0.546f},
    {0.128f, 0.567f, 0.551f},
    {0.369f, 0.789f, 0.383f},
    {0.993f, 0.906f, 0.144f}};
SHARED_CONSTANT float kPointVariance = 0.5f;   // pixels²
SHARED_CONSTANT float kMostOverdraw = 256;     // splats at a pixel: the heat map's end
SHARED_CONSTANT float kOutlineDeviations = 1;  // from the mean

struct ProjectConstants {
    float view[12];   // rows of the world-to-camera matrix, three of four
    float centre[3];  // of the camera, in the world
    float dilation;   // pixels²
    float focal[2];   // pixels
    float principal[2];
    uint size[2];     // pixels
    uint count;       // splats
    uint stride;      // words from one plane to the next
    uint compensate;  // 0 or 1
    uint picture;     // kPicture...
};

struct InterpolateConstants {
    uint count;             // splats
    uint from, to, stride;  // words from one plane to the next: of both frames, and of what lies between
    float share;            // of the way
    uint planes;            // of SH, in one buffer
};

// What a launch of scan.comp does; a block is a work group's share where there are several.
SHARED_CONSTANT uint kScanAlone = 0, kScanSums = 1, kScanBlocks = 2;
SHARED_CONSTANT uint kScanBlock = 2048;

struct ScanConstants {
    uint count;  // words to sum
    uint total;  // word of the counter buffer that receives the sum
};

struct SortConstants {
    uint count;   // keys given, used by the first pass; the others take the counter's
    uint shift;   // of this pass's digit
    uint first;   // 1: keys are raw and values are their places
    uint chunks;  // work groups
    uint bits;    // of a key that are sorted by, in all passes together
};

struct BinConstants {
    uint tiles[2];  // across, down
    uint chunks;    // shares of the work, a work group each
    uint capacity;  // entries that the buffer holds
};

struct RasteriseConstants {
    uint size[2];   // pixels
    uint tiles[2];  // across, down
    float background[3];
    uint capacity;  // entries that the buffer holds
};

struct ReconstructConstants {
    uint count;           // splats
    uint stride;          // words from one plane to the next
    uint blocks_per_row;  // of the atlas
    float position_step;
    float position_origin[3];
};

SHARED_CONSTANT uint kCornerBits = 14;  // of a plane's x and y in its picture

// Joints and skin: formats/stream/skin_segment.h.
SHARED_CONSTANT uint kJointComponents = 6;   // place x y z, turn x y z
SHARED_CONSTANT uint kJointVectors = 4;      // of four floats, that a joint's motion takes
SHARED_CONSTANT uint kRansSlots = 1u << 15;  // of the finest frequency table
SHARED_CONSTANT uint kMostAnchors = 8;
// Planes of the skin's table, a word a splat each.
SHARED_CONSTANT uint kSkinPlaces = 0;    // x y z, as integers
SHARED_CONSTANT uint kSkinRotation = 3;  // levels: x | y << 8 | z << 16
SHARED_CONSTANT uint kSkinMeans = 4;     // a byte a look-up
SHARED_CONSTANT uint kSkinRows = 5;      // a look-up
SHARED_CONSTANT uint kSkinEntries = 9;   // of the first frame, two degrees a word
SHARED_CONSTANT uint kSkinAnchors = 11;  // joints, two a word
SHARED_CONSTANT uint kSkinWeights = 15;  // an anchor
SHARED_CONSTANT uint kSkinPlanes = 23;

struct RansConstants {
    uint arrays;
    uint size;  // symbols of each
};

struct MotionConstants {
    uint joints;
    uint frames;
};

struct JointConstants {
    uint joints;
    uint frame;       // of the segment
    float grid;       // units
    float turn_step;  // radians
    uint joint_shift;
};

struct SkinConstants {
    uint count;   // splats
    uint stride;  // words from one plane to the next
    uint frame;   // of the segment
};

// What holds for a segment.
struct SkinParameters {
    float origin[3];
    float grid;
    float rotation_step;
    uint per_splat;            // anchors
    uint width, height;        // of a look-up image
    uint columns, strip_rows;  // of its strips
    uint entries[4];           // where each codebook begins in the entries, and
    uint changes[4];           // its changes
    float lookups[12];         // low, step and change_step of each
};

#ifdef __cplusplus
}  // namespace volumen::gpu
#endif
#undef SHARED_CONSTANT

#endif
