"""Captures that are at fault: one line that names file and view, exit status 1, nothing under the final name.

Usage: bad_captures.py BIN_DIR. Needs ffmpeg. Prints unittest's report.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

from programs import InFolder, draw_capture, run

BIN = pathlib.Path(sys.argv.pop(1)).resolve()
VIEWS, FRAMES, SIZE = 5, 3, 48


def encode(*arguments):
    return run(BIN / "volumen-encode", *arguments, status=None)


class BadCaptures(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.good = cls.folder / "good"
        draw_capture(BIN, cls.good, VIEWS, FRAMES, SIZE)

    def setUp(self):
        self.capture = self.folder / "capture"
        shutil.copytree(self.good, self.capture)
        self.addCleanup(shutil.rmtree, self.capture)
        self.out = pathlib.Path(tempfile.mkdtemp(dir=self.folder)) / "model"
        self.rig = json.loads((self.capture / "transforms.json").read_text())
        first = self.rig["frames"][0]["file_path"]
        self.assertEqual(first, "image/0/0.png")

    def image(self, frame, view):
        return self.capture / "image" / str(frame) / f"{view}.png"

    def refused(self, *expected, options=(), status=1):
        """Encoding ends with one line that holds all of `expected`."""
        result = encode("train", self.capture, "-o", self.out, *options)
        self.assertEqual(result.returncode, status, result.stderr)
        errors = [line for line in result.stderr.splitlines()
                  if line.startswith("volumen-encode: ") and not line.startswith("volumen-encode: warning: ")]
        self.assertEqual(len(errors), 1, result.stderr)
        self.assertTrue(result.stderr.endswith(errors[0] + "\n"), result.stderr)
        for text in expected:
            self.assertIn(text, errors[0])
        self.assertFalse(os.path.exists(self.out))
        self.assertEqual(result.stdout, "")

    def refused_with(self, change, *expected):
        change(self.rig, self.rig["frames"][2])
        (self.capture / "transforms.json").write_text(json.dumps(self.rig))
        self.refused(*expected)

    def test_missing_image(self):
        self.image(1, 2).unlink()
        self.refused("image/1/2.png", "no such file", options=["--strict"])

    def test_strict_end_before_a_frame_is_whole_leaves_nothing(self):
        self.image(1, 2).unlink()
        draft = ["--preset", "draft", "--splats", 300]
        self.refused("image/1/2.png", options=["--strict", "--frames", "1:3", *draft])
        self.assertEqual(os.listdir(self.out.parent), [])
        for options in ["--strict", "--frames", "1:3"], ["--frames", "1:3"]:  # neither asks for --resume
            result = encode("train", self.capture, "-o", self.out, *draft, *options)
            self.assertEqual(result.returncode, 1 if "--strict" in options else 0, result.stderr)
            self.assertNotIn("--resume", result.stderr)
        self.assertEqual(os.listdir(self.out.parent), ["model"])

    def test_strict_end_behind_a_whole_frame_goes_on_without_strict(self):
        self.image(1, 2).unlink()
        draft = ["--preset", "draft", "--splats", 300]
        self.refused("image/1/2.png", "1 of 3 frames are kept", options=["--strict", *draft])
        self.refused("an unfinished run stands in", "--resume", "--restart", options=draft, status=2)
        result = encode("train", self.capture, "-o", self.out, *draft, "--resume", "--json")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(json.loads(result.stdout)["train"]["resumed_frames"], 1)
        self.assertEqual(os.listdir(self.out.parent), ["model"])

    def test_unreadable_image(self):
        self.image(0, 2).write_bytes(b"not an image at all")
        self.refused("image/0/2.png", "not an image", options=["--strict"])

    def test_truncated_image(self):
        data = self.image(0, 2).read_bytes()
        self.image(0, 2).write_bytes(data[:len(data) // 2])
        self.refused("image/0/2.png", options=["--strict"])

    def test_frame_without_images(self):
        for view in range(VIEWS):
            self.image(0, view).write_bytes(b"")
        self.refused("frame 0: no view has an image", "image/0/0.png")

    def test_view_without_images(self):
        for frame in range(FRAMES):
            self.image(frame, 2).unlink()
        self.refused("image/0/2.png", "no such file")

    def test_one_bad_image_is_a_warning_and_is_never_skipped_by_evaluate(self):
        self.image(1, 2).write_bytes(b"damaged")
        model = self.out
        result = encode("train", self.capture, "-o", model, "--preset", "draft", "--splats", 300, "--frames", "0:2")
        self.assertEqual(result.returncode, 0, result.stderr)
        warnings = [line for line in result.stderr.splitlines() if "left out" in line]
        self.assertEqual(len(warnings), 1, result.stderr)
        self.assertIn("warning: frame 1, view 2 is left out", warnings[0])
        self.assertIn("image/1/2.png", warnings[0])
        result = encode("evaluate", model, self.capture, "--device", "cpu", "--views", "1,2")
        self.assertEqual(result.returncode, 1)
        self.assertIn("view 2 (2.png)", result.stderr)
        self.assertIn("image/1/2.png", result.stderr)
        self.assertEqual(encode("evaluate", model, self.capture, "--device", "cpu", "--views", "1,3").returncode, 0)

    def test_size_that_is_not_the_cameras(self):
        self.refused_with(lambda rig, view: view.update(w=300, h=200), "frames[2] (2.png)", f"{SIZE} x {SIZE}", "300 x 200")

    def test_mirrored_pose(self):
        def mirror(_, view):
            for row in view["transform_matrix"][:3]:
                row[0] = -row[0]
        self.refused_with(mirror, "frames[2] (2.png)", "mirrors", "determinant is negative")

    def test_pose_that_is_no_rotation(self):
        def shear(_, view):
            view["transform_matrix"][0][0] += 0.5
        self.refused_with(shear, "frames[2] (2.png)", "not a rotation")

    def test_pose_that_is_no_number(self):
        def put(value):
            def change(_, view):
                view["transform_matrix"][1][3] = value
            return change
        self.refused_with(put(float("nan")), "transforms.json", "not JSON")
        self.refused_with(put(float("inf")), "transforms.json", "not JSON")
        self.refused_with(put(None), "frames[2] (2.png)", "4 rows of 4 numbers")
        self.refused_with(put(1e200), "frames[2] (2.png)", "beyond")

    def test_two_views_with_one_file(self):
        self.refused_with(lambda rig, view: view.update(file_path="image/0/1.png"), "frames[2] (1.png)")

    def test_two_colmap_images_with_one_name(self):
        shutil.rmtree(self.capture)
        (self.capture / "sparse/0").mkdir(parents=True)
        (self.capture / "sparse/0/cameras.txt").write_text("1 SIMPLE_PINHOLE 48 48 60 24 24\n")
        (self.capture / "sparse/0/images.txt").write_text("1 1 0 0 0 0 0 3 1 a.png\n\n2 0 0 1 0 0 0 3 1 a.png\n\n")
        self.refused("image 2 (a.png)", "image 1 (a.png)", "two names")
        (self.capture / "sparse/0/images.txt").write_text("1 1 0 0 0 nan 0 3 1 a.png\n\n")
        self.refused("image 1 (a.png)", "nan")
        (self.capture / "sparse/0/cameras.txt").write_text("1 FOV 48 48 60 60 24 24 1\n")
        self.refused("cameras.txt", "FOV", "undistort")

    def test_json_of_wrong_types(self):
        self.refused_with(lambda rig, view: view.update(fl_x="wide"), "frames[2] (2.png)", "fl_x is not a number")
        self.refused_with(lambda rig, view: view.update(fl_x=60, file_path=[1]), "frames[2]", "file_path is not a string")
        self.refused_with(lambda rig, view: rig.update(frames={"a": 1}), "transforms.json", "no list \"frames\"")

    def test_json_that_is_deep_or_huge(self):
        (self.capture / "transforms.json").write_text("[" * 1_000_000 + "]" * 1_000_000)
        self.refused("transforms.json", "nested deeper")
        with open(self.capture / "transforms.json", "w") as file:
            file.write('{"frames": [0')
            file.truncate(2_000_000_000)  # as long as a billion elements
        self.refused("transforms.json", "at most")

    def test_path_that_leaves_the_folder(self):
        for path in ("../good/image/0/2.png", "/etc/passwd", str(self.good / "image/0/2.png")):
            self.refused_with(lambda rig, view, path=path: view.update(file_path=path), "frames[2] (", path, "leaves")

    def test_lens_that_is_not_read(self):
        self.refused_with(lambda rig, view: view.update(camera_model="EQUIRECTANGULAR"), "frames[2] (2.png)", "EQUIRECTANGULAR")

    def test_shorter_video(self):
        for view, frames in enumerate((6, 6, 4)):
            subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", f"testsrc=size={SIZE}x{SIZE}:rate=10", "-frames:v",
                            str(frames), "-pix_fmt", "yuv420p", self.capture / f"cam{view}.mp4"], check=True)
        self.rig["frames"] = self.rig["frames"][:3]
        for view, entry in enumerate(self.rig["frames"]):
            entry["file_path"] = f"cam{view}.mp4"
        self.rig["frame_count"] = 6
        (self.capture / "transforms.json").write_text(json.dumps(self.rig))
        self.refused("frames[2] (cam2.mp4)", "has 4 frames", options=["--strict"])
        self.rig["frame_count"] = 7
        (self.capture / "transforms.json").write_text(json.dumps(self.rig))
        self.refused("frame_count is 7", "6 frames")

    def test_nothing_there(self):
        shutil.rmtree(self.capture)
        self.refused("capture", "no such file")
        self.capture.mkdir()
        self.refused("transforms.json", "COLMAP", "poses_bounds.npy")

    def test_unknown_flag(self):
        result = encode("train", self.capture, "-o", self.out, "--unknown")
        self.assertEqual(result.returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
