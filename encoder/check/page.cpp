#include "encoder/check/page.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "encoder/check/pictures.h"
#include "encoder/evaluate/charts.h"
#include "encoder/evaluate/html.h"

namespace volumen {

extern const char* const kCheckTemplate;

namespace {

/// Pictures in the page at most: those with findings first.
constexpr std::size_t kPictures = 40;
constexpr std::size_t kBars = 24;

std::string duration(double seconds) {
    if (seconds < 120) return fmt::format("{:.0f} s", seconds);
    if (seconds < 7200) return fmt::format("{:.0f} min", seconds / 60);
    return fmt::format("{:.1f} h", seconds / 3600);
}

std::string tiles(const CheckResult& r) {
    std::string out = tile_html(std::to_string(r.views.size()), "", "views") +
                      tile_html(std::to_string(r.frames), "", "frames");
    const auto count =
        std::ranges::count_if(r.findings, [](const Finding& f) { return f.severity != Severity::note; });
    out += tile_html(std::to_string(count), "", "things to mend");
    if (!r.trial) return out;
    const std::string time = duration(r.trial->seconds);
    const std::size_t space = time.find(' ');
    return out + tile_html(time.substr(0, space), time.substr(space), "training, estimated") +
           tile_html(number(r.trial->memory_bytes / 1e9, 2), " GB", "memory, estimated") +
           tile_html(number(r.trial->mbit_per_s, 1), " Mbit/s", "bit rate, estimated");
}

std::string findings(const CheckResult& r) {
    if (r.findings.empty()) return "<p class=\"good\">Nothing is wrong with this capture.</p>";
    std::string out = "<ul class=\"findings\">";
    for (const Finding& f : r.findings) {
        const char* name = f.severity == Severity::wrong      ? "wrong"
                           : f.severity == Severity::doubtful ? "doubtful"
                                                              : "note";
        out += fmt::format("<li><b class=\"{0}\">{0}</b><div>{1}", name, escape_html(f.what));
        if (!f.mend.empty()) out += fmt::format("<small>{}</small>", escape_html(f.mend));
        out += "</div></li>";
    }
    out += "</ul>";
    if (!r.offsets_entry.empty()) out += fmt::format("<pre>{}</pre>", escape_html(r.offsets_entry));
    return out;
}

/// One bar a view; of many views those with the lowest values.
template <class Value, class Text>
std::string view_bars(const CheckResult& r, Value&& value, Text&& text) {
    std::vector<const CheckedView*> order;
    for (const CheckedView& v : r.views) order.push_back(&v);
    const auto of = [&](const CheckedView* v) { return std::isfinite(value(*v)) ? value(*v) : 0.0; };
    if (order.size() > kBars)
        std::stable_sort(order.begin(), order.end(),
                         [&](const CheckedView* a, const CheckedView* b) { return of(a) < of(b); });
    const std::size_t all = order.size();
    order.resize(std::min(order.size(), kBars));
    std::vector<Bar> bars;
    for (const CheckedView* v : order) bars.push_back({fmt::format("view {}", v->index), of(v), text(*v)});
    return bar_chart(bars) +
           (all > order.size()
                ? fmt::format("<p class=\"none\">The lowest {} of {} views.</p>", order.size(), all)
                : "");
}

/// All views in quiet lines, the odd ones in colours of their own.
template <class Value>
LineChart over_views(const CheckResult& r, const std::set<int>& odd, Value&& value) {
    LineChart chart;
    const char* const kOdd[] = {"line-2", "line-1", "line-3", "line-4"};
    std::vector<Series> coloured;
    for (const CheckedView& v : r.views) {
        Series series{"line-quiet", value(v), fmt::format("view {}", v.index)};
        if (odd.contains(v.index)) {
            series.style = kOdd[coloured.size() % 4];
            coloured.push_back(std::move(series));
        } else {
            chart.series.push_back(std::move(series));
        }
    }
    chart.series.insert(chart.series.end(), coloured.begin(), coloured.end());
    return chart;
}

std::string legend(const CheckResult& r, const std::set<int>& odd) {
    std::string out = "<p class=\"legend\">";
    int i = 0;
    const int order[] = {2, 1, 3, 4};
    for (const CheckedView& v : r.views)
        if (odd.contains(v.index))
            out += fmt::format("<span class=\"line-{}\"><i></i>view {}</span>", order[i++ % 4], v.index);
    return out + (odd.empty() ? "<span class=\"line-quiet\"><i></i>all views</span></p>"
                              : "<span class=\"line-quiet\"><i></i>the others</span></p>");
}

std::optional<double> finite(double value) {
    return std::isfinite(value) ? std::optional(value) : std::nullopt;
}

std::string charts(const CheckResult& r) {
    std::set<int> late, tinted;
    for (const CheckedView& v : r.views) {
        if (v.found_offset != 0) late.insert(v.index);
        for (const Finding& f : r.findings)
            if (f.view == v.index && f.what.find("of the rig's red, green, blue") != f.what.npos)
                tinted.insert(v.index);
    }
    std::string out;
    if (r.sync.range > 0) {
        LineChart chart = over_views(r, late, [&](const CheckedView& v) {
            std::vector<std::optional<double>> values;
            for (const double c : r.sync.curves[std::size_t(v.index)].cost) values.push_back(finite(c));
            return values;
        });
        chart.unit =
            r.sync.method == "silhouettes" ? "mismatch with the others' hull" : "1 − correlation of motion";
        chart.decimals = 3, chart.along = "offset", chart.least_range = 0.05;
        for (int d = -r.sync.range; d <= r.sync.range; ++d) chart.frames.push_back(d);
        out += card("Synchronisation: misfit by frames of delay", chart.svg() + legend(r, late));
    }
    if (r.masks()) {
        const auto curve = [&](auto&& of, const char* unit) {
            LineChart chart = over_views(r, tinted, [&](const CheckedView& v) {
                std::vector<std::optional<double>> values;
                for (const glm::vec3& g : v.gains) values.push_back(finite(double(of(g))));
                return values;
            });
            chart.unit = unit, chart.decimals = 3, chart.least_range = 0.2, chart.frames = r.moments;
            return chart.svg() + legend(r, tinted);
        };
        out += card("Exposure over frames",
                    curve([](glm::vec3 g) { return std::cbrt(g.r * g.g * g.b); }, "of the rig's"));
        out += card("White balance over frames",
                    curve([](glm::vec3 g) { return g.r / g.b; }, "red / blue, of the rig's"));
        out += card("Mask overlap: IoU with the hull of the others",
                    view_bars(
                        r, [](const CheckedView& v) { return v.overlap; },
                        [](const CheckedView& v) { return number(100 * v.overlap, 0) + " %"; }));
        std::vector<Bar> bars;
        const char* const kNames[] = {"no view", "1 view", "2 views", "3 views", "4 views", "5 and more"};
        for (std::size_t n = 0; n <= 5; ++n) {
            double share = 0;
            for (std::size_t i = n; i < r.coverage.size(); ++i)
                if (i == n || n == 5) share += r.coverage[i];
            bars.push_back({kNames[n], share, number(100 * share, 1) + " %"});
        }
        out += card("Coverage: share of the surface by views that see it", bar_chart(bars));
    }
    return out + card("Sharpness of edges", view_bars(
                                                r, [](const CheckedView& v) { return v.sharpness; },
                                                [](const CheckedView& v) { return number(v.sharpness, 2); }));
}

std::string coverage_card(const CheckResult& r) {
    if (!r.masks() || r.surface.points.empty()) return "";
    std::string key = "<p class=\"legend\">";
    const char* const kNames[] = {"none", "1", "2", "3", "4", "5 and more views"};
    for (int n = 0; n <= 5; ++n) key += fmt::format("<span class=\"key-{}\"><i></i>{}</span>", n, kNames[n]);
    return "<section class=\"card wide\"><h2>Who sees what <small>the subject from four sides</small></h2>" +
           coverage_svg(r) + key + "</p></section>";
}

std::string picture_cards(const CheckResult& r) {
    std::vector<const CheckedView*> order;
    for (const CheckedView& v : r.views)
        if (!v.picture.empty()) order.push_back(&v);
    const auto worst = [&](const CheckedView* v) {
        int s = int(Severity::note);
        for (const Finding& f : r.findings)
            if (f.view == v->index) s = std::min(s, int(f.severity));
        return s;
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](const CheckedView* a, const CheckedView* b) { return worst(a) < worst(b); });
    const std::size_t all = order.size();
    if (order.size() > kPictures) order.resize(kPictures);
    if (order.empty()) return "";
    std::string out =
        fmt::format("<section class=\"card wide\"><h2>{} <small>{}</small></h2><div class=\"thumbnails\">",
                    r.masks()                  ? "Masks against the hull of all"
                    : r.surface.points.empty() ? "The views"
                                               : "Points over images",
                    r.masks() ? "green: both; red: the mask only; blue: the hull only" : "");
    for (const CheckedView* v : order) {
        std::string caption = fmt::format("view {}", v->index);
        if (std::isfinite(v->overlap)) caption += fmt::format(", IoU {:.2f}", v->overlap);
        out += html_picture(v->picture, caption, ".jpg");
    }
    out += "</div>";
    if (all > order.size())
        out += fmt::format("<p class=\"none\">{} of {} views, those with findings first.</p>", order.size(),
                           all);
    return out + "</section>";
}

std::string view_rows(const CheckResult& r) {
    std::string out;
    for (const CheckedView& v : r.views)
        out += fmt::format(
            "<tr><td>{}</td><td>{}</td><td>{} × {}</td><td>{:+d}</td><td>{}</td><td>{} / {} / "
            "{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            v.index, escape_html(v.name), v.camera.width, v.camera.height, v.offset + v.found_offset,
            number(100 * v.sync_confidence, 0), number(double(v.gain.r), 3), number(double(v.gain.g), 3),
            number(double(v.gain.b), 3), number(100 * v.overlap, 1), number(100 * v.sees, 0),
            number(v.sharpness, 3), number(100 * v.clipped, 1));
    return out;
}

std::string subtitle(const CheckResult& r) {
    const auto wrong =
        std::ranges::count_if(r.findings, [](const Finding& f) { return f.severity == Severity::wrong; });
    return fmt::format("{} views, {} frames at {:.3g} /s, {}; {}", r.views.size(), r.frames,
                       r.info.fps.value(), r.masks_text(),
                       wrong ? fmt::format("{} thing{} wrong", wrong, wrong == 1 ? " is" : "s are")
                             : std::string("nothing that would keep it from training"));
}

}  // namespace

std::string make_check_page(const CheckResult& r) {
    return fill(kCheckTemplate, {{"style", kReportStyle},
                                 {"capture", escape_html(r.capture)},
                                 {"subtitle", escape_html(subtitle(r))},
                                 {"tiles", tiles(r)},
                                 {"findings", findings(r)},
                                 {"rig_side", rig_svg(r, false)},
                                 {"rig_above", rig_svg(r, true)},
                                 {"charts", charts(r)},
                                 {"coverage", coverage_card(r)},
                                 {"pictures", picture_cards(r)},
                                 {"views", view_rows(r)}});
}

}  // namespace volumen
