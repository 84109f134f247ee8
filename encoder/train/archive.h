// What survives the program: one list of fields serves writing and reading.
#pragma once

#include <glm/glm.hpp>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "encoder/model.h"
#include "formats/core/bytes.h"
#include "formats/splats/cloud.h"

namespace volumen::train {

/// Called with one field after the other, it appends them to bytes() or takes them from the bytes it was made
/// with. Reading throws InputError where the bytes end early or a field is out of its range.
class Archive {
  public:
    /// Writes.
    Archive() = default;
    /// Reads; `what` names the bytes in messages.
    Archive(std::span<const std::uint8_t> bytes, std::string what) : reader_({bytes, what}), what_(what) {}

    void operator()(std::uint64_t& value);
    void operator()(std::uint32_t& value);
    void operator()(int& value);
    void operator()(float& value);
    void operator()(glm::vec3& value);
    void operator()(std::string& text);
    void operator()(std::mt19937_64& random);
    void operator()(SplatCloud& cloud);  ///< finite values only
    void operator()(ModelSegment& segment);
    void operator()(Bytes& bytes);
    void operator()(std::map<std::string, std::string>& texts);
    template <class Field>
    void operator()(std::vector<Field>& fields) {
        std::uint64_t count = fields.size();
        (*this)(count);
        if (reader_) fields.clear();
        // One by one: a lying count runs out of bytes before it takes memory.
        for (std::uint64_t i = 0; i < count; ++i) {
            if (reader_) fields.emplace_back();
            (*this)(fields[std::size_t(i)]);
        }
    }

    /// What was written.
    Bytes release() { return writer_.release(); }
    /// Throws InputError unless all was read.
    void finish() const;

  private:
    void check(bool good) const;

    std::optional<ByteReader> reader_;
    ByteWriter writer_;
    std::string what_;
};

}  // namespace volumen::train
