#include "encoder/evaluate/pictures.h"

#include <algorithm>
#include <cstdlib>

namespace volumen {

Image8 difference(const Image8& a, const Image8& b, int gain) {
    Image8 out(a.width, a.height, 3);
    for (std::size_t i = 0; i < out.pixels.size(); ++i)
        out.pixels[i] = std::uint8_t(std::min(std::abs(a.pixels[i] - b.pixels[i]) * gain, 255));
    return out;
}

Image8 tile(const std::vector<std::vector<Image8>>& rows) {
    constexpr int kMargin = 4;
    int width = 0, height = 0;
    std::size_t columns = 0;
    for (const auto& row : rows) {
        columns = std::max(columns, row.size());
        for (const Image8& image : row)
            width = std::max(width, image.width), height = std::max(height, image.height);
    }
    Image8 sheet(int(columns) * (width + kMargin) + kMargin, int(rows.size()) * (height + kMargin) + kMargin,
                 3);
    std::fill(sheet.pixels.begin(), sheet.pixels.end(), std::uint8_t(255));
    for (std::size_t r = 0; r < rows.size(); ++r)
        for (std::size_t c = 0; c < rows[r].size(); ++c) {
            const Image8& image = rows[r][c];
            const int x0 = kMargin + int(c) * (width + kMargin), y0 = kMargin + int(r) * (height + kMargin);
            for (int y = 0; y < image.height; ++y)
                std::copy_n(image.at(0, y), image.width * 3, sheet.at(x0, y0 + y));
        }
    return sheet;
}

}  // namespace volumen
