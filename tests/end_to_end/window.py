"""The player's window under real keys, and with accidents: resized, hidden, its swapchain out of date, its surface lost.

Usage: xvfb-run -s -noreset window.py BIN_DIR LAYER_DIR (a server that resets between programs turns some away meanwhile). Needs
xdotool, ffmpeg; LAYER_DIR: of vulkan_accidents. Prints unittest's report.
"""
import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import time
import unittest

from programs import InFolder, run

LAYER = pathlib.Path(sys.argv.pop(2)).resolve()
BIN = pathlib.Path(sys.argv.pop(1)).resolve()
FRAMES, FPS = 60, 30
WIDTH, HEIGHT = 480, 360


def write_ball(file, x):
    """A splat file: a red ball, `x` metres to the right."""
    names = ("x", "y", "z", "f_dc_0", "f_dc_1", "f_dc_2", "opacity", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3")
    head = "ply\nformat binary_little_endian 1.0\nelement vertex 1\n" + "".join(f"property float {n}\n" for n in names) + "end_header\n"
    red, size = 0.4 / 0.28209479, math.log(0.15)
    file.write_bytes(head.encode() + struct.pack("<14f", x, 0, 0, red, -red, -red, 8, size, size, size, 1, 0, 0, 0))


def until(condition, what, seconds=20):
    """Waits for it; returns what it was."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"in {seconds} s it never came to this: {what}")
        time.sleep(0.03)


class Player:
    """volumen-play in its window. Validation layers and window drivers leak a little when they are unloaded: no leaks are looked for."""
    def __init__(self, folder, take, *options, fail=""):
        self.folder = folder
        self.presented_file = folder / "presented"
        self.presented_file.write_bytes(b"")
        environment = os.environ | {
            "VK_ADD_LAYER_PATH": str(LAYER), "VK_INSTANCE_LAYERS": "VK_LAYER_VOLUMEN_accidents", "VOLUMEN_VALIDATION": "1",
            "VOLUMEN_PRESENTED": str(self.presented_file), "VOLUMEN_FAIL": fail, "ASAN_OPTIONS": "detect_leaks=0"}
        self.errors_file = folder / "errors.txt"
        command = (BIN / "volumen-play", take, "--hwaccel", "none", "--size", f"{WIDTH}x{HEIGHT}", "--resolution", "full", "--stats",
                   "stats.json", *options)
        with open(self.errors_file, "wb") as errors:
            self.process = subprocess.Popen([str(c) for c in command], cwd=folder, env=environment, stderr=errors)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def open(self):
        """Waits for its window, and for pictures in it."""
        self.window = until(lambda: run("xdotool", "search", "--onlyvisible", "--name", "Volumen", status=None).stdout.strip(), "a window")
        self.do("windowfocus", "--sync", self.window)
        self.until_more(5)
        return self

    def do(self, *command):
        run("xdotool", *command)

    def presented(self):
        """Pictures so far."""
        return self.presented_file.stat().st_size

    def until_more(self, count):
        before = self.presented()
        until(lambda: self.presented() >= before + count or self.process.poll() is not None, f"{count} more pictures")

    def until_still(self):
        """Nothing is drawn for a while."""
        def still():
            before = self.presented()
            time.sleep(0.2)
            return before == self.presented()
        until(still, "no more pictures")

    def processor_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def picture(self, width=WIDTH, height=HEIGHT):
        """What the display shows of the window, RGB."""
        grab = subprocess.run(["ffmpeg", "-v", "error", "-framerate", "1000", "-f", "x11grab", "-draw_mouse", "0", "-video_size", f"{width}x{height}",
                               "-i", os.environ["DISPLAY"], "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], capture_output=True, timeout=60, check=True)
        assert len(grab.stdout) == 3 * width * height
        return grab.stdout

    def ball(self):
        """Its middle, in pixels from the left, at half the window's height."""
        picture, begin = self.picture(), 3 * WIDTH * (HEIGHT // 2)
        red = [x for x in range(WIDTH) if picture[begin + 3 * x] > picture[begin + 3 * x + 1] + 80]
        return sum(red) / len(red) if red else None

    def saved_size(self):
        """Of the picture that S saves."""
        before = set(self.folder.glob("volumen_*.png"))
        self.do("key", "s")
        file = until(lambda: set(self.folder.glob("volumen_*.png")) - before, "a saved picture").pop()
        return struct.unpack(">2I", until(lambda: file.read_bytes()[16:24], "its size"))

    def end(self, key):
        """Its statistics, after the key that ends it, which is all that was to be said."""
        self.do("key", key)
        status = self.process.wait(timeout=60)
        errors = self.errors_file.read_text()
        assert (status, errors) == (0, ""), (status, errors)
        return json.loads((self.folder / "stats.json").read_text())


class Window(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.take, frames = cls.folder / "take", cls.folder / "frames"
        frames.mkdir()
        for i in range(FRAMES):
            write_ball(frames / f"{i:04}.ply", 2 * i / (FRAMES - 1) - 1)
        run(BIN / "volumen-encode", "pack", frames, "-o", cls.take, "--fps", FPS)

    def play(self, *options, **accidents):
        return Player(self.folder, self.take, *options, **accidents)

    def test_keys(self):
        with self.play().open() as player:
            player.do("key", "space")
            player.until_still()
            presented, used, paused = player.presented(), player.processor_seconds(), player.ball()
            time.sleep(2)
            self.assertEqual(player.presented(), presented)
            self.assertLess(player.processor_seconds() - used, 0.05)
            self.assertEqual(player.ball(), paused)

            player.do("key", "Home")
            first = until(lambda: (b := player.ball()) < WIDTH / 3 and b, "the ball at the left")
            player.do("key", "Right", "Right", "Right")
            third = until(lambda: (b := player.ball()) > first and b, "the ball a little to the right")
            player.do("key", "End")
            last = until(lambda: (b := player.ball()) > 2 * WIDTH / 3 and b, "the ball at the right")
            self.assertLess(third, (first + last) / 2)

            for key in ("p", "o", "m", "v", "shift+v", "g", "g", "i", "j", "comma", "l", "h", "F1"):  # notices, or panels that go and come
                before = player.picture()
                player.do("key", key)
                until(lambda: player.picture() != before, f"another picture after {key}")
                player.until_still()
            self.assertEqual(player.saved_size(), (WIDTH, HEIGHT))

            player.do("key", "b", "space")
            player.until_more(12)
            stats = player.end("q")
        shown = [f["index"] for f in stats["frames"]]
        self.assertEqual(shown[:5], sorted(shown[:5]))
        self.assertEqual(shown[-5:], sorted(shown[-5:], reverse=True))
        self.assertLess(shown[-1], shown[-5])
        self.assertEqual(stats["size"], [WIDTH, HEIGHT])
        self.assertEqual(stats["lost"], [])
        for key in ("decode_ms", "reconstruct_ms", "sort_ms", "raster_ms", "render_ms"):
            self.assertGreater(stats["frames"][-1][key], 0, key)

    def test_resized(self):
        with self.play().open() as player:
            self.resize(player)
            player.end("Escape")

    def resize(self, player):
        width, height = 700, 500
        player.do("windowsize", player.window, str(width), str(height))
        def filled():
            picture = player.picture(width, height)
            return all(picture[3 * (y * width + x):][:3] == b"\xff\xff\xff" for x, y in ((2, 2), (width - 2, 2), (width - 2, height - 2)))
        until(filled, "the background up to the corners")
        self.assertEqual(player.saved_size(), (width, height))

    def test_hidden_it_rests(self):
        with self.play().open() as player:
            player.do("windowunmap", "--sync", player.window)
            player.until_still()
            presented, used = player.presented(), player.processor_seconds()
            time.sleep(1)
            self.assertEqual(player.presented(), presented)
            self.assertLess(player.processor_seconds() - used, 0.05)
            player.do("windowmap", "--sync", player.window)
            player.until_more(20)
            player.do("windowfocus", "--sync", player.window)
            player.end("q")

    def test_swapchain_accidents(self):
        for fail in ("acquire:out_of_date:3", "acquire:suboptimal:3", "acquire:surface_lost:7", "present:out_of_date:3", "present:suboptimal:3",
                     "present:surface_lost:7"):
            with self.subTest(fail), self.play(fail=fail).open() as player:
                self.resize(player)
                player.until_more(15)
                player.end("q")

    def test_what_cannot_be_mended_ends_it_in_one_line(self):
        for fail, told in (("acquire:surface_lost:1", "VK_ERROR_SURFACE_LOST_KHR"), ("present:device_lost:5", "VK_ERROR_DEVICE_LOST")):
            with self.subTest(fail), self.play(fail=fail) as player:
                self.assertEqual(player.process.wait(timeout=60), 1)
                errors = player.errors_file.read_text()
                self.assertEqual(len(errors.splitlines()), 1, errors)
                self.assertIn(told, errors)


if __name__ == "__main__":
    unittest.main(verbosity=2)
