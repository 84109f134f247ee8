#include "player/view/commands.h"

#define GLFW_INCLUDE_NONE
#include <GLFW/glfw3.h>

namespace volumen {
namespace {

struct Binding {
    int key;
    bool shift;
    Command command;
};

constexpr Binding kBindings[] = {
    {GLFW_KEY_SPACE, false, Command::toggle_play},
    {GLFW_KEY_LEFT, false, Command::step_back},
    {GLFW_KEY_RIGHT, false, Command::step_forward},
    {GLFW_KEY_LEFT, true, Command::segment_back},
    {GLFW_KEY_RIGHT, true, Command::segment_forward},
    {GLFW_KEY_HOME, false, Command::to_start},
    {GLFW_KEY_END, false, Command::to_end},
    {GLFW_KEY_COMMA, false, Command::slower},
    {GLFW_KEY_PERIOD, false, Command::faster},
    {GLFW_KEY_SLASH, false, Command::normal_speed},
    {GLFW_KEY_B, false, Command::turn_back},
    {GLFW_KEY_L, false, Command::toggle_loop},
    {GLFW_KEY_R, false, Command::reset_view},
    {GLFW_KEY_O, false, Command::next_order},
    {GLFW_KEY_M, false, Command::toggle_antialias},
    {GLFW_KEY_V, false, Command::other_picture},
    {GLFW_KEY_V, true, Command::other_picture_back},
    {GLFW_KEY_I, false, Command::toggle_interpolation},
    {GLFW_KEY_G, false, Command::toggle_governor},
    {GLFW_KEY_J, false, Command::show_joints},
    {GLFW_KEY_P, false, Command::pick},
    {GLFW_KEY_F, false, Command::fullscreen},
    {GLFW_KEY_F11, false, Command::fullscreen},
    {GLFW_KEY_H, false, Command::toggle_overlay},
    {GLFW_KEY_S, false, Command::screenshot},
    {GLFW_KEY_F1, false, Command::help},
    {GLFW_KEY_Q, false, Command::quit},
    {GLFW_KEY_ESCAPE, false, Command::quit},
};

constexpr KeyHelp kHelp[] = {
    {"Drag", "turn around the target"},
    {"Shift + drag, middle drag", "pan"},
    {"Wheel", "nearer, farther"},
    {"Right drag, with W A S D Q E", "look around and fly"},
    {"R", "back to the take's view"},
    {"Space", "play, pause"},
    {"Left, Right", "one frame back, on"},
    {"Shift + Left, Right", "one segment back, on"},
    {"Home, End", "first, last frame"},
    {",  .  /", "slower, faster, normal speed"},
    {"B", "backwards, forwards"},
    {"L", "loop"},
    {"O", "order of splats: by depth, by distance, by depth at each pixel"},
    {"M", "antialiasing"},
    {"V, Shift + V", "colours, depth, opacity, overdraw, outlines, points; back through these"},
    {"I", "pictures between the take's frames"},
    {"G", "fewer pixels where they keep the frame rate, all pixels always"},
    {"J", "joints and their paths, the splats they lead, neither"},
    {"P, Ctrl + click", "what the splat under the pointer is; of nothing: no more"},
    {"F, F11", "full screen"},
    {"H", "hide or show the panels"},
    {"S", "save the picture"},
    {"F1", "this list"},
    {"Q, Esc", "quit"},
};

}  // namespace

const FlyKeys kFlyKeys{GLFW_KEY_W, GLFW_KEY_S, GLFW_KEY_A, GLFW_KEY_D, GLFW_KEY_Q, GLFW_KEY_E};

std::optional<Command> command_of(const KeyPress& press, bool flying) {
    const FlyKeys& fly = kFlyKeys;
    if (flying) {
        for (const int key : {fly.forward, fly.back, fly.left, fly.right, fly.down, fly.up})
            if (press.key == key) return std::nullopt;
    }
    // Shift matters only where a key has a second meaning with it.
    std::optional<Command> without_shift;
    for (const Binding& binding : kBindings) {
        if (binding.key != press.key) continue;
        if (binding.shift == press.shift) return binding.command;
        if (!binding.shift) without_shift = binding.command;
    }
    return without_shift;
}

std::span<const KeyHelp> key_help() {
    return kHelp;
}

}  // namespace volumen
