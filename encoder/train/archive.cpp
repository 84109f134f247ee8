#include "encoder/train/archive.h"

#include <cmath>
#include <locale>
#include <sstream>

namespace volumen::train {

void Archive::check(bool good) const {
    if (!good) throw InputError("{}: is damaged; --restart begins anew", what_);
}

void Archive::finish() const {
    check(reader_ && reader_->remaining() == 0);
}

void Archive::operator()(std::uint64_t& value) {
    if (reader_)
        value = reader_->u64();
    else
        writer_.u64(value);
}

void Archive::operator()(std::uint32_t& value) {
    if (reader_)
        value = reader_->u32();
    else
        writer_.u32(value);
}

void Archive::operator()(int& value) {
    std::uint32_t bits = std::uint32_t(value);
    (*this)(bits);
    value = int(bits);
}

void Archive::operator()(float& value) {
    if (reader_)
        value = reader_->f32();
    else
        writer_.f32(value);
}

void Archive::operator()(glm::vec3& value) {
    for (int axis = 0; axis < 3; ++axis) (*this)(value[axis]);
}

void Archive::operator()(Bytes& bytes) {
    std::uint64_t count = bytes.size();
    (*this)(count);
    if (!reader_) return writer_.append(bytes);
    const auto read = reader_->take(count);
    bytes.assign(read.begin(), read.end());
}

void Archive::operator()(std::string& text) {
    Bytes bytes(text.begin(), text.end());
    (*this)(bytes);
    text.assign(bytes.begin(), bytes.end());
}

void Archive::operator()(std::mt19937_64& random) {
    // The standard defines the generator's state as text only.
    std::stringstream text;
    text.imbue(std::locale::classic());
    text << random;
    std::string state = text.str();
    (*this)(state);
    if (!reader_) return;
    std::istringstream in(state);
    in.imbue(std::locale::classic());
    check(bool(in >> random));
}

void Archive::operator()(SplatCloud& cloud) {
    std::uint64_t count = cloud.count;
    (*this)(count), (*this)(cloud.sh_degree);
    check(count <= kMaxSplats && cloud.sh_degree >= 0 && cloud.sh_degree <= kMaxShDegree);
    cloud.count = std::size_t(count);
    (*this)(cloud.values);
    check(cloud.values.size() == cloud.count * std::size_t(cloud.channels()));
    for (const float value : cloud.values) check(std::isfinite(value));
}

void Archive::operator()(ModelSegment& segment) {
    (*this)(segment.first_frame), (*this)(segment.frame_count);
}

void Archive::operator()(std::map<std::string, std::string>& texts) {
    std::vector<std::string> flat;
    for (const auto& [name, text] : texts) flat.insert(flat.end(), {name, text});
    (*this)(flat);
    check(flat.size() % 2 == 0);
    texts.clear();
    for (std::size_t i = 0; i < flat.size(); i += 2) texts[flat[i]] = flat[i + 1];
}

}  // namespace volumen::train
