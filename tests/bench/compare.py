#!/usr/bin/env python3
"""`report` against the strongest peers that were found, in turns on the same machine.

  python3 -m venv venv && venv/bin/pip install torch numpy jax optax
  cargo build --release && venv/bin/python tests/bench/compare.py [--rounds 3] [MODEL...]

The peers are tuned PyTorch, and JAX for the fully connected model. Each round trains every condition in
each of them, in one process of one thread for each core side by side, and then in `report build` with as
many workers. The time of a peer is that of its runs, without its start and compilation. The time of
`report` is that of its runs, from their records, and beside it that of the whole command with its start
and its page. It has a single held-out pair, because the peers evaluate none (the tables of the paper need
one). The last time is that of its runs with all held-out pairs. In all cases it also evaluates the test
pairs by two more protocols. `--before` adds an older `report` to the turns.

Prints the median seconds a run, and the ratio of the fastest peer to the runs of `report`. The last line
is the paper, in which every condition has as many runs.
"""
import argparse, json, os, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MODELS = {"deep": 1, "deep-sigmoid": 1, "fully-connected": 20}  # and runs of each process
HELD_OUT = "validation_pairs = 200"

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("models", nargs="*", choices=[*MODELS, []], default=[])
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--report", default=ROOT / "target/release/report", type=Path)
parser.add_argument("--before", type=Path, metavar="REPORT")
args = parser.parse_args()
cores = os.cpu_count()
conditions = [(model, shared, auxiliary) for model in args.models or MODELS
              for shared in (True, False) for auxiliary in (True, False)]


def peer(script, condition):
    """Seconds a run of a script, with a process on each core."""
    model, shared, auxiliary = condition
    flags = ["--shared"] * shared + ["--auxiliary"] * auxiliary
    environment = os.environ | {
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.trim_threshold=4294967296:glibc.malloc.mmap_threshold=4294967296",
        "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    }

    def start(core):
        seeds = [str(core * MODELS[model] + index) for index in range(MODELS[model])]
        command = [sys.executable, HERE / "peers" / script, model, *flags, "--seeds", *seeds]
        command = ["taskset", "-c", str(core), *command] if shutil.which("taskset") else command
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    outputs = [(process, process.communicate()[0]) for process in [start(core) for core in range(cores)]]
    assert all(process.returncode == 0 for process, _ in outputs)
    return max(json.loads(output)["seconds"] for _, output in outputs) / cores


def report(binary, held_out, condition):
    """Seconds a run of a build from nothing: of its runs, and of the whole command."""
    model, shared, auxiliary = condition
    with tempfile.TemporaryDirectory() as project:
        for part in ["experiments", "templates"]:
            shutil.copytree(ROOT / part, Path(project) / part)
        protocol = Path(project) / "experiments/base/protocol.toml"
        text = protocol.read_text()
        assert HELD_OUT in text
        protocol.write_text(text.replace(HELD_OUT, f"validation_pairs = {held_out}"))
        runs = cores * MODELS[model]
        command = [binary.resolve(), "build", model, f"weight_sharing={str(shared).lower()}",
                   f"auxiliary_loss={str(auxiliary).lower()}", "--device", "cpu", "--project", project,
                   "--seeds", str(runs), "--jobs", str(cores)]
        start = time.monotonic()
        build = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        assert build.returncode in (0, 4), "trained; 4 says that the other conditions have no runs"
        whole = (time.monotonic() - start) / runs
        records = [json.loads(file.read_text()) for file in (Path(project) / ".report/records").iterdir()]
        assert len(records) == runs
        return sum(record["provenance"]["seconds"] for record in records) / runs / cores, whole


def sides(condition):
    """Seconds a run of every side."""
    runs, whole = report(args.report, 1, condition)
    return {"PyTorch": peer("pytorch.py", condition),
            "JAX": peer("jax_connected.py", condition) if condition[0] == "fully-connected" else None,
            **({"before": report(args.before, 1, condition)[0]} if args.before else {}),
            "report": runs, "whole command": whole, "with held-out": report(args.report, 200, condition)[0]}


OURS = ["before"] * bool(args.before) + ["report", "whole command", "with held-out"]
SIDES = ["PyTorch", "JAX", *OURS]
times = {(side, condition): [] for side in SIDES for condition in conditions}
for number in range(args.rounds):
    for condition in conditions:
        for side, seconds in sides(condition).items():
            times[side, condition].append(seconds)
    print(f"round {number + 1} of {args.rounds} done", file=sys.stderr, flush=True)

print(f"seconds a run, {cores} side by side, median of {args.rounds} rounds\n")
print(f"{'model':16} {'shared':6} {'auxiliary':9} " + " ".join(f"{side:>13}" for side in SIDES) + f" {'ratio':>6}")


def row(name, medians):
    fastest = min(value for side, value in medians.items() if value and side in ("PyTorch", "JAX"))
    shown = " ".join(f"{value:13.3f}" if value else f"{'':13}" for value in medians.values())
    print(f"{name:33} {shown} {fastest / medians['report']:6.2f}")
    return {**medians, "fastest": fastest}


rows = []
for condition in conditions:
    medians = {side: None if times[side, condition][0] is None else statistics.median(times[side, condition])
               for side in SIDES}
    model, shared, auxiliary = condition
    rows.append(row(f"{model:16} {'yes' if shared else 'no':6} {'yes' if auxiliary else 'no':9}", medians))
total = {side: statistics.mean(line[side] for line in rows) for side in ("fastest", *OURS)}
against = lambda side: f"{side} {total[side]:.3f}, ratio {total['fastest'] / total[side]:.2f}"
print(f"\nall: fastest peers {total['fastest']:.3f}, " + "; ".join(against(side) for side in OURS))
