"""Rate and distortion of a model: packed at several qualities with several codecs, in one report.

Usage: rate_distortion.py BIN_DIR MODEL CAPTURE WORK_FOLDER [--codecs h264,hevc,av1] [--qualities 30,45,60,70,80,90] [--views 3,9]
       [--beside MODEL…] [-- OPTIONS OF volumen-encode evaluate]

MODEL and those --beside it, of other profiles, show the same frames of the capture; they are drawn unpacked, too. Leaves the streams,
report.html and figures.json in WORK_FOLDER, and prints the points as JSON.
"""
import argparse
import json
import pathlib
import subprocess
import sys


def main():
    at = sys.argv.index("--") if "--" in sys.argv else len(sys.argv)
    options, sys.argv = sys.argv[at + 1:], sys.argv[:at]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bin", type=pathlib.Path)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("capture", type=pathlib.Path)
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--codecs", type=lambda text: text.split(","), default=["h264", "hevc", "av1"])
    parser.add_argument("--qualities", type=lambda text: [float(q) for q in text.split(",")], default=[30, 45, 60, 70, 80, 90])
    parser.add_argument("--views")
    parser.add_argument("--beside", type=pathlib.Path, nargs="+", default=[])
    arguments = parser.parse_args()
    encode = (arguments.bin / "volumen-encode").resolve()
    arguments.work.mkdir(parents=True, exist_ok=True)
    models = [arguments.model, *arguments.beside]
    log = open(arguments.work / "log", "w")

    def run(*command, **more):
        if subprocess.run([encode, *map(str, command)], stderr=log, **more).returncode != 0:
            sys.exit(f"{' '.join(map(str, command))} failed; see {log.name}")

    streams = []
    for number, model in enumerate(models):
        for codec in arguments.codecs:
            for quality in arguments.qualities:
                stream = arguments.work / f"{number}-{codec}-{quality:g}"
                print(f"packing {stream}", file=sys.stderr, flush=True)
                run("pack", model, "-o", stream, "--codec", codec, "--quality", quality, stdout=log)
                streams.append(stream)
    # All else in the report is of the first codec at a middle quality.
    shown = streams[len(arguments.qualities) // 2]
    views = ["--views", arguments.views] if arguments.views else []
    report, figures = arguments.work / "report.html", arguments.work / "figures.json"
    run("evaluate", shown, arguments.capture, *views, "--html", report, "--json", figures, *options,
        "--against", *streams, *models)
    print(json.dumps(json.loads(figures.read_text())["rate_distortion"], indent=1))
    print(f"the report is {report}", file=sys.stderr)


if __name__ == "__main__":
    main()
