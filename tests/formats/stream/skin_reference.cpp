#include "tests/formats/stream/skin_reference.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <string>

#include "tests/formats/coding/rans_reference.h"

namespace volumen {

namespace {

struct Refused {};

void must(bool holds) {
    if (!holds) throw Refused{};
}

using Symbols = std::vector<std::uint16_t>;
using Integers = std::vector<std::int64_t>;
constexpr std::int64_t kFarthest = std::int64_t{1} << 23;

struct Input {
    std::vector<std::uint8_t> bytes;
    std::size_t at = 0;

    std::uint64_t number(std::size_t size) {
        must(at + size <= bytes.size());
        std::uint64_t value = 0;
        for (std::size_t i = size; i-- > 0;) value = value * 256 + bytes[at + i];
        at += size;
        return value;
    }
    double real() {
        const double v = double(std::bit_cast<float>(std::uint32_t(number(4))));
        must(v >= -1e9 && v <= 1e9);
        return v;
    }
    Symbols symbols(std::uint64_t count, std::uint64_t below) {
        std::size_t used = 0;
        const auto out = reference_rans(std::span(bytes).subspan(at), used);
        must(out && out->size() == count);
        for (const std::uint16_t s : *out) must(s < below);
        at += used;
        return *out;
    }
    Integers integers(std::uint64_t count) {
        Integers out;
        for (const std::uint16_t s : symbols(count, 4096)) out.push_back(s);
        for (std::int64_t& v : out) {
            if (v == 4095) v = std::int64_t(number(4)), must(v >= 4095);
            v = v % 2 ? -(v / 2) - 1 : v / 2;
        }
        return out;
    }
    Symbols indices(std::uint64_t count, std::uint64_t entries) {
        if (entries <= 4096) return symbols(count, entries);
        Symbols out = symbols(count, 4096);
        const Symbols remainders = symbols(count, 2);
        for (std::size_t i = 0; i < out.size(); ++i) {
            out[i] = std::uint16_t(2 * out[i] + remainders[i]);
            must(out[i] < entries);
        }
        return out;
    }
    void end() const { must(at == bytes.size()); }
};

/// Section 6.4.
std::map<std::string, Input> chunks(std::span<const std::uint8_t> bytes) {
    Input in{{bytes.begin(), bytes.end()}};
    std::map<std::string, Input> out;
    while (in.at < in.bytes.size()) {
        std::string type;
        for (int i = 0; i < 4; ++i) type += char(in.number(1));
        const std::uint64_t flags = in.number(4), stored = in.number(4), unpacked = in.number(4);
        in.number(4);
        must(in.at + stored <= in.bytes.size() && out.count(type) == 0);
        Input chunk;
        if (flags & 1) {
            chunk.bytes.resize(unpacked);
            must(ZSTD_decompress(chunk.bytes.data(), unpacked, in.bytes.data() + in.at, stored) == unpacked);
        } else {
            must(stored == unpacked);
            chunk.bytes.assign(in.bytes.begin() + std::ptrdiff_t(in.at),
                               in.bytes.begin() + std::ptrdiff_t(in.at + stored));
        }
        in.at += stored;
        out[type] = chunk;
    }
    return out;
}

void layout(Input in, ReferenceSkin& s) {
    must(in.number(4) == s.facts.splats && s.facts.splats <= 1u << 20);
    s.joint_count = in.number(4);
    must(s.joint_count >= 1 && s.joint_count <= 1u << 16 && s.joint_count * s.facts.frames <= 1u << 23);
    must(s.joint_count * s.facts.splats <= std::uint64_t{1} << 32);
    must(in.number(4) == s.facts.sh_degree);
    for (double& v : s.origin) v = in.real();
    s.grid = in.real(), s.rotation_step = in.real(), s.turn_step = in.real();
    s.joint_shift = in.number(1), s.pictures = in.number(1);
    s.columns = in.number(2), s.strip_rows = in.number(2);
    must(s.joint_shift <= 8 && s.pictures <= 32 && s.pictures <= s.facts.frames);
    must(s.columns >= s.facts.frames && s.columns <= s.facts.atlas_width);
    must(s.strip_rows >= 1 && s.strip_rows <= s.facts.atlas_height);
    must(s.pictures * (s.facts.atlas_width / s.columns) * s.strip_rows >= 4 * s.facts.splats);
    for (auto& scale : s.scale)
        for (double& v : scale) v = in.real();
    in.end();
}

std::int64_t squared(const std::int64_t* a, const std::int64_t* b) {
    std::int64_t sum = 0;
    for (int i = 0; i < 3; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

void joints(Input in, ReferenceSkin& s) {
    std::array<std::uint64_t, 6> mode;
    for (std::uint64_t& m : mode) m = in.number(1), must(m % 16 <= 12 && m < 32);
    const std::int64_t unit = std::int64_t{1} << s.joint_shift;
    const auto check = [&](std::int64_t v, std::size_t c) {
        must(std::abs(v) <= kFarthest && (c >= 3 || std::abs(v * unit) <= kFarthest));
    };
    s.joints.assign(s.facts.frames, std::vector<ReferenceSkin::Places>(s.joint_count));
    for (std::size_t c = 0; c < 3; ++c) {
        const Integers steps = in.integers(s.joint_count);
        for (std::size_t j = 0; j < s.joint_count; ++j) {
            s.joints[0][j][c] = steps[j] + (j ? s.joints[0][j - 1][c] : 0);
            check(s.joints[0][j][c], c);
        }
    }
    std::vector<std::size_t> parent(s.joint_count);
    for (std::size_t j = 1; j < s.joint_count; ++j) {
        parent[j] = j < 64 ? 0 : j - 64;
        for (std::size_t k = parent[j]; k < j; ++k)
            if (squared(s.joints[0][k].data(), s.joints[0][j].data()) <
                squared(s.joints[0][parent[j]].data(), s.joints[0][j].data()))
                parent[j] = k;
    }
    for (std::size_t c = 0; c < 6; ++c) {
        const Symbols residuals = in.symbols((s.facts.frames - 1) * s.joint_count, 2048);
        std::size_t next = 0;
        for (std::size_t f = 1; f < s.facts.frames; ++f) {
            std::vector<std::int64_t> d(s.joint_count);
            for (std::size_t j = 0; j < s.joint_count; ++j) {
                const std::int64_t z = residuals[next++], r = z % 2 ? -(z / 2) - 1 : z / 2;
                d[j] = r * (std::int64_t{1} << mode[c] % 16);
                if (mode[c] / 16 && j > 0) d[j] += d[parent[j]];
                must(std::abs(d[j]) <= kFarthest);
                s.joints[f][j][c] = s.joints[f - 1][j][c] + d[j];
                check(s.joints[f][j][c], c);
            }
        }
    }
    in.end();
}

void first_frame(Input in, ReferenceSkin& s) {
    std::vector<std::size_t> owner;
    for (const std::int64_t count : in.integers(s.joint_count)) {
        must(count >= 0 && owner.size() + std::uint64_t(count) <= s.facts.splats);
        owner.insert(owner.end(), std::size_t(count), s.owned.size());
        s.owned.push_back(std::uint64_t(count));
    }
    must(owner.size() == s.facts.splats);
    s.place.resize(owner.size()), s.level.resize(owner.size());
    for (std::size_t a = 0; a < 3; ++a) {
        const Integers off = in.integers(owner.size());
        for (std::size_t i = 0; i < owner.size(); ++i) {
            s.place[i][a] = off[i] + s.joints[0][owner[i]][a] * (std::int64_t{1} << s.joint_shift);
            must(std::abs(s.place[i][a]) <= kFarthest);
        }
    }
    for (std::size_t a = 0; a < 3; ++a) {
        const Symbols levels = in.symbols(owner.size(), 256);
        for (std::size_t i = 0; i < owner.size(); ++i) s.level[i][a] = levels[i];
    }
    in.end();
}

void means(Input in, ReferenceSkin& s) {
    const std::size_t n = s.facts.splats;
    for (std::size_t l = 0; l < 4; ++l) {
        s.mean[l] = in.symbols(n, 256);
        for (std::size_t i = 0; i < n; ++i) {
            std::uint64_t before = 0;
            for (std::size_t k = 0; k < n; ++k)
                before += s.mean[l][k] < s.mean[l][i] || (s.mean[l][k] == s.mean[l][i] && k < i);
            s.rank[l].push_back(before);
        }
    }
    in.end();
}

ReferenceSkin::Book codebook(Input in, std::size_t degree, const ReferenceSkin& s) {
    ReferenceSkin::Book book;
    const std::size_t dimensions = 3 * (2 * degree + 1), n = s.facts.splats;
    const std::uint64_t entries = in.number(2);
    must(entries >= 1 && entries <= 8192);
    for (std::size_t c = 0; c < dimensions; ++c)
        book.low.push_back(in.real()), book.step.push_back(in.real());
    const Symbols levels = in.symbols(dimensions * entries, 256);
    book.entry.assign(entries, Symbols(dimensions));
    for (std::size_t i = 0; i < levels.size(); ++i) book.entry[i % entries][i / entries] = levels[i];
    book.used.push_back(in.indices(n, entries));
    const Integers counts = in.integers(s.facts.frames - 1);
    std::uint64_t total = 0;
    for (const std::int64_t count : counts) {
        must(count >= 0 && count <= std::int64_t(n));
        total += std::uint64_t(count);
    }
    must(total <= 1u << 24);
    const Integers between = in.integers(total);
    const Symbols changed = in.indices(total, entries);
    std::size_t change = 0;
    for (const std::int64_t count : counts) {
        book.used.push_back(book.used.back());
        std::int64_t splat = -1;
        for (std::int64_t i = 0; i < count; ++i, ++change) {
            must(between[change] >= 0);
            splat += 1 + between[change];
            must(splat < std::int64_t(n));
            book.used.back()[std::size_t(splat)] = changed[change];
        }
    }
    in.end();
    return book;
}

/// Section 7.2, all distances with all others.
void anchors(ReferenceSkin& s) {
    const std::size_t count = s.joint_count, hung = std::min<std::size_t>(8, count);
    std::vector<std::array<std::int64_t, 3>> at;
    for (const auto& joint : s.joints[0]) {
        at.emplace_back();
        for (std::size_t a = 0; a < 3; ++a) at.back()[a] = joint[a] * (std::int64_t{1} << s.joint_shift);
    }
    std::vector<std::int64_t> nearest;
    for (std::size_t j = 0; j < count; ++j) {
        std::int64_t best = -1;
        for (std::size_t k = 0; k < count; ++k)
            if (const std::int64_t d = squared(at[j].data(), at[k].data()); k != j && (best < 0 || d < best))
                best = d;
        nearest.push_back(best);
    }
    std::ranges::sort(nearest);
    const double width = count == 1 || nearest[count / 2] == 0 ? 0.5 : double(nearest[count / 2]);
    for (const auto& place : s.place) {
        std::vector<std::pair<std::int64_t, std::uint64_t>> all;
        for (std::size_t k = 0; k < count; ++k) all.emplace_back(squared(place.data(), at[k].data()), k);
        std::ranges::sort(all);
        auto& joint = s.anchors.emplace_back();
        auto& weight = s.weights.emplace_back();
        double sum = 0;
        for (std::size_t k = 0; k < hung; ++k) {
            joint.push_back(all[k].second);
            weight.push_back(std::exp(double(all[0].first - all[k].first) / (2 * width)));
            sum += weight.back();
        }
        for (double& w : weight) w /= sum;
    }
}

using Vector = std::array<double, 3>;
using Turn = std::array<double, 4>;  // w x y z

Turn product(const Turn& a, const Turn& b) {
    return {a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3],
            a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2],
            a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1],
            a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]};
}

void normalise(Turn& q) {
    double length = 0;
    for (const double v : q) length += v * v;
    for (double& v : q) v /= std::sqrt(length);
}

}  // namespace

std::uint64_t ReferenceSkin::sample(std::uint64_t lookup, std::uint64_t splat, std::uint64_t frame) const {
    const std::uint64_t g = lookup * facts.splats + rank[lookup][splat], s = g / strip_rows;
    const std::uint64_t across = facts.atlas_width / columns;
    const std::uint64_t picture = s / across, x = s % across * columns + frame, y = g % strip_rows;
    return (picture * facts.atlas_height + y) * facts.atlas_width + x;
}

std::vector<double> ReferenceSkin::splat(std::uint64_t i, std::uint64_t f,
                                         std::span<const std::uint8_t> luma) const {
    Vector x, moved{};
    Turn q{}, sum{}, nearest{};
    double rest = 1;
    for (std::size_t a = 0; a < 3; ++a) {
        x[a] = origin[a] + grid * double(place[i][a]);
        q[a + 1] = rotation_step * (double(level[i][a]) - 128);
        rest -= q[a + 1] * q[a + 1];
    }
    q[0] = std::sqrt(std::max(0.0, rest));
    normalise(q);
    for (std::size_t k = 0; k < anchors[i].size(); ++k) {
        const Places& from = joints[0][anchors[i][k]];
        const Places& to = joints[f][anchors[i][k]];
        Vector v, off;
        double angle = 0;
        for (std::size_t a = 0; a < 3; ++a) {
            v[a] = turn_step * double(to[a + 3]), angle += v[a] * v[a];
            off[a] = x[a] - (origin[a] + grid * std::ldexp(double(from[a]), int(joint_shift)));
        }
        angle = std::sqrt(angle);
        Turn turn{std::cos(angle / 2), 0, 0, 0};
        for (std::size_t a = 0; a < 3 && angle > 0; ++a) turn[a + 1] = std::sin(angle / 2) * v[a] / angle;
        const Turn turned =
            product(product(turn, {0, off[0], off[1], off[2]}), {turn[0], -turn[1], -turn[2], -turn[3]});
        double side = 0;
        for (std::size_t c = 0; c < 4; ++c) {
            if (k == 0) nearest[c] = turn[c];
            side += turn[c] * nearest[c];
        }
        for (std::size_t c = 0; c < 4; ++c) sum[c] += (side < 0 ? -1 : 1) * weights[i][k] * turn[c];
        for (std::size_t a = 0; a < 3; ++a)
            moved[a] += weights[i][k] *
                        (turned[a + 1] + origin[a] + grid * std::ldexp(double(to[a]), int(joint_shift)));
    }
    if (sum != Turn{}) q = product(sum, q), normalise(q);
    std::array<double, 4> value;
    for (std::size_t l = 0; l < 4; ++l)
        value[l] = scale[l][0] + scale[l][1] * double(mean[l][i]) +
                   scale[l][2] * (double(luma[sample(l, i, f)]) - 128);
    const double alpha = std::min(std::max(value[0], 1.0 / 1024), 1023.0 / 1024);
    std::vector<double> out{moved[0],
                            moved[1],
                            moved[2],
                            q[0],
                            q[1],
                            q[2],
                            q[3],
                            value[1],
                            value[2],
                            value[3],
                            std::log(alpha / (1 - alpha))};
    for (const Book& book : books)
        for (std::size_t c = 0; c < book.low.size(); ++c)
            out.push_back(book.low[c] + book.step[c] * double(book.entry[book.used[f][i]][c]));
    return out;
}

std::optional<ReferenceSkin> reference_skin(std::span<const std::uint8_t> bytes,
                                            const ReferenceFacts& facts) {
    try {
        const std::map<std::string, Input> parts = chunks(bytes);
        const auto part = [&](const std::string& type) {
            must(parts.count(type) == 1);
            return parts.at(type);
        };
        ReferenceSkin s;
        s.facts = facts;
        layout(part("SKIN"), s);
        joints(part("JNTS"), s);
        first_frame(part("CANO"), s);
        means(part("MEAN"), s);
        for (std::size_t degree = 0; degree <= 3; ++degree) {
            const std::string type = "SH_" + std::to_string(degree);
            if (degree <= facts.sh_degree)
                s.books.push_back(codebook(part(type), degree, s));
            else
                must(parts.count(type) == 0);
        }
        Input in = part("LCRC");
        for (std::uint64_t k = 0; k < s.pictures; ++k) s.checksums.push_back(std::uint32_t(in.number(4)));
        in.end();
        anchors(s);
        return s;
    } catch (const Refused&) {
        return {};
    }
}

}  // namespace volumen
