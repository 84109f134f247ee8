"""Splat files, read and written by volumen-encode and by @playcanvas/splat-transform: both give the same clouds.

Usage: splat_transform.py BIN_DIR NPM_DIR [FILE…]. NPM_DIR: where npm has installed the package. With files (or a
SOG's folder), these are compared, and the largest differences printed; else a scene that the script makes, with
unittest's report. Ends with 77 where the package is not installed.
"""
import array
import math
import pathlib
import random
import shutil
import struct
import sys
import unittest

from programs import InFolder, run

BIN, NPM = pathlib.Path(sys.argv.pop(1)).resolve(), pathlib.Path(sys.argv.pop(1)).resolve()
TRANSFORM = NPM / "node_modules/@playcanvas/splat-transform/bin/cli.mjs"

# Half a turn about x, which lies between the axes of an .spz by its specification (right, up, back: ours) and as
# splat-transform takes them (those of a PLY): the SH basis functions that change their sign.
TURNED_SH = (1, 1, 0, 1, 0, 0, 1, 0, 1, 0, 1, 1, 0, 1, 0)
SH_CONSTANT = 0.28209479177387814


class Cloud:
    """Columns of a PLY by their names."""

    def __init__(self, file):
        data = file.read_bytes()
        end = data.index(b"end_header\n") + len(b"end_header\n")
        header = data[:end].decode().splitlines()
        self.count = next(int(line.split()[2]) for line in header if line.startswith("element vertex "))
        names = [line.split()[2] for line in header if line.startswith("property float ")]
        values = array.array("f", data[end:end + 4 * self.count * len(names)])
        self.columns = {name: values[i::len(names)] for i, name in enumerate(names)}

    def __getitem__(self, name):
        return self.columns[name]

    def rest(self):
        return sum(name.startswith("f_rest_") for name in self.columns)

    def turn(self):
        """Half a turn about x."""
        names = ["y", "z", "rot_2", "rot_3"]
        each = self.rest() // 3
        names += [f"f_rest_{c * each + k}" for c in range(3) for k in range(each) if TURNED_SH[k]]
        for name in names:
            self.columns[name] = array.array("f", (-v for v in self[name]))


def differences(a, b):
    """The largest of each kind: positions, over the scene's size; rotations as angles in degrees; alpha in [0, 1]."""
    if a.count != b.count or a.rest() != b.rest():
        raise AssertionError(f"{a.count} splats with {a.rest()} SH, not {b.count} with {b.rest()}")

    def largest(names, of=lambda v: v):
        return max((abs(of(v) - of(w)) for name in names for v, w in zip(a[name], b[name])), default=0)

    size = max(max(a[axis]) - min(a[axis]) for axis in "xyz") or 1
    cosine = 1
    for p, q in zip(zip(*(a[f"rot_{i}"] for i in range(4))), zip(*(b[f"rot_{i}"] for i in range(4)))):
        lengths = math.sqrt(sum(v * v for v in p) * sum(v * v for v in q))
        cosine = min(cosine, abs(sum(v * w for v, w in zip(p, q))) / lengths)
    return {"position": largest("xyz") / size,
            "rotation": math.degrees(2 * math.acos(min(1, cosine))),
            "scale": largest([f"scale_{i}" for i in range(3)]),
            "alpha": largest(["opacity"], lambda v: 1 / (1 + math.exp(-max(-80, min(80, v))))),
            "colour": largest([f"f_dc_{i}" for i in range(3)]),
            "detail": largest([f"f_rest_{i}" for i in range(a.rest())])}


def transform(source, target):
    run("node", TRANSFORM, "--quiet", "--overwrite", "--gpu", "cpu", "--sh-iterations", 1, *source, target)


def read_by_both(source, folder, turned):
    ours, theirs = folder / "ours.ply", folder / "theirs.ply"
    run(BIN / "volumen-encode", "export", source, "-o", ours)
    # Of a streamed SOG we read the finest level.
    is_streamed = source.is_dir() and not (source / "meta.json").exists()
    file = source / ("lod-meta.json" if is_streamed else "meta.json") if source.is_dir() else source
    transform([file, "--select-lod", "0"] if is_streamed else [file], theirs)
    clouds = Cloud(ours), Cloud(theirs)
    if turned:
        clouds[1].turn()
    return clouds


# Of values between -1 and 1 in floats, and of alpha 0 and 1, whose logits have to be finite.
EXACT = {"position": 1e-6, "rotation": 0.1, "scale": 2e-5, "alpha": 0.3 / 255, "colour": 1e-5, "detail": 1e-6}
# What an .spz rounds to: half steps.
SPZ = {"position": 0.6 / 4096, "rotation": 0.3, "scale": 0.51 / 16, "alpha": 0.51 / 255, "colour": 0.51 / 255 / 0.15,
       "detail": 0.51 / 128}


class SplatTransform(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scene = cls.folder / "scene.ply"
        cls.splats = cls.folder / "scene.splat"
        make_scene(cls.scene, cls.splats, splats=1200, seed=1)

    def assert_close(self, clouds, bounds):
        found = differences(*clouds)
        for kind, bound in bounds.items():
            self.assertLessEqual(found[kind], bound, f"{kind}: {found}")

    def assert_read_alike(self, source, turned=False):
        self.assert_close(read_by_both(source, self.folder, turned), EXACT)

    def test_ply_with_its_properties_in_another_order(self):
        self.assert_read_alike(self.scene)

    def test_splat(self):
        # Rotations are 128ths around 128; splat-transform takes 255ths of the whole range: half a step.
        self.assert_close(read_by_both(self.splats, self.folder, turned=False), EXACT | {"rotation": 1})

    def test_spz_of_splat_transform(self):
        for version in ("3", "4"):
            file = self.folder / f"theirs{version}.spz"
            transform([self.scene, "--spz-version", version], file)
            self.assert_read_alike(file, turned=True)

    def test_spz_of_ours(self):
        file = self.folder / "ours.spz"
        run(BIN / "volumen-encode", "export", self.scene, "-o", file)
        self.assert_read_alike(file, turned=True)
        self.assert_close((Cloud(self.folder / "ours.ply"), Cloud(self.scene)), SPZ)

    def test_sog_bundle_and_folder(self):
        (self.folder / "sog").mkdir()
        transform([self.scene], self.folder / "scene.sog")
        transform([self.scene], self.folder / "sog/meta.json")
        for source in ("scene.sog", "sog", "sog/meta.json"):
            self.assert_read_alike(self.folder / source)

    def test_ply_of_ours(self):
        ours = self.folder / "again.ply"
        run(BIN / "volumen-encode", "export", self.scene, "-o", ours)
        self.assert_read_alike(ours)
        self.assert_close((Cloud(ours), Cloud(self.scene)), {kind: 0 for kind in EXACT} | {"rotation": 0.1})


def make_scene(ply, splat, splats, seed):
    """A cloud of SH degree 3 as a PLY, and without its SH as a .splat."""
    rng = random.Random(seed)
    each = 15
    columns = {axis: [rng.uniform(-0.9, 0.9) for _ in range(splats)] for axis in "xyz"}
    columns |= {f"f_rest_{i}": [rng.uniform(-0.5, 0.5) for _ in range(splats)] for i in range(3 * each)}
    columns |= {f"rot_{i}": [rng.gauss(0, 1) for _ in range(splats)] for i in range(4)}
    columns |= {f"scale_{i}": [rng.uniform(-8, -2) for _ in range(splats)] for i in range(3)}
    columns |= {f"f_dc_{i}": [rng.uniform(-1.7, 1.7) for _ in range(splats)] for i in range(3)}
    columns["opacity"] = [rng.gauss(0, 2) for _ in range(splats)]
    names = list(columns)
    rng.shuffle(names)
    header = f"ply\nformat binary_little_endian 1.0\nelement vertex {splats}\n"
    header += "".join(f"property float {name}\n" for name in names) + "end_header\n"
    rows = array.array("f", (columns[name][i] for i in range(splats) for name in names))
    ply.write_bytes(header.encode() + rows.tobytes())

    def byte(value):
        return max(0, min(255, round(value)))

    out = bytearray()
    for i in range(splats):
        at = {name: values[i] for name, values in columns.items()}
        out += struct.pack("<6f", *(at[axis] for axis in "xyz"), *(math.exp(at[f"scale_{a}"]) for a in range(3)))
        out += bytes(byte((at[f"f_dc_{c}"] * SH_CONSTANT + 0.5) * 255) for c in range(3))
        out.append(byte(255 / (1 + math.exp(-at["opacity"]))))
        length = math.sqrt(sum(at[f"rot_{q}"] ** 2 for q in range(4)))
        out += bytes(byte(at[f"rot_{q}"] / length * 128 + 128) for q in range(4))
    splat.write_bytes(out)


def compare_files(files, folder):
    for file in map(pathlib.Path, files):
        clouds = read_by_both(file, folder, turned=file.suffix == ".spz")
        figures = ", ".join(f"{kind} {value:.2g}" for kind, value in differences(*clouds).items())
        print(f"{file.name}: {clouds[0].count} splats: {figures}", flush=True)


if __name__ == "__main__":
    if not TRANSFORM.exists() or not shutil.which("node"):
        print(f"{TRANSFORM} or node is missing; ./run test installs both")
        sys.exit(77)
    if len(sys.argv) > 1:
        InFolder.setUpClass()
        compare_files(sys.argv[1:], InFolder.folder)
        InFolder.doClassCleanups()
    else:
        unittest.main(verbosity=2)
