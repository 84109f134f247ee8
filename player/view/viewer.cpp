#include "player/view/viewer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <deque>
#include <filesystem>

#include "formats/core/error.h"
#include "formats/media/image_file.h"
#include "player/headless.h"
#include "player/source/view_file.h"
#include "player/statistics.h"
#include "player/view/governor.h"
#include "player/view/orbit_camera.h"
#include "player/view/overlay.h"
#include "player/view/playback.h"
#include "player/view/screen.h"
#include "player/view/window.h"
#include "shaders/renderer.h"

namespace volumen {
namespace {

using namespace std::chrono_literals;

constexpr ViewSize kDefaultWindow{1280, 720};
/// An event is followed by this many drawings: Dear ImGui lays out and reacts a frame later.
constexpr int kSettleFrames = 3;
/// Flying covers the distance to the target in this time.
constexpr float kFlySeconds = 1.5f;
/// After a wait the camera does not jump.
constexpr float kLongestFlyStep = 0.1f;
constexpr Time kNoticeTime = 3s;
/// A picture with fewer pixels than the screen becomes a whole one when nothing has moved for so long.
constexpr Time kRestTime = 300ms;
/// What a picture may take: a frame of the take, but no more than this.
constexpr double kLongestBudget = 1000.0 / 24;
/// A hidden window looks so often whether it still is, where no event tells it.
constexpr Time kHiddenTime = 500ms;
/// `--screenshot` without `--frames`.
constexpr int kDefaultShown = 3;
/// Frames whose figures `--stats` lists: an hour at 30 fps.
constexpr std::size_t kMaxFrameStatistics = 108000;

Time now() {
    return std::chrono::steady_clock::now().time_since_epoch();
}

double milliseconds(Time time) {
    return std::chrono::duration<double, std::milli>(time).count();
}

gpu::DeviceParams device_params(const PlayOptions& options) {
    gpu::DeviceParams params;
    params.name = options.gpu;
    params.validation = options.validation;
    params.instance_extensions = Window::instance_extensions();
    params.swapchain = true;
    return params;
}

Viewpoint first_view(const Take& take, const PlayOptions& options) {
    if (!options.camera) return take.default_view();
    return read_view_file(*options.camera, take.default_view()).viewpoint;
}

class Viewer {
  public:
    Viewer(const Take& take, const PlayOptions& options, std::chrono::steady_clock::time_point start)
        : take_(take),
          options_(options),
          start_(start.time_since_epoch()),
          window_("Volumen \u2013 " + title(), options.size.value_or(kDefaultWindow), options.fullscreen),
          device_(device_params(options)),
          screen_(device_, [this] { return window_.create_surface(device_); }),
          renderer_(device_),
          playback_(take, played_range(take, options), options.hwaccel),
          orbit_(first_view(take, options)) {
        screen_.fit(window_.framebuffer());
        overlay_.emplace(window_, device_, screen_);
        describe();
        playback_.source().on_ready(Window::wake);
        playback_.set_loop(options.loop || options.screenshot, now());
        state_.joint_view = options.joint_view;
        governed_ = !options.full_resolution && !options.screenshot;
        interpolate_ = options.interpolate.value_or(!device_.software) && !options.screenshot;
        playback_.play(now());
    }

    int run();

  private:
    /// A rendering that the device was given.
    struct Submitted {
        std::uint64_t number;  ///< RenderStats::number
        int frame;
        double decode_ms, present_ms;
        ViewSize size;
    };

    std::string title() const {
        const std::filesystem::path path = std::filesystem::absolute(options_.take).lexically_normal();
        return path.has_filename() ? path.filename() : path.parent_path().filename();
    }
    void describe();
    std::optional<Time> wait_time() const;
    void rest_while_hidden();
    void handle_input();
    bool fly_key_down() const;
    void fly(float seconds);
    void perform(Command command);
    /// Whether every picture of the display is another one.
    bool moves_between() const { return interpolate_ && next_position_ && playing(); }
    ViewSize wanted_size() const;
    bool playing() const { return playback_.clock().playing(); }
    bool resting() const { return !playing() && now() >= moved_at_ + kRestTime; }
    void set_speed(int thousandths);
    void next_order();
    void other_picture(int direction);
    void show_joints();
    void pick();
    void next_picture();
    void upload(const SourceFrame& frame);
    void look_ahead();
    void move_between();
    void draw();
    void count_picture();
    void collect_statistics();
    void collect_statistics(const Submitted& submitted, const RenderStats& render);
    void show_notice(std::string text);
    void save_picture();
    void finish_screenshot();

    const Take& take_;
    const PlayOptions& options_;
    const Time start_;
    Window window_;
    gpu::Device device_;
    Screen screen_;
    Renderer renderer_;
    Playback playback_;
    OrbitCamera orbit_;
    std::optional<Overlay> overlay_;  // needs the screen's size

    RenderSettings settings_;
    Picker picker_;
    bool interpolate_ = false, governed_ = false;
    Governor governor_;
    Time moved_at_{0};                           ///< the camera, last
    std::optional<std::int64_t> next_position_;  ///< of the frame that the renderer has as the next one
    int listed_frame_ = -1;                      ///< the last in the statistics
    OverlayState state_;
    bool overlay_visible_ = true;
    int settle_ = kSettleFrames;  ///< drawings that are still to be made
    bool has_content_ = false, picture_dirty_ = true;
    std::deque<Submitted> submitted_;  ///< renderings whose figures were not read yet
    std::uint64_t renderings_ = 0;
    std::uint64_t most_entries_ = 0;  ///< of splats in tiles, of any picture so far
    double decode_ms_ = 0;
    ViewSize picture_size_{0, 0};
    Time last_update_ = now(), notice_until_{0};
    std::optional<int> dragged_to_;  ///< frame on the timeline, while the handle is held
    int shown_ = 0;                  ///< pictures on screen since the start
    std::vector<Time> shown_at_;     ///< within the last second
    std::size_t told_lost_ = 0;
    bool save_picture_ = false, capturing_ = false;
    Statistics statistics_;
};

void Viewer::describe() {
    if (!device_.note.empty()) fmt::print(stderr, "volumen-play: {}\n", device_.note);
    state_.title = title();
    state_.gpu = device_.device_name;
    settings_.background = take_.info().background;
    settings_.order = options_.order, settings_.compensate = options_.antialias;
    settings_.picture = state_.picture = options_.picture;
    state_.range = playback_.range();
    state_.fps = take_.info().fps;
    state_.segments = take_.segments();
    state_.mbit_per_s = take_.mbit_per_s();
    state_.stage_splats = std::uint32_t(take_.stage().count);
    renderer_.set_stage(take_.stage());
    state_.frame = playback_.frame();
    statistics_.gpu = device_.device_name;
}

int Viewer::run() {
    while (!window_.should_close()) {
        window_.handle_events(wait_time());
        rest_while_hidden();
        handle_input();
        next_picture();
        draw();
        look_ahead();
        finish_screenshot();
    }
    screen_.wait();
    collect_statistics();
    statistics_.dropped = playback_.presenter().dropped();
    statistics_.stalls = playback_.presenter().stalls();
    statistics_.lost = playback_.source().lost();
    statistics_.decoder = playback_.source().device();
    statistics_.width = picture_size_.width, statistics_.height = picture_size_.height;
    if (options_.stats) write_statistics(*options_.stats, statistics_);
    if (device_.validation_messages() > 0)
        fmt::print(stderr, "volumen-play: {} messages of the validation layers\n",
                   device_.validation_messages());
    return 0;
}

/// How long the loop may sleep: nothing changes before then, unless an event comes.
std::optional<Time> Viewer::wait_time() const {
    const bool draws = settle_ > 0 || picture_dirty_ || fly_key_down() || moves_between();
    if (options_.screenshot || (has_content_ && draws)) return 0ns;
    std::optional<Time> until = playback_.presenter().next_update();
    if (!state_.notice.empty()) until = until ? std::min(*until, notice_until_) : notice_until_;
    if (governor_.acts() && picture_size_ != screen_.size() && !playing())
        until = until ? std::min(*until, moved_at_ + kRestTime) : moved_at_ + kRestTime;
    if (!until) return std::nullopt;
    return std::max<Time>(*until - now(), 1us);
}

/// What nobody sees is neither decoded nor drawn; playing goes on where it was.
void Viewer::rest_while_hidden() {
    if (!window_.hidden()) return;
    const bool played = playing();
    playback_.pause(now());
    while (window_.hidden() && !window_.should_close()) window_.handle_events(kHiddenTime);
    if (played) playback_.play(now());
    settle_ = kSettleFrames;
}

void Viewer::handle_input() {
    const Input input = window_.take_input();
    if (input.any) settle_ = kSettleFrames;
    for (const KeyPress& press : input.keys)
        if (const auto command = command_of(press, window_.flying())) perform(*command);

    const Time time = now();
    const float seconds = std::chrono::duration<float>(time - last_update_).count();
    last_update_ = time;
    const Camera before = orbit_.viewpoint().camera(kDefaultWindow);
    const ViewSize view = window_.size();
    if (input.turned != glm::vec2(0)) orbit_.orbit(input.turned.x, input.turned.y, view);
    if (input.panned != glm::vec2(0)) orbit_.pan(input.panned.x, input.panned.y, view);
    if (input.looked != glm::vec2(0)) orbit_.look(input.looked.x, input.looked.y, view);
    if (input.wheel != 0) orbit_.dolly(input.wheel);
    if (input.picked) pick();
    if (fly_key_down()) fly(std::min(seconds, kLongestFlyStep));
    const Camera after = orbit_.viewpoint().camera(kDefaultWindow);
    if (before.rotation != after.rotation || before.translation != after.translation)
        picture_dirty_ = true, moved_at_ = time;
}

bool Viewer::fly_key_down() const {
    if (!window_.flying()) return false;
    const FlyKeys& k = kFlyKeys;
    return std::ranges::any_of(std::array{k.forward, k.back, k.left, k.right, k.down, k.up},
                               [&](int key) { return window_.key_down(key); });
}

void Viewer::fly(float seconds) {
    const auto axis = [&](int positive, int negative) {
        return (float(window_.key_down(positive)) - float(window_.key_down(negative))) * seconds /
               kFlySeconds;
    };
    const FlyKeys& keys = kFlyKeys;
    orbit_.fly(axis(keys.forward, keys.back), axis(keys.right, keys.left), axis(keys.up, keys.down));
}

void Viewer::perform(Command command) {
    const Time time = now();
    settle_ = kSettleFrames;
    switch (command) {
        case Command::toggle_play:
            playback_.toggle(time);
            break;
        case Command::step_back:
            playback_.step(-1, time);
            break;
        case Command::step_forward:
            playback_.step(1, time);
            break;
        case Command::segment_back:
            playback_.step_segment(-1, time);
            break;
        case Command::segment_forward:
            playback_.step_segment(1, time);
            break;
        case Command::to_start:
            playback_.seek(state_.range.begin, time);
            break;
        case Command::to_end:
            playback_.seek(state_.range.end - 1, time);
            break;
        case Command::slower:
            set_speed(step_speed(playback_.clock().speed(), -1));
            break;
        case Command::faster:
            set_speed(step_speed(playback_.clock().speed(), 1));
            break;
        case Command::normal_speed:
            set_speed(kNormalSpeed);
            break;
        case Command::turn_back:
            playback_.turn(time);
            show_notice(playback_.backwards() ? "Backwards" : "Forwards");
            break;
        case Command::toggle_loop:
            playback_.set_loop(!playback_.clock().loop(), time);
            break;
        case Command::reset_view:
            orbit_.reset();
            picture_dirty_ = true;
            break;
        case Command::next_order:
            next_order();
            break;
        case Command::other_picture:
            other_picture(1);
            break;
        case Command::other_picture_back:
            other_picture(-1);
            break;
        case Command::toggle_antialias:
            settings_.compensate = !settings_.compensate;
            picture_dirty_ = true;
            show_notice(settings_.compensate ? "Antialiasing: splats below a pixel's size fade"
                                             : "No antialiasing");
            break;
        case Command::toggle_interpolation:
            interpolate_ = !interpolate_;
            show_notice(interpolate_ ? "Pictures between the take's frames" : "The take's frames alone");
            break;
        case Command::toggle_governor:
            governed_ = !governed_;
            governor_.reset();
            show_notice(governed_ ? "Fewer pixels where they keep the frame rate" : "All pixels always");
            break;
        case Command::show_joints:
            show_joints();
            break;
        case Command::pick:
            pick();
            break;
        case Command::fullscreen:
            window_.toggle_fullscreen();
            break;
        case Command::toggle_overlay:
            overlay_visible_ = !overlay_visible_;
            break;
        case Command::screenshot:
            save_picture_ = true;
            break;
        case Command::help:
            state_.show_help = !state_.show_help;
            break;
        case Command::quit:
            window_.close();
            break;
    }
}

void Viewer::next_order() {
    constexpr const char* kNotices[] = {"Splats in the order of their depth",
                                        "Splats in the order of their distance",
                                        "Splats in the order of their depth at each pixel"};
    settings_.order = Order((int(settings_.order) + 1) % int(std::size(kNotices)));
    picture_dirty_ = true;
    show_notice(kNotices[int(settings_.order)]);
}

void Viewer::other_picture(int direction) {
    constexpr int kCount = int(Picture::points) + 1;
    settings_.picture = Picture((int(settings_.picture) + kCount + direction) % kCount);
    state_.picture = settings_.picture;
    picture_dirty_ = true;
}

void Viewer::show_joints() {
    state_.joint_view = next(state_.joint_view);
    if (!state_.skin)
        show_notice("This take has no joints");
    else if (state_.joint_view == JointView::joints)
        show_notice("Joints and their paths; red: torn from its neighbour");
    else if (state_.joint_view == JointView::anchors)
        show_notice("Joints and the splats they lead");
}

void Viewer::pick() {
    if (!has_content_) return;
    const ViewSize window = window_.size();
    const glm::dvec2 share = glm::dvec2(window_.cursor()) / glm::dvec2(window.width, window.height);
    const Camera camera = orbit_.viewpoint().camera(screen_.size());
    const glm::dvec2 point = share * glm::dvec2(camera.width, camera.height);
    if (!picker_.pick(renderer_, camera, settings_, point, state_.frame))
        show_notice("Nothing lies under the pointer");
}

/// Of the picture; all of the screen's pixels where nothing moves.
ViewSize Viewer::wanted_size() const {
    return governed_ && !resting() ? governor_.size_of(screen_.size()) : screen_.size();
}

void Viewer::set_speed(int thousandths) {
    playback_.set_speed(thousandths, now());
    show_notice(fmt::format("Speed {:g}\u00d7", playback_.clock().speed() / 1000.0));
}

/// Takes the frame that is due, if it is another than the one on screen.
void Viewer::next_picture() {
    std::optional<SourceFrame> frame;
    if (options_.screenshot) {  // every frame in turn, whatever the clock says: the same picture every time
        if (!picture_dirty_ || !has_content_) frame = playback_.source().next();
    } else {
        const bool played = playing();
        frame = playback_.update(now());
        if (played && !playing()) settle_ = kSettleFrames;  // the end
    }
    if (frame) upload(*frame);
    move_between();
    if (has_content_ && wanted_size() != picture_size_) picture_dirty_ = true;
    const auto lost = playback_.source().lost();
    for (; told_lost_ < lost.size(); ++told_lost_) {
        const LostFrames& l = lost[told_lost_];
        fmt::print(stderr, "volumen-play: frames {}:{} are lost: {}\n", l.first_frame,
                   l.first_frame + l.count, l.reason);
        settle_ = kSettleFrames;
    }
    state_.lost = lost;
}

void Viewer::upload(const SourceFrame& frame) {
    state_.skin = nullptr;
    const bool there = std::exchange(next_position_, std::nullopt) == frame.position;
    if (const auto* packed = std::get_if<PackedFrame>(&frame.content)) {
        state_.skin = packed->skin;
        if (there)
            renderer_.advance();
        else
            renderer_.set_frame(*packed);
    } else if (!has_content_)
        renderer_.set_cloud(*std::get<std::shared_ptr<const SplatCloud>>(frame.content));
    playback_.shown(frame);
    state_.frame = frame.index;
    decode_ms_ = frame.decode_ms;
    has_content_ = picture_dirty_ = true;
    if (!playing()) settle_ = std::max(settle_, 2);  // the second shows the first one's figures
}

/// Gives the renderer the frame that follows the one on screen, as soon as it is there. Cuts are left alone:
/// between segments, and where the take begins again.
void Viewer::look_ahead() {
    if (!interpolate_ || next_position_ || !playing()) return;
    const SourceFrame* next = playback_.presenter().upcoming();
    if (!next || std::abs(next->index - state_.frame) != 1) return;
    const auto* packed = std::get_if<PackedFrame>(&next->content);
    if (packed && renderer_.set_next_frame(*packed)) next_position_ = next->position;
}

/// What is drawn lies where the clock is between two frames.
void Viewer::move_between() {
    look_ahead();
    const float share = next_position_ && interpolate_ ? float(playback_.presenter().share(now())) : 0;
    if (share == settings_.between) return;
    settings_.between = share;
    picture_dirty_ = true;
}

void Viewer::draw() {
    const Time time = now();
    if (!state_.notice.empty() && time >= notice_until_) {
        state_.notice.clear();
        settle_ = kSettleFrames;
    }
    if (!has_content_ || (settle_ <= 0 && !picture_dirty_)) return;
    const ViewSize framebuffer = window_.framebuffer();
    if (!screen_.fit(framebuffer)) return;
    if (wanted_size() != picture_size_) picture_dirty_ = true;
    if (!picture_dirty_ && !submitted_.empty()) {
        screen_.wait();
        collect_statistics();
    }

    const PlaybackClock& clock = playback_.clock();
    state_.playing = clock.playing(), state_.loop = clock.loop(), state_.speed = clock.speed();
    state_.seeking = playback_.presenter().waiting() && !options_.screenshot;
    state_.handle = state_.seeking ? playback_.target() : state_.frame;
    state_.dropped = playback_.presenter().dropped();
    state_.stalls = playback_.presenter().stalls();
    state_.decoder = playback_.source().device();
    if (statistics_.decoder_note.empty()) {
        statistics_.decoder_note = playback_.source().decoder_note();
        if (!statistics_.decoder_note.empty())
            fmt::print(stderr, "volumen-play: {}\n", statistics_.decoder_note);
    }
    state_.resolution = screen_.size();
    state_.rendered = wanted_size();
    state_.display_fps = double(shown_at_.size());
    state_.camera = orbit_.viewpoint().camera(screen_.size());
    picker_.follow(renderer_, state_.camera, settings_, state_.frame, state_.segments);
    state_.picked = picker_.picked();
    const OverlayActions actions = overlay_->build(state_, overlay_visible_);

    const Time before_acquire = now();
    const auto commands = screen_.begin();
    const double acquire_ms = milliseconds(now() - before_acquire);
    if (!commands) return;  // out of date: fit() makes it anew the next time round
    if (picture_dirty_) {
        collect_statistics();
        picture_size_ = wanted_size();
        renderer_.record(*commands, orbit_.viewpoint().camera(picture_size_), settings_);
        submitted_.push_back({++renderings_, state_.frame, decode_ms_, acquire_ms, picture_size_});
    }
    screen_.show(renderer_.target(), picture_size_, [&](VkCommandBuffer pass) { overlay_->draw(pass); });
    const bool last_shown = shown_ + 1 >= options_.shown_frames.value_or(kDefaultShown);
    if (options_.screenshot && last_shown) screen_.capture();
    const Time before_end = now();
    screen_.end();
    if (picture_dirty_) submitted_.back().present_ms += milliseconds(now() - before_end);
    if (std::exchange(picture_dirty_, false)) count_picture();
    capturing_ = options_.screenshot && last_shown && !picture_dirty_;
    if (save_picture_) save_picture();
    --settle_;
    for (const Command command : actions.commands) perform(command);
    if (actions.seek && actions.seek != dragged_to_) playback_.seek(*actions.seek, now());
    dragged_to_ = actions.seek;
}

/// A picture was handed to the screen.
void Viewer::count_picture() {
    const Time time = now();
    std::erase_if(shown_at_, [&](Time t) { return time - t > 1s; });
    shown_at_.push_back(time);
    if (shown_ == 0 || options_.screenshot) {
        screen_.wait();
        collect_statistics();
        if (shown_ == 0) statistics_.time_to_first_frame_ms = milliseconds(now() - start_);
    }
    if (!options_.screenshot || !picture_dirty_) ++shown_;
}

/// Reads the figures of the renderings that have finished.
void Viewer::collect_statistics() {
    for (const RenderStats& render : renderer_.take_finished()) {
        while (!submitted_.empty() && submitted_.front().number < render.number) submitted_.pop_front();
        if (submitted_.empty()) return;
        collect_statistics(submitted_.front(), render);
        submitted_.pop_front();
    }
}

void Viewer::collect_statistics(const Submitted& submitted, const RenderStats& render) {
    const double budget = std::min(kLongestBudget, 1000 / take_.info().fps.value());
    if (governed_ && !resting() && submitted.size == governor_.size_of(screen_.size()))
        governor_.rendered(render.render_ms, budget);
    FrameStatistics frame = frame_statistics(submitted.frame, submitted.decode_ms, render);
    frame.present_ms = submitted.present_ms;
    state_.history.push_back(frame);
    if (state_.history.size() > kGraphFrames) state_.history.erase(state_.history.begin());
    state_.gpu_bytes = device_.allocated_bytes;
    state_.nearest = render.nearest, state_.farthest = render.farthest;
    // The renderer may have had too little room for the picture; now that it knows, it makes more.
    if (render.tile_entries > most_entries_) {
        most_entries_ = render.tile_entries;
        picture_dirty_ = true;
    }
    const bool listed =
        std::exchange(listed_frame_, submitted.frame) == submitted.frame && interpolate_ && playing();
    if (options_.stats && !listed && statistics_.frames.size() < kMaxFrameStatistics)
        statistics_.frames.push_back(frame);
}

void Viewer::show_notice(std::string text) {
    state_.notice = std::move(text);
    notice_until_ = now() + kNoticeTime;
    settle_ = kSettleFrames;
}

/// Saves the picture without the panels, under the next free name in the working directory.
void Viewer::save_picture() {
    save_picture_ = false;
    std::string file;
    for (int number = 1; file.empty() || std::filesystem::exists(file); ++number)
        file = fmt::format("volumen_{:04}.png", number);
    try {
        write_image(file, without_alpha(renderer_.read_target()));
        show_notice("Saved " + file);
    } catch (const InputError& error) {
        show_notice(error.what());
    }
}

void Viewer::finish_screenshot() {
    if (!capturing_) return;
    write_image(*options_.screenshot, screen_.captured());
    window_.close();
}

}  // namespace

int run_viewer(const Take& take, const PlayOptions& options, std::chrono::steady_clock::time_point start) {
    return Viewer(take, options, start).run();
}

}  // namespace volumen
