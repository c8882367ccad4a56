#!/usr/bin/env python3
"""How long `report status` and a `report build` with nothing to do take on many fresh runs.

  cargo build --release && python3 tests/bench/scale.py [--runs 100000] [--dvc]

Makes a project of one experiment in a temporary directory, with a record for each run (30 epochs of
made-up numbers), and prints the median of five calls of each command, after one to warm the file cache,
with its peak memory, for a tenth of the runs and for all of them; then the same with one record removed,
and with a changed learning rate, so that each run is compared with its own older record. With `--dvc`, compares the paper's 120
runs with an equivalent pipeline of 120 stages in `dvc` (`pip install dvc`), the two in turns.
"""
import argparse, json, shutil, statistics, subprocess, sys, tempfile
from pathlib import Path

import recorded

# Peak memory is that of the largest process since the start, this one included: a small one measures.
MEASURE = """
import json, resource, subprocess, sys, time
start = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
seconds = time.monotonic() - start
print(json.dumps([code, seconds, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000]))
"""


def measure(command, directory):
    """Seconds and peak megabytes of a command that must succeed."""
    output = subprocess.run([sys.executable, "-c", MEASURE, *map(str, command)], cwd=directory, check=True,
                            capture_output=True).stdout
    code, seconds, megabytes = json.loads(output)
    assert code == 0, command
    return seconds, megabytes


def median(command, directory):
    measure(command, directory)
    seconds, megabytes = zip(*(measure(command, directory) for _ in range(5)))
    return statistics.median(seconds), max(megabytes)


def compare_with_dvc(report):
    """The paper's 120 runs, all fresh, and 120 stages of a pipeline that are up to date."""
    with tempfile.TemporaryDirectory() as parent:
        ours, theirs = Path(parent) / "report", Path(parent) / "dvc"
        for part in ["experiments", "templates", ".report"]:
            shutil.copytree(recorded.ROOT / part, ours / part)
        theirs.mkdir()
        run = lambda *command: subprocess.run(command, cwd=theirs, check=True, stdout=subprocess.DEVNULL)
        run("git", "init", "-q")
        run("dvc", "init", "-q")
        stages = {f"run{i}": {"cmd": f"echo {i} > out{i}", "params": [f"run{i}.lr"], "outs": [f"out{i}"]}
                  for i in range(120)}
        (theirs / "dvc.yaml").write_text(json.dumps({"stages": stages}))
        (theirs / "params.yaml").write_text(json.dumps({f"run{i}": {"lr": 0.1} for i in range(120)}))
        run("dvc", "repro", "-q")
        commands = {"report status": ([report, "status"], ours), "dvc status": (["dvc", "status"], theirs),
                    "report build": ([report, "build"], ours), "dvc repro": (["dvc", "repro"], theirs)}
        times = {name: [] for name in commands}
        for _ in range(6):
            for name, (command, directory) in commands.items():
                times[name].append(measure(command, directory)[0])
        for name, seconds in times.items():
            print(f"{name:16} {1000 * statistics.median(seconds[1:]):8.0f} ms for 120 fresh runs")


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--runs", type=int, default=100_000)
parser.add_argument("--report", default=recorded.ROOT / "target/release/report", type=Path)
parser.add_argument("--dvc", action="store_true")
args = parser.parse_args()
report = args.report.resolve()
if args.dvc:
    compare_with_dvc(report)
else:
    for runs in [args.runs // 10, args.runs]:
        with tempfile.TemporaryDirectory() as parent:
            n = recorded.many(Path(parent), runs, report)
            def tell(command, state):
                seconds, megabytes = median([report, command], parent)
                print(f"report {command:8} {n:8} runs, {state:9} {seconds:8.3f} s {1e6 * seconds / n:8.1f} µs "
                      f"a run {megabytes:8.0f} MB", flush=True)
            tell("status", "all fresh")
            tell("build", "all fresh")
            next((Path(parent) / ".report/records").iterdir()).unlink()
            tell("status", "one stale")
            experiment = Path(parent) / "experiments/many.toml"
            experiment.write_text(experiment.read_text().replace("lr = 0.01", "lr = 0.02"))
            tell("status", "all stale")
