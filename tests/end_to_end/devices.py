"""Which Vulkan device plays a take, where there are two, and what one that lacks something does.

Usage: devices.py BIN_DIR LAYER_DIR. LAYER_DIR: of vulkan_accidents. Needs lavapipe, which is made two. Prints unittest's report.
"""
import json
import os
import pathlib
import sys
import unittest

from programs import InFolder, run

LAYER = pathlib.Path(sys.argv.pop(2)).resolve()
BIN = pathlib.Path(sys.argv.pop(1)).resolve()
TAKE = pathlib.Path(__file__).resolve().parent.parent / "golden" / "v1"


def lavapipe():
    """The driver's manifest."""
    for folder in ("/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"):
        for file in sorted(pathlib.Path(folder).glob("lvp_icd*.json")):
            return file
    return None


@unittest.skipUnless(lavapipe(), "no lavapipe")
class Devices(InFolder):
    """"One" comes first; both are the processor."""
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.drivers = [cls.folder / "one.json", cls.folder / "two.json"]
        for file in cls.drivers:
            file.write_text(lavapipe().read_text())

    def play(self, *options, hide="", hide_on="", status=0):
        """What the player says, and its statistics."""
        drivers = ":".join(str(d) for d in self.drivers)
        # Validation layers leak a little when they are unloaded.
        environment = os.environ | {
            "VK_DRIVER_FILES": drivers, "VK_ICD_FILENAMES": drivers, "VK_ADD_LAYER_PATH": str(LAYER),
            "VK_INSTANCE_LAYERS": "VK_LAYER_VOLUMEN_accidents", "VOLUMEN_DEVICE_NAMES": "One,Two", "VOLUMEN_HIDE": hide,
            "VOLUMEN_HIDE_ON": hide_on, "VOLUMEN_VALIDATION": "1", "ASAN_OPTIONS": "detect_leaks=0"}
        said = run(BIN / "volumen-play", TAKE, "--headless", "--hwaccel", "none", "--size", "64x64", "--frames", "0:2", "--stats", "-",
                   "-o", self.folder / "f_%d.png", *options, status=status, env=environment)
        return said.stderr, json.loads(said.stdout) if status == 0 else None

    def pictures(self):
        return [(self.folder / f"f_{i}.png").read_bytes() for i in range(2)]

    def test_one_is_chosen_by_index_or_name(self):
        for options, name in (((), "One"), (("--gpu", "0"), "One"), (("--gpu", "1"), "Two"), (("--gpu", "Two"), "Two"), (("--gpu", "w"), "Two")):
            errors, stats = self.play(*options)
            self.assertEqual((errors, stats["gpu"]), ("", name), options)

    def test_a_name_that_none_has(self):
        for name in ("nonsense", "2"):
            errors, _ = self.play("--gpu", name, status=1)
            self.assertEqual(errors, f'volumen-play: no Vulkan device is called {name}; there are: 0 "One", 1 "Two"\n')

    def test_what_lacks_something_is_passed_over(self):
        for hide, lacks in (("Vulkan_1_2", "Vulkan 1.2"), ("subgroupBroadcastDynamicId", "subgroupBroadcastDynamicId")):
            passed_over = f'volumen-play: GPU "One" is passed over: it lacks {lacks}; drawing with "Two"\n'
            errors, stats = self.play(hide=hide, hide_on="0")
            self.assertEqual((errors, stats["gpu"]), (passed_over, "Two"))
            self.assertEqual(self.play("--gpu", "1", hide=hide, hide_on="0")[0], "")
            self.assertEqual(self.play(hide=hide, hide_on="1")[0], "")
            refused = f'volumen-play: Vulkan device "One" lacks {lacks}; update its driver or choose another device: 0 "One", 1 "Two"\n'
            self.assertEqual(self.play("--gpu", "0", hide=hide, hide_on="0", status=1)[0], refused)
            self.assertEqual(self.play(hide=hide, status=1)[0], refused)

    def test_what_is_not_needed_changes_no_picture(self):
        self.play()
        whole = self.pictures()
        for hide in ("VK_EXT_subgroup_size_control", "hostQueryReset", "VK_KHR_swapchain"):
            errors, stats = self.play(hide=hide)
            self.assertEqual((errors, stats["gpu"]), ("", "One"))
            self.assertEqual(self.pictures(), whole)
            times = [f["render_ms"] for f in stats["frames"]] + [stats["render_ms"]["median"]]
            self.assertEqual([t is None for t in times], [hide == "hostQueryReset"] * 3)


if __name__ == "__main__":
    unittest.main(verbosity=2)
