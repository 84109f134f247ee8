"""Accidents to an encode: kills, interruptions, full disks. What is resumed ends in the same bytes.

Usage: resume.py BIN_DIR ACCIDENTS_LIBRARY [--every-call] [--profile NAME]. With an empty library name, only real signals are tried (a sanitizer
wants to be loaded first). --every-call kills at each call that changes a file, one after the other, instead of at a few.
"""
import hashlib
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest

from programs import InFolder, draw_capture

EVERY_CALL = "--every-call" in sys.argv
if EVERY_CALL:
    sys.argv.remove("--every-call")
PROFILE = "auto"
if "--profile" in sys.argv:
    PROFILE = sys.argv.pop(sys.argv.index("--profile") + 1)
    sys.argv.remove("--profile")
LIBRARY = sys.argv.pop(2)
BIN = pathlib.Path(sys.argv.pop(1)).resolve()
SEED = int(os.environ.get("VOLUMEN_TEST_SEED", random.randrange(1 << 30)))
KILLS, CALLS, DISKS = 8, 8, 6
OPTIONS = ["--preset", "draft", "--splats", "200", "--segment", "2", "--views-holdout", "1", "--profile", PROFILE, "--steps", "fixed"]


def tree(folder):
    """What stands in a folder: each file's length and checksum."""
    return {p.name: (p.stat().st_size, hashlib.sha256(p.read_bytes()).hexdigest()) for p in folder.iterdir()}


class Resume(InFolder):
    @classmethod
    def setUpClass(cls):
        print(f"VOLUMEN_TEST_SEED={SEED}", file=sys.stderr)
        cls.random = random.Random(SEED)
        super().setUpClass()
        cls.capture = cls.folder / "capture"
        draw_capture(BIN, cls.capture, 4, 4, 48)
        begin = time.monotonic()
        cls.count = cls.folder / "count"
        cls.encode("whole", VOLUMEN_COUNT=str(cls.count))
        cls.seconds = time.monotonic() - begin
        cls.stream, cls.model = tree(cls.folder / "whole"), tree(cls.folder / "whole.model")
        cls.encode("older", "--seed", "2")

    def setUp(self):
        """`out` is an older encode with another seed, to be replaced."""
        for name in ("out", "out.model"):
            shutil.copytree(self.folder / name.replace("out", "older"), self.folder / name)
        self.older = tree(self.folder / "out"), tree(self.folder / "out.model")

    def tearDown(self):
        for path in self.folder.iterdir():
            if path.name.startswith((".out", "out")):
                shutil.rmtree(path)

    def set_up_again(self):
        self.tearDown()
        self.setUp()

    @classmethod
    def run_encode(cls, name, *options, **accidents):
        command = [str(c) for c in (BIN / "volumen-encode", cls.capture, "-o", cls.folder / name, *OPTIONS, *options)]
        accidents = {key: str(value) for key, value in accidents.items()}
        if LIBRARY and accidents:
            accidents["LD_PRELOAD"] = LIBRARY
        return subprocess.run(command, env=os.environ | accidents, capture_output=True, text=True, timeout=600)

    @classmethod
    def encode(cls, name, *options, **accidents):
        result = cls.run_encode(name, *options, **accidents)
        if result.returncode != 0:
            raise AssertionError(f"{options} ended with {result.returncode}:\n{result.stderr}")

    def check_nothing_is_broken(self):
        """What stands under the final names is whole: the older one or the new one."""
        self.assertIn(tree(self.folder / "out"), (self.older[0], self.stream))
        model = tree(self.folder / "out.model")
        model.pop("checkpoint", None)  # removed as the last step
        self.assertIn(model, (self.older[1], self.model))

    def check_resumes(self):
        """--resume goes on, or, with not one frame kept, does not take the older model for this run's."""
        begun = (self.folder / ".out.model.part" / "checkpoint").exists() or tree(self.folder / "out.model") != self.older[1]
        result = self.run_encode("out", "--resume")
        if not begun:
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn("seed: 2 then, 1 now", self.line(result))
            result = self.run_encode("out")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(tree(self.folder / "out"), self.stream)
        self.assertEqual(tree(self.folder / "out.model"), self.model)
        self.assertEqual([p.name for p in self.folder.iterdir() if p.name.startswith(".")], [])

    def line(self, result):
        """What is said besides progress, warnings and steps that were found: one line."""
        lines = [line for line in result.stderr.splitlines()
                 if line.startswith("volumen-encode: ")
                 and not line.startswith(("volumen-encode: warning: ", "volumen-encode: steps: "))]
        self.assertEqual(len(lines), 1, result.stderr)
        return lines[0]

    def wait_for_frame(self, process):
        """Until the first frame is kept: the second one's progress is told after that."""
        said = ""
        while "frame 2 of 4" not in said:
            said = process.stderr.readline()
            self.assertTrue(said, "it ended before")

    def test_the_same_command_gives_the_same_bytes(self):
        self.encode("out")
        self.assertEqual(tree(self.folder / "out"), self.stream)
        self.assertEqual(tree(self.folder / "out.model"), self.model)

    def test_kills_at_random_moments_of_one_encode(self):
        shutil.rmtree(self.folder / "out.model")
        for kill in range(KILLS):
            command = [BIN / "volumen-encode", self.capture, "-o", self.folder / "out", *OPTIONS, "--resume"]
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(self.random.uniform(0, self.seconds * 0.6))
            process.kill()
            process.wait()
            self.assertIn(tree(self.folder / "out"), (self.older[0], self.stream))
        self.encode("out", "--resume")
        self.assertEqual(tree(self.folder / "out"), self.stream)
        self.assertEqual(tree(self.folder / "out.model"), self.model)
        self.assertEqual([p.name for p in self.folder.iterdir() if p.name.startswith(".")], [])

    @unittest.skipUnless(LIBRARY, "needs the library of accidents")
    def test_kills_at_calls_that_change_files(self):
        calls = int(self.count.read_text().split()[0])
        self.assertGreater(calls, 50)
        # Replacing what stands takes some more calls; the last of them are the most delicate.
        places = range(1, calls + 20) if EVERY_CALL else self.random.sample(range(1, calls + 10), CALLS)
        for place in places:
            with self.subTest(place=place):
                self.set_up_again()
                killed = self.run_encode("out", VOLUMEN_KILL_AT=place)
                self.check_nothing_is_broken()
                if killed.returncode != 0:
                    self.assertEqual(killed.returncode, -signal.SIGKILL)
                    self.check_resumes()

    @unittest.skipUnless(LIBRARY, "needs the library of accidents")
    def test_full_disk(self):
        size = int(self.count.read_text().split()[1])
        for room in [0, size - 1] + [self.random.randrange(size) for _ in range(DISKS)]:
            with self.subTest(room=room, of=size):
                self.set_up_again()
                result = self.run_encode("out", VOLUMEN_DISK_BYTES=room)
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertIn("No space left on device", self.line(result))
                self.check_nothing_is_broken()
                self.check_resumes()

    def test_interruption(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number):
                self.set_up_again()
                process = subprocess.Popen([BIN / "volumen-encode", self.capture, "-o", self.folder / "out", *OPTIONS],
                                           stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
                self.wait_for_frame(process)
                process.send_signal(number)
                said = process.communicate(timeout=60)[1]
                self.assertEqual(process.returncode, 128 + number, said)
                self.assertIn("--resume", said.splitlines()[-1])
                self.check_nothing_is_broken()
                self.check_resumes()

    def test_unfinished_work_is_not_lost_silently(self):
        process = subprocess.Popen([BIN / "volumen-encode", self.capture, "-o", self.folder / "out", *OPTIONS],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.wait_for_frame(process)
        process.kill()
        process.communicate()
        part = self.folder / ".out.model.part"
        kept = tree(part)
        self.assertIn("checkpoint", kept)
        for options, words in (((), "--restart"), (("--resume", "--seed", "7"), "seed: 1 then, 7 now"),
                               (("--resume", "--frames", "0:3"), "frames: 0:4 then, 0:3 now"), (("--resume", "--restart"), "--resume")):
            result = self.run_encode("out", *options)
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(words, self.line(result))
            self.assertEqual(tree(part), kept)
        (part / "checkpoint").write_bytes((part / "checkpoint").read_bytes()[:-1])
        result = self.run_encode("out", "--resume")
        self.assertEqual(result.returncode, 1, result.stderr)
        self.assertIn("damaged", self.line(result))
        self.encode("out", "--restart")
        self.assertEqual(tree(self.folder / "out"), self.stream)

    def test_a_finished_model_is_packed_again(self):
        shutil.rmtree(self.folder / "out.model")
        shutil.copytree(self.folder / "whole.model", self.folder / "out.model")
        times = {p.name: p.stat().st_mtime_ns for p in (self.folder / "out.model").iterdir()}
        self.encode("out", "--resume")
        self.assertEqual(tree(self.folder / "out"), self.stream)
        self.assertEqual({p.name: p.stat().st_mtime_ns for p in (self.folder / "out.model").iterdir()}, times)

    def test_wrong_outputs_are_told_before_training(self):
        (self.folder / "out" / "manifest.mpd").unlink()  # a folder of the user's
        for output, status in ((self.folder / "out", 2), (self.capture / "transforms.json" / "out", 1), (self.folder / ("x" * 300), 1)):
            command = [BIN / "volumen-encode", self.capture, "-o", output, *OPTIONS]
            result = subprocess.run(command, capture_output=True, text=True, timeout=60)
            self.assertEqual(result.returncode, status, result.stderr)
            self.assertIn(str(output), self.line(result))
            self.assertEqual(len(result.stderr.splitlines()), 1)
        result = self.run_encode("new", "--codec", "theora")
        self.assertEqual((result.returncode, len(result.stderr.splitlines())), (2, 1), result.stderr)
        self.assertFalse((self.folder / "new.model").exists())

    def test_full_standard_output(self):
        with open("/dev/full", "w") as full:
            for command in ([BIN / "volumen-probe", self.folder / "whole", "--json"], [BIN / "volumen-encode", "--help"]):
                result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
                self.assertEqual(result.returncode, 1, result.stderr)
                self.assertIn("No space left on device", result.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
