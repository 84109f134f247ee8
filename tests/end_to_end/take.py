"""The whole path on a small take: render, encode, probe, play, evaluate, and what standard tools say of the stream.

Usage: take.py BIN_DIR [--sanitized]. Needs ffmpeg, ffprobe. Prints unittest's report.
"""
import functools
import http.server
import json
import os
import pathlib
import shutil
import sys
import threading
import unittest

from programs import InFolder, draw_capture, run

BIN = pathlib.Path(sys.argv.pop(1)).resolve()
SANITIZED = "--sanitized" in sys.argv
if SANITIZED:
    sys.argv.remove("--sanitized")
FRAMES, VIEWS, SIZE = 6, 6, 96


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Take(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.capture, cls.stream, cls.model = (cls.folder / n for n in ("capture", "stream", "model"))
        draw_capture(BIN, cls.capture, VIEWS, FRAMES, SIZE)
        encode = run(BIN / "volumen-encode", cls.capture, "-o", cls.stream, "--model", cls.model, "--preset", "draft", "--splats", 1500,
                     "--segment", 4, "--views-holdout", "2", "--json")
        cls.encoded = json.loads(encode.stdout)

    def test_result_says_what_was_done(self):
        self.assertEqual(self.encoded["train"]["frames"], FRAMES)
        self.assertLessEqual(self.encoded["train"]["splats"], 1500)
        self.assertEqual(self.encoded["pack"]["bytes"], sum(f.stat().st_size for f in self.stream.iterdir()))

    def test_nothing_temporary_is_left(self):
        self.assertEqual(sorted(p.name for p in self.folder.iterdir() if p.name.startswith((".", "stream", "model"))), ["model", "stream"])

    def test_probe(self):
        probe = json.loads(run(BIN / "volumen-probe", self.stream, "--json").stdout)
        self.assertEqual(probe["frames"], FRAMES)
        self.assertAlmostEqual(probe["duration"], FRAMES / probe["fps"], places=6)
        self.assertEqual(len(probe["segments"]), 2)
        self.assertEqual(sum(t["bytes"] for t in probe["rungs"][0]["tracks"]),
                         sum((self.stream / f).stat().st_size for f in ("atlas.mp4", "side.vol")))
        run(BIN / "volumen-probe", self.stream, "--verify")

    def test_damage_is_found(self):
        for name in ("atlas.mp4", "side.vol", "manifest.mpd"):
            damaged = self.folder / "damaged"
            shutil.copytree(self.stream, damaged)
            data = bytearray((damaged / name).read_bytes())
            data[len(data) * 2 // 3] ^= 0x55
            (damaged / name).write_bytes(data)
            result = run(BIN / "volumen-probe", damaged, "--verify", status=1)
            self.assertTrue(result.stdout or result.stderr, name)
            shutil.rmtree(damaged)

    def standard_tools_count(self, manifest):
        streams = json.loads(run("ffprobe", "-v", "error", "-show_streams", "-of", "json", manifest).stdout)["streams"]
        self.assertEqual([s["codec_type"] for s in streams], ["video"])
        count = run("ffmpeg", "-v", "error", "-i", manifest, "-map", "0:v:0", "-f", "null", "-progress", "-", "-")
        frames = [line for line in count.stdout.splitlines() if line.startswith("frame=")]
        self.assertEqual(frames[-1], f"frame={FRAMES}")
        self.assertEqual(count.stderr, "")

    def test_standard_tools_from_disk(self):
        self.standard_tools_count(self.stream / "manifest.mpd")

    def test_standard_tools_from_a_web_server(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=self.stream))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            self.standard_tools_count(f"http://127.0.0.1:{server.server_port}/manifest.mpd")
        finally:
            server.shutdown()
            server.server_close()

    def test_headless_play_shows_each_frame_once_in_order(self):
        out = self.folder / "played"
        out.mkdir()
        stats = self.folder / "stats.json"
        run(BIN / "volumen-play", self.stream, "--headless", "-o", out / "f_%04d.png", "--size", "96x96", "--stats", stats,
            "--hwaccel", "none", "--camera", f"{self.capture / 'transforms.json'}:2")
        played = json.loads(stats.read_text())
        self.assertEqual([f["index"] for f in played["frames"]], list(range(FRAMES)))
        self.assertEqual(played["dropped"], 0)
        self.assertEqual(sorted(p.name for p in out.iterdir()), [f"f_{i:04}.png" for i in range(FRAMES)])

    def test_evaluate(self):
        figures = self.folder / "figures.json"
        report = self.folder / "report.html"
        run(BIN / "volumen-encode", "evaluate", self.stream, self.capture, "--views", "2", "--json", figures, "--html", report)
        gpu = json.loads(figures.read_text())
        run(BIN / "volumen-encode", "evaluate", self.stream, self.capture, "--views", "2", "--json", figures, "--device", "cpu")
        cpu = json.loads(figures.read_text())
        self.assertEqual(gpu["frames"], FRAMES)
        self.assertGreater(gpu["psnr"], 20)
        self.assertAlmostEqual(gpu["psnr"], cpu["psnr"], delta=0.05)
        model = self.folder / "unpacked.json"
        run(BIN / "volumen-encode", "evaluate", self.model, self.capture, "--views", "2", "--json", model, "--device", "cpu")
        self.assertGreater(cpu["psnr"], json.loads(model.read_text())["psnr"] - 1)
        page = report.read_text()
        self.assertIn("<svg", page)
        self.assertNotIn("http://", page.replace("http://www.w3.org/", ""))

    def test_evaluate_against(self):
        coarse, figures, report = (self.folder / n for n in ("coarse", "compared.json", "compared.html"))
        run(BIN / "volumen-encode", "pack", self.model, "-o", coarse, "--quality", 30)
        evaluate = (BIN / "volumen-encode", "evaluate", self.stream, self.capture, "--views", "2", "--device", "cpu")
        run(*evaluate, "--against", coarse, self.model, "--json", figures, "--html", report)
        points = json.loads(figures.read_text())["rate_distortion"]
        self.assertEqual([p["stream"] for p in points], [str(p) for p in (self.stream, coarse, self.model)])
        self.assertEqual([p["codec"] for p in points], ["h264", "h264", None])
        self.assertEqual([p["quality"] for p in points], [75, 30, None])
        self.assertGreater(points[0]["bytes_per_frame"], points[1]["bytes_per_frame"])
        self.assertGreater(points[0]["psnr"], points[1]["psnr"])
        page = report.read_text()
        for text in ("Rate and distortion", "auto, H.264", "model, not packed", str(coarse)):
            self.assertIn(text, page)
        # Named one by one, and before the rest, too.
        run(*evaluate[:2], "--against", coarse, "--against", self.model, "--json", figures, *evaluate[2:])
        self.assertEqual(json.loads(figures.read_text())["rate_distortion"], points)
        self.assertIn("--json", run(*evaluate, "--against", coarse, status=2).stderr)
        short = self.folder / "short"
        run(BIN / "volumen-encode", "export", self.stream, "-o", short, "--frames", "0:2")
        self.assertIn("short: has 2 frames", run(*evaluate, "--against", short, "--json", figures, status=1).stderr)

    def test_codecs(self):
        for codec, name in (("hevc", "hevc"), ("av1", "av1")):
            stream = self.folder / codec
            run(BIN / "volumen-encode", "pack", self.model, "-o", stream, "--codec", codec, "--steps", "fixed")
            run(BIN / "volumen-probe", stream, "--verify")
            streams = json.loads(run("ffprobe", "-v", "error", "-show_streams", "-of", "json", stream / "manifest.mpd").stdout)["streams"]
            self.assertEqual(streams[0]["codec_name"], name)
            shutil.rmtree(stream)

    @unittest.skipIf(SANITIZED, "sanitizers see this trainer in test_train")
    def test_profile_v3(self):
        stream, model, figures = (self.folder / n for n in ("v3", "v3.model", "v3.json"))
        run(BIN / "volumen-encode", self.capture, "-o", stream, "--model", model, "--profile", "v3", "--preset", "draft",
            "--splats", 400, "--segment", 3, "--views-holdout", "2", "--steps", "fixed")
        probe = json.loads(run(BIN / "volumen-probe", stream, "--json").stdout)
        self.assertEqual(probe["rungs"][0]["profile"], "v3")
        self.assertEqual([s["frames"] for s in probe["segments"]], [3, 3])
        run(BIN / "volumen-encode", "evaluate", stream, self.capture, "--views", "2", "--json", figures, "--device", "cpu")
        self.assertGreater(json.loads(figures.read_text())["psnr"], 18)
        self.standard_tools_count(stream / "manifest.mpd")

    def test_exit_statuses(self):
        line = run(BIN / "volumen-encode", self.folder / "nowhere", "-o", self.folder / "out", status=1).stderr
        self.assertIn("nowhere", line)
        run(BIN / "volumen-encode", self.capture, status=2)
        run(BIN / "volumen-encode", self.capture, "-o", self.folder / "out", "--profile", "nonsense", status=2)
        run(BIN / "volumen-encode", self.capture, "-o", self.folder / "out", "--views-holdout", "99", status=2)
        run(BIN / "volumen-probe", self.folder / "nowhere", status=1)
        run(BIN / "volumen-play", self.folder / "nowhere", "--headless", status=1)
        run(BIN / "volumen-probe", "--nonsense", status=2)
        self.assertFalse(os.path.exists(self.folder / "out"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
