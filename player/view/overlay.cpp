#include "player/view/overlay.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>
#include <backends/imgui_impl_glfw.h>
#include <backends/imgui_impl_vulkan.h>
#include <fmt/format.h>
#include <imgui.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "formats/splats/quaternion.h"
#include "player/view/widgets.h"
#include "shaders/shared.h"

namespace volumen {
namespace {

constexpr float kFontPixels = 15;
constexpr float kMargin = 14;  // between the panels and the window's edge
/// Below this size of the window the figures would cover everything.
constexpr float kLeastWidth = 420, kLeastHeight = 440;
constexpr float kFiguresWidth = 250, kPickedWidth = 310;  // of the panels on the left and the right
constexpr float kTransportHeight = 118;                   // with its margin

/// Where systems keep a readable sans-serif; Dear ImGui's own bitmap font stands in.
constexpr const char* kFonts[] = {
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/dejavu-sans-fonts/DejaVuSans.ttf",
    "/usr/share/fonts/TTF/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/noto/NotoSans-Regular.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/System/Library/Fonts/Helvetica.ttc",
    "C:/Windows/Fonts/segoeui.ttf",
};

void load_font(float scale) {
    ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
    for (const char* file : kFonts) {
        std::error_code error;
        if (std::filesystem::exists(file, error) && atlas.AddFontFromFileTTF(file, kFontPixels * scale))
            return;
    }
    ImFontConfig config;
    config.SizePixels = 13 * std::max(1.0f, std::floor(scale));  // a bitmap font: whole multiples of its size
    atlas.AddFontDefault(&config);
}

constexpr ImGuiWindowFlags kPanel = ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize |
                                    ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                                    ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse |
                                    ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav;

/// What a picture's time is made of, from the bottom of the graph up.
struct Part {
    const char* label;
    double FrameStatistics::*ms;
    ImU32 colour;
    bool of_video;  ///< not of a still
};
constexpr Part kParts[] = {
    {"Decode", &FrameStatistics::decode_ms, IM_COL32(178, 137, 239, 255), true},
    {"Reconstruct", &FrameStatistics::reconstruct_ms, IM_COL32(239, 137, 184, 255), true},
    {"Project", &FrameStatistics::project_ms, IM_COL32(245, 194, 92, 255), false},
    {"Sort", &FrameStatistics::sort_ms, IM_COL32(94, 176, 255, 255), false},
    {"Rasterise", &FrameStatistics::raster_ms, IM_COL32(96, 206, 140, 255), false},
    {"Wait for the display", &FrameStatistics::present_ms, IM_COL32(255, 255, 255, 60), false}};

std::string milliseconds(double ms) {
    return ms > 0 ? fmt::format("{:.{}f} ms", ms, ms < 10 ? 2 : 1) : "\u2013";  // not measured
}

std::string thousands(std::uint32_t count) {
    return count < 1000 ? std::to_string(count)
                        : fmt::format("{} {:03}", thousands(count / 1000), count % 1000);
}

std::string speed_text(int thousandths) {
    return fmt::format("{:g}\u00d7", thousandths / 1000.0);
}

class Layout {
  public:
    Layout(const OverlayState& state, float scale) : state_(state), scale_(scale) {}

    void figures();
    void transport();
    void warnings();
    void legend();
    void picked();
    void help();
    void notice();
    OverlayActions actions;

  private:
    void button(widgets::Icon icon, const char* id, const char* tooltip, Command command, bool on = false) {
        if (widgets::icon_button(id, icon, tooltip, on)) actions.commands.push_back(command);
        ImGui::SameLine(0, 2 * scale_);
    }
    void buttons();
    float margin() const { return kMargin * scale_; }

    const OverlayState& state_;
    float scale_;
};

void Layout::figures() {
    const FrameStatistics last = state_.history.empty() ? FrameStatistics{} : state_.history.back();
    const bool video = state_.range.count() > 1;
    ImGui::SetNextWindowPos({margin(), margin()});
    ImGui::SetNextWindowSize({kFiguresWidth * scale_, 0});
    ImGui::Begin("figures", nullptr, kPanel | ImGuiWindowFlags_AlwaysAutoResize);
    ImGui::TextUnformatted(state_.title.c_str());
    ImGui::PushStyleColor(ImGuiCol_Text, widgets::kTextDim);
    ImGui::TextWrapped("%s", state_.gpu.c_str());
    ImGui::PopStyleColor();
    ImGui::Separator();
    widgets::figure(
        "Picture",
        (state_.rendered == state_.resolution
             ? fmt::format("{} \u00d7 {}", state_.resolution.width, state_.resolution.height)
             : fmt::format("{} \u00d7 {} of {} \u00d7 {}", state_.rendered.width, state_.rendered.height,
                           state_.resolution.width, state_.resolution.height))
            .c_str());
    if (video) {
        const std::string rate =
            state_.playing ? fmt::format("{:.0f} of {:.5g} fps", state_.display_fps, state_.fps.value())
                           : "paused";
        widgets::figure("Display", rate.c_str());
    }
    widgets::figure("Splats", thousands(last.splats).c_str());
    if (state_.stage_splats) widgets::figure("Stage", thousands(state_.stage_splats).c_str());
    widgets::figure("Visible", thousands(last.visible).c_str());
    if (video) {
        widgets::figure("Decoder", state_.decoder.empty() ? "\u2013" : state_.decoder.c_str());
        widgets::figure("Bit rate", fmt::format("{:.2f} Mbit/s", state_.mbit_per_s).c_str());
        widgets::figure("Dropped", fmt::format("{}", state_.dropped).c_str(),
                        state_.dropped ? widgets::kWarning : widgets::kText);
    }
    widgets::figure("GPU memory", fmt::format("{:.0f} MiB", double(state_.gpu_bytes) / (1 << 20)).c_str());
    ImGui::Separator();
    const double budget = 1000.0 / (video ? state_.fps.value() : 60.0);
    for (const Part& part : kParts)
        if (video || !part.of_video)
            widgets::coloured_figure(part.colour, part.label, milliseconds(last.*part.ms).c_str());
    widgets::figure("Render, all", milliseconds(last.render_ms).c_str());
    std::vector<widgets::Layer> layers;
    for (const Part& part : kParts) {
        if (!video && part.of_video) continue;
        widgets::Layer& layer = layers.emplace_back(widgets::Layer{part.colour, {}});
        for (const FrameStatistics& frame : state_.history) layer.values.push_back(float(frame.*part.ms));
    }
    widgets::stacked_graph(layers, float(budget), 54 * scale_);
    ImGui::End();
}

void Layout::buttons() {
    using widgets::Icon;
    button(Icon::to_start, "start", "First frame (Home)", Command::to_start);
    button(Icon::step_back, "back", "One frame back (Left)", Command::step_back);
    button(state_.playing ? Icon::pause : Icon::play, "play",
           state_.playing ? "Pause (Space)" : "Play (Space)", Command::toggle_play);
    button(Icon::step_forward, "on", "One frame on (Right)", Command::step_forward);
    button(Icon::to_end, "end", "Last frame (End)", Command::to_end);
    button(Icon::loop, "loop", state_.loop ? "Loop is on (L)" : "Loop is off (L)", Command::toggle_loop,
           state_.loop);
}

void Layout::transport() {
    const ImVec2 display = ImGui::GetIO().DisplaySize;
    ImGui::SetNextWindowPos({margin(), display.y - margin()}, ImGuiCond_Always, {0, 1});
    ImGui::SetNextWindowSize({display.x - 2 * margin(), 0});
    ImGui::Begin("transport", nullptr, kPanel | ImGuiWindowFlags_AlwaysAutoResize);
    actions.seek = widgets::timeline(state_);

    const float row = ImGui::GetCursorPosY(), line = ImGui::GetFontSize(), middle = row + 0.5f * line;
    buttons();
    // The speed and the switches stand at the right edge; the times get what is left between.
    const float speed_width = 4.2f * line, icons = 2 * (2 * line + 2 * scale_);
    const float right =
        ImGui::GetWindowWidth() - ImGui::GetStyle().WindowPadding.x - icons - speed_width - 8 * scale_;
    const double fps = state_.fps.value();
    const std::string time = widgets::clock_text((state_.frame - state_.range.begin) / fps);
    const std::string rest =
        fmt::format(" / {}     frame {} of {}", widgets::clock_text(state_.range.count() / fps), state_.frame,
                    state_.range.end);
    ImGui::SameLine(0, 12 * scale_);
    const float room = right - ImGui::GetCursorPosX() - line;
    const float time_width = ImGui::CalcTextSize(time.c_str()).x;
    if (time_width < room) {
        ImGui::SetCursorPosY(middle);
        ImGui::TextUnformatted(time.c_str());
    }
    if (time_width + ImGui::CalcTextSize(rest.c_str()).x < room) {
        ImGui::SameLine(0, 0);
        ImGui::SetCursorPosY(middle);
        ImGui::PushStyleColor(ImGuiCol_Text, widgets::kTextDim);
        ImGui::TextUnformatted(rest.c_str());
        ImGui::PopStyleColor();
    }
    ImGui::SameLine(right);
    ImGui::SetCursorPosY(row + line - 0.5f * ImGui::GetFrameHeight());
    if (ImGui::Button(speed_text(state_.speed).c_str(), {speed_width, 0})) ImGui::OpenPopup("speeds");
    if (ImGui::IsItemHovered()) ImGui::SetTooltip("Speed ( ,  .  / )");
    if (ImGui::BeginPopup("speeds")) {
        const struct {
            const char* label;
            Command command;
        } kChoices[] = {
            {"Faster", Command::faster}, {"Normal", Command::normal_speed}, {"Slower", Command::slower}};
        for (const auto& choice : kChoices)
            if (ImGui::Selectable(choice.label, false, ImGuiSelectableFlags_DontClosePopups))
                actions.commands.push_back(choice.command);
        ImGui::EndPopup();
    }
    ImGui::SameLine(0, 8 * scale_);
    ImGui::SetCursorPosY(row);
    button(widgets::Icon::help, "help", "Keys (F1)", Command::help, state_.show_help);
    button(widgets::Icon::fullscreen, "full", "Full screen (F)", Command::fullscreen);
    ImGui::End();
}

void Layout::warnings() {
    if (state_.lost.empty()) return;
    ImGui::SetNextWindowPos({ImGui::GetIO().DisplaySize.x - margin(), margin()}, ImGuiCond_Always, {1, 0});
    ImGui::SetNextWindowSize({320 * scale_, 0});
    ImGui::Begin("warnings", nullptr, kPanel | ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoInputs);
    int frames = 0;
    for (const LostFrames& lost : state_.lost) frames += lost.count;
    ImGui::PushStyleColor(ImGuiCol_Text, widgets::kWarning);
    ImGui::Text("%d damaged frames are skipped", frames);
    ImGui::PopStyleColor();
    ImGui::PushStyleColor(ImGuiCol_Text, widgets::kTextDim);
    ImGui::TextWrapped("%s", state_.lost.back().reason.c_str());
    ImGui::PopStyleColor();
    ImGui::End();
}

/// What the picture shows, where that is not the splats' colours.
void Layout::legend() {
    constexpr const char* kTitles[] = {"",
                                       "Depth of the splats",
                                       "Opacity of all splats",
                                       "Splats blended at a pixel",
                                       "Ellipses at a standard deviation",
                                       "Centres of the splats"};
    if (state_.picture == Picture::colour) return;
    const ImVec2 display = ImGui::GetIO().DisplaySize;
    ImGui::SetNextWindowPos({display.x - margin(), display.y - kTransportHeight * scale_}, ImGuiCond_Always,
                            {1, 1});
    ImGui::Begin("legend", nullptr, kPanel | ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoInputs);
    ImGui::TextUnformatted(kTitles[int(state_.picture)]);
    const float width = 13 * ImGui::GetFontSize();
    if (state_.picture == Picture::depth)
        widgets::heat_scale(fmt::format("{:.4g}", state_.farthest).c_str(),
                            fmt::format("{:.4g}", state_.nearest).c_str(), width);
    if (state_.picture == Picture::overdraw)
        widgets::heat_scale("1", fmt::format("{:g}", gpu::kMostOverdraw).c_str(), width);
    ImGui::End();
}

/// The splat that was asked about, outlined at two standard deviations in the picture.
void Layout::picked() {
    if (!state_.picked) return;
    const PickedSplat& picked = *state_.picked;
    const SplatCloud& splat = picked.cloud;
    const auto at = [&](int channel) { return splat.channel(channel)[0]; };
    const ImVec2 display = ImGui::GetIO().DisplaySize;
    const float to_display = display.x / float(state_.camera.width);
    widgets::outline(picked.ellipse, 2, to_display);

    ImGui::SetNextWindowPos({display.x - margin(), state_.lost.empty() ? margin() : 6 * margin()},
                            ImGuiCond_Always, {1, 0});
    ImGui::SetNextWindowSize({kPickedWidth * scale_, 0});
    ImGui::Begin("picked", nullptr, kPanel | ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoInputs);
    const auto figure = [](const char* label, const std::string& value) {
        widgets::figure(label, value.c_str());
    };
    figure("Splat", thousands(picked.splats.front()));
    if (state_.range.count() > 1) figure("Frame", fmt::format("{}", picked.frame));
    figure("Position", fmt::format("{:.4g}, {:.4g}, {:.4g}", at(0), at(1), at(2)));
    figure("Deviations",
           fmt::format("{:.3g}, {:.3g}, {:.3g}", std::exp(at(7)), std::exp(at(8)), std::exp(at(9))));
    figure("Rotation", fmt::format("{:.2f}, {:.2f}, {:.2f}, {:.2f}", at(3), at(4), at(5), at(6)));
    figure("Opacity", fmt::format("{:.3f}", picked.ellipse.opacity));
    constexpr float kShZero = 0.28209479f;
    const float colour[3] = {0.5f + kShZero * at(11), 0.5f + kShZero * at(12), 0.5f + kShZero * at(13)};
    widgets::coloured_figure(ImGui::ColorConvertFloat4ToU32({colour[0], colour[1], colour[2], 1}),
                             "Mean colour",
                             fmt::format("{:.3f}, {:.3f}, {:.3f}", colour[0], colour[1], colour[2]).c_str());
    figure("SH degree", fmt::format("{}", splat.sh_degree));
    ImGui::Separator();
    figure("Depth", fmt::format("{:.4g}", picked.hit.key));
    figure("Share of the pixel", fmt::format("{:.1f} %", 100 * picked.hit.share));
    figure("Splats of the pixel", fmt::format("{}", picked.layers));
    ImGui::Separator();
    for (std::size_t i = 1; i < picked.splats.size(); ++i)
        figure(i == 1 ? "Neighbours" : "",
               fmt::format("{} at {:.3g}", thousands(picked.splats[i]),
                           glm::distance(position(splat, 0), position(splat, i))));
    ImGui::End();
}

void Layout::help() {
    const ImVec2 display = ImGui::GetIO().DisplaySize;
    ImGui::SetNextWindowPos({0.5f * display.x, 0.5f * display.y}, ImGuiCond_Always, {0.5f, 0.5f});
    ImGui::SetNextWindowBgAlpha(0.94f);
    ImGui::SetNextWindowFocus();
    ImGui::Begin("keys", nullptr, kPanel | ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoInputs);
    if (ImGui::BeginTable("keys", 2, ImGuiTableFlags_SizingFixedFit)) {
        for (const KeyHelp& line : key_help()) {
            ImGui::TableNextRow();
            ImGui::TableNextColumn();
            ImGui::PushStyleColor(ImGuiCol_Text, widgets::kAccent);
            ImGui::TextUnformatted(line.keys);
            ImGui::PopStyleColor();
            ImGui::TableNextColumn();
            ImGui::TextUnformatted(line.action);
        }
        ImGui::EndTable();
    }
    ImGui::End();
}

void Layout::notice() {
    const ImVec2 display = ImGui::GetIO().DisplaySize;
    ImGui::SetNextWindowPos({0.5f * display.x, margin()}, ImGuiCond_Always, {0.5f, 0});
    ImGui::Begin("notice", nullptr, kPanel | ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoInputs);
    ImGui::TextUnformatted(state_.notice.c_str());
    ImGui::End();
}

}  // namespace

Overlay::Overlay(const Window& window, gpu::Device& device, const Screen& screen)
    : window_(window), device_(device), scale_(window.content_scale()) {
    IMGUI_CHECKVERSION();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;  // nothing is left behind in the working directory
    io.ConfigFlags |= ImGuiConfigFlags_NoMouseCursorChange;
    load_font(scale_);
    widgets::set_style(scale_);

    const VkDescriptorPoolSize size{VK_DESCRIPTOR_TYPE_COMBINED_IMAGE_SAMPLER, 1};  // the font
    VkDescriptorPoolCreateInfo pool{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
    pool.flags = VK_DESCRIPTOR_POOL_CREATE_FREE_DESCRIPTOR_SET_BIT;
    pool.maxSets = 1, pool.poolSizeCount = 1, pool.pPoolSizes = &size;
    gpu::check(vkCreateDescriptorPool(device.handle, &pool, nullptr, &descriptors_),
               "vkCreateDescriptorPool");

    ImGui_ImplGlfw_InitForVulkan(window.handle(), true);
    ImGui_ImplVulkan_InitInfo info{};
    info.Instance = device.instance;
    info.PhysicalDevice = device.physical;
    info.Device = device.handle;
    info.QueueFamily = device.queue_family;
    info.Queue = device.queue;
    info.DescriptorPool = descriptors_;
    info.MinImageCount = 2;
    info.ImageCount = std::max<std::uint32_t>(screen.image_count(), kFramesInFlight);
    info.MSAASamples = VK_SAMPLE_COUNT_1_BIT;
    info.CheckVkResultFn = [](VkResult result) { gpu::check(result, "the overlay"); };
    ImGui_ImplVulkan_Init(&info, screen.render_pass());
    device.run([](VkCommandBuffer commands) { ImGui_ImplVulkan_CreateFontsTexture(commands); });
    ImGui_ImplVulkan_DestroyFontUploadObjects();
}

Overlay::~Overlay() {
    vkDeviceWaitIdle(device_.handle);
    ImGui_ImplVulkan_Shutdown();
    ImGui_ImplGlfw_Shutdown();
    vkDestroyDescriptorPool(device_.handle, descriptors_, nullptr);
}

OverlayActions Overlay::build(const OverlayState& state, bool visible) {
    // On another monitor the fonts are stretched: rebuilding them is not worth a stutter.
    const float scale = window_.content_scale();
    ImGui::GetIO().FontGlobalScale = scale / scale_;
    ImGui_ImplVulkan_NewFrame();
    ImGui_ImplGlfw_NewFrame();
    ImGui::NewFrame();
    Layout layout(state, scale);
    const ImVec2 display = ImGui::GetIO().DisplaySize;
    if (state.skin && state.joint_view != JointView::off)
        draw_joints(state.joint_view, *state.skin, state.frame - state.skin->first_frame, state.camera,
                    display.x / float(state.camera.width));
    if (visible) {
        if (display.x >= kLeastWidth * scale && display.y >= kLeastHeight * scale) layout.figures();
        if (state.range.count() > 1) layout.transport();
        layout.warnings();
        layout.legend();
        layout.picked();
    }
    if (state.show_help) layout.help();
    if (!state.notice.empty()) layout.notice();
    ImGui::Render();
    return std::move(layout.actions);
}

void Overlay::draw(VkCommandBuffer commands) {
    ImGui_ImplVulkan_RenderDrawData(ImGui::GetDrawData(), commands);
}

}  // namespace volumen
