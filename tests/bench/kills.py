"""Ten kills at random moments of an encode, each followed by --resume: the same bytes as without them?

Usage: kills.py BIN_DIR CAPTURE WORK_FOLDER [--kills N] [--seed N] [-- OPTIONS OF volumen-encode]
"""
import argparse
import hashlib
import pathlib
import random
import subprocess
import sys
import time


def tree(folder):
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.iterdir()}


def main():
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options, sys.argv = sys.argv[at + 1:], sys.argv[:at]
    parser = argparse.ArgumentParser()
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("capture")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    dice = random.Random(arguments.seed)
    arguments.work.mkdir(parents=True, exist_ok=True)
    log = open(arguments.work / "log", "w")

    def start(name, *more):
        command = [arguments.bin / "volumen-encode", arguments.capture, "-o", arguments.work / name, *options, *more]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=log)

    begin = time.monotonic()
    if start("whole", "--restart").wait() != 0:
        sys.exit("the uninterrupted run failed; see the log")
    seconds = time.monotonic() - begin
    print(f"uninterrupted: {seconds:.0f} s", flush=True)
    part, kills = arguments.work / ".cut.model.part", 0
    # Each kill falls into the next tenth of the work, so that they spread over the whole of it.
    while kills < arguments.kills:
        process = start("cut", "--resume")
        share = seconds / (arguments.kills + 1)
        try:
            process.wait(dice.uniform(0.1, 1.9) * share)
            sys.exit(f"it ended before kill {kills + 1}, status {process.returncode}")
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        kills += 1
        frames = len(list(part.glob("frame_*.ply"))) if part.exists() else "no folder of"
        print(f"kill {kills}: {frames} frames there", flush=True)
    status = start("cut", "--resume").wait()
    same = all(tree(arguments.work / f"whole{kind}") == tree(arguments.work / f"cut{kind}") for kind in ("", ".model"))
    print(f"last run: status {status}; stream and model", "identical" if same else "DIFFERENT")
    sys.exit(0 if status == 0 and same else 1)


if __name__ == "__main__":
    main()
