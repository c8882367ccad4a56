#!/usr/bin/env python3
"""How long `report status` and a `report build` with nothing to do take on many fresh runs.

  cargo build --release && python3 tests/bench/scale.py [--runs 100000] [--peers]

Makes a project of one experiment in a temporary directory, with a record for each run (30 epochs of
made-up numbers), and prints the median of five calls of each command, after one to warm the file cache,
with its peak memory, for a tenth of the runs and for all of them; then the same with one record removed,
and with a changed learning rate, so that each run is compared with its own older record.

With `--peers`, compares the paper's runs, and 10,000 others, with equivalent pipelines in `dvc` and in Snakemake
(`pip install dvc snakemake`; see `tests/bench/peers/pipelines.py`), in turns.
"""
import argparse, json, shutil, statistics, subprocess, sys, tempfile
from pathlib import Path

import recorded
from peers.pipelines import PEERS

ROUNDS = 3

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


def compare_with_peers(make, report):
    """Commands with nothing to train, in `report` and in the peers that are installed."""
    with tempfile.TemporaryDirectory() as parent:
        ours = Path(parent) / "report"
        n = make(ours, report)
        subprocess.run([report, "build"], cwd=ours, check=True, capture_output=True)
        sides = {"report": (ours / "templates/paper.md.jinja", ours, [report, "status"], [report, "build"])}
        records = [file.read_text() for file in (ours / ".report/records").iterdir()]
        for name, (pipeline, status, build) in PEERS.items():
            if shutil.which(name):
                theirs = Path(parent) / name
                pipeline(theirs, records)
                sides[name] = (theirs / "prose.md", theirs, status, build)
        times = {}
        for _ in range(ROUNDS):
            for action in ["status", "build, nothing changed", "build, prose changed"]:
                for name, (prose, directory, status, build) in sides.items():
                    if action == "build, prose changed":
                        prose.write_text(prose.read_text() + "One more sentence.\n")
                    seconds, _ = measure(status if action == "status" else build, directory)
                    times.setdefault(action, {}).setdefault(name, []).append(seconds)
        for action, seconds in times.items():
            medians = {name: statistics.median(values) for name, values in seconds.items()}
            print(f"{n:6} runs, {action:22}" + "".join(f"  {name} {median:7.3f} s ({median / medians['report']:5.1f})"
                                                      for name, median in medians.items()), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--report", default=recorded.ROOT / "target/release/report", type=Path)
    parser.add_argument("--peers", action="store_true")
    args = parser.parse_args()
    report = args.report.resolve()
    if args.peers:
        missing = [name for name in PEERS if not shutil.which(name)]
        if missing:
            print(f"not compared: {', '.join(missing)}; `pip install {' '.join(missing)}` puts them into the PATH", file=sys.stderr)
        print(f"median of {ROUNDS} rounds; in brackets, how many times as long as `report`")
        compare_with_peers(recorded.paper, report)
        compare_with_peers(lambda directory, report: recorded.many(directory, 10_000, report), report)
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


if __name__ == "__main__":
    main()
