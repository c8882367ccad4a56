#!/usr/bin/env python3
"""Counts the instructions of commands, and fails if one takes twice as many as `instructions.txt` says.

  cargo build --release && python3 tests/bench/instructions.py [--update]

Instructions, because seconds differ from machine to machine and from minute to minute. Callgrind counts those of
one worker. Valgrind hides AVX-512 and the instructions for SHA-256 from the program, so the kernels are those for
AVX2. The records of commands with nothing to train are made up. The figure of training is what more epochs add to a
build, so that its start and its page do not hide a slower epoch.

It also fails if a command takes half as many: the file is old, and `--update` writes it.

A script, because the crates for this (gungraun, before iai-callgrind) need a runner of their own version, which CI
would have to compile.
"""
import argparse, os, re, subprocess, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import recorded

FIGURES = Path(__file__).with_suffix(".txt")
# The counts of two calls differ by a thousandth, and a command that does its work twice starts only once.
DOUBLED = 1.9
SMALL = {"train_pairs = 1000": "train_pairs = 200", "test_pairs = 1000": "test_pairs = 200",
         "validation_pairs = 200": "validation_pairs = 40"}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--update", action="store_true", help="write instructions.txt")
parser.add_argument("--report", default=recorded.ROOT / "target/release/report", type=Path)
args = parser.parse_args()
report = args.report.resolve()


def instructions(project, *words, status=0):
    """How many instructions a command takes. It must end with this status."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", report, *words, "--device", "cpu"]
    done = subprocess.run(command, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          env=os.environ | {"RAYON_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"})
    assert done.returncode == status, f"{words} ends with {done.returncode}:\n{done.stderr}"
    return int(re.search(r"Collected : (\d+)", done.stderr)[1])


def nothing_to_train(make, *words):
    """The count of a command in a project that was built before."""
    with tempfile.TemporaryDirectory() as project:
        make(Path(project))
        subprocess.run([report, "build"], cwd=project, check=True, capture_output=True)
        return instructions(project, *words)


def epochs(model, more):
    """The count of so many epochs of a run with a fifth of the paper's pairs."""
    counts = []
    for n in (1, 1 + more):
        with tempfile.TemporaryDirectory() as project:
            recorded.copy(Path(project))
            (Path(project) / "experiments/paper.toml").write_text('title = "No figures, which take long"\n')
            (Path(project) / "templates/paper.md.jinja").write_text("# {{ title }}\n")
            protocol = Path(project) / "experiments/base/protocol.toml"
            text = protocol.read_text()
            for old, new in {**SMALL, "epochs = 30": f"epochs = {n}"}.items():
                assert old in text, old
                text = text.replace(old, new)
            protocol.write_text(text)
            # 4 says that the runs of other conditions are missing.
            counts.append(instructions(project, "build", model, "weight_sharing=true", "auxiliary_loss=true", "seed=0",
                                       "--jobs", "1", status=4))
    return counts[1] - counts[0]


paper = lambda project: recorded.paper(project, report)
many = lambda project: recorded.many(project, 2000, report)
commands = {
    "training: deep, 1 epoch": (epochs, "deep", 1),
    "training: fully-connected, 10 epochs": (epochs, "fully-connected", 10),
    "build: the paper": (nothing_to_train, paper, "build", "--jobs", "1"),
    "build: 2000 runs": (nothing_to_train, many, "build", "--jobs", "1"),
    "status: the paper": (nothing_to_train, paper, "status"),
    "status: 2000 runs": (nothing_to_train, many, "status"),
}
with ThreadPoolExecutor(os.cpu_count()) as pool:
    counts = dict(sorted(zip(commands, pool.map(lambda command: command[0](*command[1:]), commands.values()))))
if args.update:
    FIGURES.write_text("".join(f"{count:>11} {name}\n" for name, count in counts.items()))
lines = [line.split(maxsplit=1) for line in FIGURES.read_text().splitlines()]
figures = {name: int(figure) for figure, name in lines}
assert figures.keys() == counts.keys(), f"{FIGURES.name} has other commands: --update writes it"
wrong = 0
for name, count in counts.items():
    ratio = count / figures[name]
    problem = ("  TWICE AS MANY" if ratio >= DOUBLED else
               "  HALF AS MANY: `tests/bench/instructions.py --update` writes the file" if ratio <= 1 / DOUBLED else "")
    wrong += bool(problem)
    print(f"{name:36} {count:13,} instructions, {figures[name]:13,} in {FIGURES.name}, ratio {ratio:.3f}{problem}")
sys.exit(wrong > 0)
