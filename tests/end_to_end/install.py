"""What `cmake --install` puts into a prefix: programs that need nothing of the source tree, manuals and completion that tell all
that --help tells.

Usage: install.py SOURCE_DIR BUILD_DIR RELEASE(0|1)
"""
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

from programs import InFolder, draw_capture, run

RELEASE = sys.argv.pop(3) == "1"
BUILD = pathlib.Path(sys.argv.pop(2)).resolve()
SOURCE = pathlib.Path(sys.argv.pop(1)).resolve()
PROGRAMS = ["volumen-encode", "volumen-play", "volumen-probe"]


class Install(InFolder):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.bin = cls.prefix / "bin"

    def helps(self, program):
        """The help of the program alone, and of each of its commands."""
        text = run(self.bin / program, "--help").stdout
        _, _, commands = text.partition("Subcommands:\n")
        commands = re.findall(r"^  (\w+) ", commands, re.MULTILINE)
        return {"": text} | {c: run(self.bin / program, c, "--help").stdout for c in commands}

    def options(self, program):
        """By command: all names of its options."""
        found = {command: set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", "\n".join(re.findall(r"^  (-\S+)", text, re.MULTILINE))))
                 for command, text in self.helps(program).items()}
        self.assertTrue(all(found.values()), found)
        return found

    def test_files(self):
        for program in PROGRAMS:
            for file in (f"bin/{program}", f"share/man/man1/{program}.1", f"share/bash-completion/completions/{program}",
                         f"share/zsh/site-functions/_{program}", f"share/fish/vendor_completions.d/{program}.fish"):
                self.assertGreater((self.prefix / file).stat().st_size, 0, file)
        documents = self.prefix / "share/doc/volumen"
        for name in ("README.md", "LICENSE", "formats/FORMAT.md", "assets/THIRD_PARTY.md"):
            self.assertTrue((documents / name).exists(), name)
        for link in re.findall(r"\]\(([^)#:]+)\)", (documents / "README.md").read_text()):
            self.assertTrue((documents / link).exists(), link)

    def test_version(self):
        for program in PROGRAMS:
            said = run(self.bin / program, "--version").stdout
            self.assertRegex(said, rf"^{program} \d+\.\d+\.\d+( \([-\w./+]+\))?\n$")

    def test_usage_errors_are_one_line(self):
        commands = [["train", "--nonsense"], ["--nonsense"], ["train"], ["train", "--splats", "many"], ["train", "a", "-o", "b", "--splats", "1"],
                    ["pack", "a"], ["evaluate", "a", "b", "c"], ["--manual", "html"]]
        for program, options in [("volumen-encode", c) for c in commands] + [(p, ["--nonsense"]) for p in PROGRAMS]:
            said = run(self.bin / program, *options, status=2).stderr
            self.assertEqual(len(said.splitlines()), 1, said)
            self.assertTrue(said.startswith(program + ": "), said)

    def test_programs_run_away_from_the_source(self):
        """A folder of its own, an empty environment; and no path of this build in the binaries."""
        run(self.bin / "volumen-probe", SOURCE / "tests/golden/v1", "--verify", cwd=self.folder, env={})
        capture = self.folder / "capture"
        draw_capture(BUILD / "bin", capture, 3, 2, 48)
        run(self.bin / "volumen-encode", "capture", "-o", "stream", "--preset", "draft", "--splats", "100", cwd=self.folder, env={})
        run(self.bin / "volumen-encode", "evaluate", "stream", "capture", "--device", "cpu", "--html", "report.html", cwd=self.folder, env={})
        self.assertIn("<svg", (self.folder / "report.html").read_text())
        if not RELEASE:
            return
        for program in PROGRAMS:
            bytes_of = (self.bin / program).read_bytes()
            for path in (SOURCE, BUILD):
                self.assertNotIn(str(path).encode(), bytes_of, program)

    def test_manual_tells_all_options(self):
        for program in PROGRAMS:
            page = self.prefix / f"share/man/man1/{program}.1"
            text = page.read_text().replace("\\-", "-")
            for command, names in self.options(program).items():
                part = text.partition(f".SS {program} {command}\n")[2].partition(".SS ")[0] if command else text.partition(".SH COMMANDS")[0]
                for name in names:
                    self.assertIn(f"\\fB{name}\\fR", part, f"{program} {command}")
                self.assertEqual(set(re.findall(r"\\fB(--?[\w-]+)\\fR", part)), names)
            if shutil.which("mandoc"):
                said = subprocess.run(["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True).stdout
                self.assertEqual([l for l in said.splitlines() if "missing date" not in l], [])

    def completed(self, program, *words):
        """What bash proposes for the last word."""
        script = (f'source {self.prefix}/share/bash-completion/completions/{program}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                  f'_{program.replace("-", "_")}; printf "%s\\n" "${{COMPREPLY[@]}}"')
        return run("bash", "-uc", script, "bash", program, *words, cwd=self.prefix).stdout.split()

    def test_bash_completes(self):
        for program in PROGRAMS:
            for command, names in self.options(program).items():
                self.assertEqual(set(self.completed(program, *([command] if command else []), "-")), names)
        self.assertEqual(self.completed("volumen-encode", "tr"), ["train"])
        self.assertIn("pack", self.completed("volumen-encode", ""))
        self.assertEqual(self.completed("volumen-encode", "train", "sh"), ["share"])
        self.assertEqual(self.completed("volumen-encode", "train", "--preset", "dr"), ["draft"])
        self.assertEqual(self.completed("volumen-encode", "train", "-o", "sh"), ["share"])
        self.assertEqual(self.completed("volumen-encode", "train", "--seed", ""), [])
        self.assertEqual(self.completed("volumen-play", "x", "--hwaccel", "vul"), ["vulkan"])

    def test_zsh_and_fish_take_theirs(self):
        for program in PROGRAMS:
            zsh, fish = self.prefix / f"share/zsh/site-functions/_{program}", self.prefix / f"share/fish/vendor_completions.d/{program}.fish"
            if shutil.which("zsh"):
                run("zsh", "-n", zsh)
            for text in (zsh.read_text(), fish.read_text()):
                for names in self.options(program).values():
                    for name in names:
                        self.assertIn(name.lstrip("-"), text)
            if not shutil.which("fish"):
                continue
            for command, names in self.options(program).items():
                line = f"{program} {command} --" if command else f"{program} --"
                said = run("fish", "--no-config", "-c", f"source {fish}; complete -C '{line}'", cwd=self.prefix).stdout
                proposed = {l.split("\t")[0] for l in said.splitlines()}
                self.assertEqual(proposed, {n for n in names if n.startswith("--")})


if __name__ == "__main__":
    unittest.main(verbosity=2)
