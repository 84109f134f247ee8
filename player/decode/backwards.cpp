#include "player/decode/backwards.h"

#include <algorithm>
#include <exception>

namespace volumen {

FrameContent Backwards::read(TakeDecoder& decoder, int frame) {
    if (held_.empty() || last_ != frame) {
        held_.clear();
        const int first = std::max(decoder.segment_begin(frame), frame - run_ + 1);
        try {
            decoder.seek(first);
            for (int f = first; f <= frame; ++f) held_.push_back(decoder.next());
        } catch (...) {
            held_.clear();
            throw;
        }
        last_ = frame;
        if (const auto* packed = std::get_if<PackedFrame>(&held_.back()))
            run_ = std::clamp(int(kRunBytes / std::max<std::size_t>(packed->luma.size(), 1)), 2, kRun);
    }
    FrameContent out = std::move(held_.back());
    held_.pop_back();
    --last_;
    return out;
}

}  // namespace volumen
