// What the keys and buttons do.
#pragma once

#include <optional>
#include <span>

#include "player/view/window.h"

namespace volumen {

enum class Command {
    toggle_play,
    step_back,
    step_forward,
    segment_back,
    segment_forward,
    to_start,
    to_end,
    slower,
    faster,
    normal_speed,
    turn_back,
    toggle_loop,
    reset_view,
    next_order,
    toggle_antialias,
    other_picture,
    other_picture_back,
    toggle_interpolation,
    toggle_governor,
    show_joints,
    pick,
    fullscreen,
    toggle_overlay,
    screenshot,
    help,
    quit,
};

/// The letters that move the camera while the right button is held, in GLFW's codes.
struct FlyKeys {
    int forward, back, left, right, down, up;
};
extern const FlyKeys kFlyKeys;

/// The command of a key, if it has one. While flying, the fly keys have none.
std::optional<Command> command_of(const KeyPress& press, bool flying);

/// One line of the list of keys.
struct KeyHelp {
    const char* keys;
    const char* action;
};
std::span<const KeyHelp> key_help();

}  // namespace volumen
