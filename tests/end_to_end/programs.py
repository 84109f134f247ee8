"""What the end-to-end tests share: running programs, a folder for what they write, a small capture."""
import pathlib
import shutil
import subprocess
import tempfile
import unittest


def run(*command, status=0, **options):
    """The process, ended. `status` is what it must end with; None: whatever it likes."""
    result = subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=600, **options)
    if status is not None and result.returncode != status:
        raise AssertionError(f"{command} ended with {result.returncode}, not {status}:\n{result.stdout}\n{result.stderr}")
    return result


def draw_capture(programs, folder, views, frames, size):
    """The demo's performer, `size` pixels wide and high; `programs`: the folder that volumen-demo-take is in."""
    run(programs / "volumen-demo-take", "-o", folder, "--views", views, "--frames", frames, "--size", size)


class InFolder(unittest.TestCase):
    """Tests with a folder of their own, gone at the end."""
    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="volumen-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
