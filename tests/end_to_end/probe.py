"""What volumen-probe says of the golden streams.

Usage: probe.py BIN_DIR. Prints unittest's report.
"""
import json
import pathlib
import sys
import unittest

from programs import run

BIN = pathlib.Path(sys.argv.pop(1)).resolve()
GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"


class Probe(unittest.TestCase):
    def tracks(self, name, videos=("atlas.mp4",)):
        rung = json.loads(run(BIN / "volumen-probe", GOLDEN / name, "--json").stdout)["rungs"][0]
        size = sum((GOLDEN / name / f).stat().st_size for f in (*videos, "side.vol"))
        self.assertEqual(sum(t["bytes"] for t in rung["tracks"]), size)
        return {t["id"]: t for t in rung["tracks"]}

    def test_an_atlas_has_two_tracks(self):
        tracks = self.tracks("v1")
        self.assertEqual([(t["id"], t["tool"]) for t in tracks.values()], [("atlas", "video"), ("side", "zstd")])
        self.assertTrue(tracks["atlas"]["codec"].startswith("avc1."))

    def test_every_video_is_a_track(self):
        tracks = self.tracks("v1_tracks", ("atlas.mp4", "atlas-1.mp4"))
        self.assertEqual([(t["id"], t["tool"]) for t in tracks.values()],
                         [("atlas", "video"), ("atlas-1", "video"), ("side", "zstd")])
        self.assertEqual(tracks["atlas-1"]["codec"], tracks["atlas"]["codec"])

    def test_standard_tools_decode_every_track_without_a_word(self):
        manifest = GOLDEN / "v1_tracks" / "manifest.mpd"
        for track in range(2):
            decoded = run("ffmpeg", "-v", "warning", "-nostdin", "-i", manifest, "-map", f"0:v:{track}", "-f", "null", "-progress", "-", "-")
            self.assertEqual(decoded.stderr, "")
            self.assertEqual([line for line in decoded.stdout.splitlines() if line.startswith("frame=")][-1], "frame=5")

    def test_joints_and_skin_part_by_part(self):
        tracks = self.tracks("v1_joints")
        self.assertEqual([(t["id"], t["tool"]) for t in tracks.values()],
                         [("lookups", "video"), ("joints", "rans"), ("skin", "rans"), ("means", "rans"), ("sh0", "codebook"),
                          ("sh1", "codebook"), ("side", "zstd")])
        self.assertTrue(tracks["lookups"]["codec"].startswith("avc1."))
        self.assertEqual(tracks["lookups"]["width"], 256)

    def test_the_table_names_each_track_with_its_bytes(self):
        for name in ("v1", "v1_joints"):
            lines = run(BIN / "volumen-probe", GOLDEN / name).stdout.splitlines()
            for track in self.tracks(name).values():
                self.assertTrue(any(line.split()[:2] == [track["id"], track["tool"]] and f" {track['bytes']} bytes" in line
                                    for line in lines), track)

    def test_golden_streams_are_whole(self):
        for name in ("v1", "v1_joints", "v1_tracks"):
            self.assertIn("whole", run(BIN / "volumen-probe", GOLDEN / name, "--verify").stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
