#!/usr/bin/env python3
"""`report` against the same protocol in PyTorch, in turns on the same machine.

  python3 -m venv venv && venv/bin/pip install torch numpy
  cargo build --release && venv/bin/python tests/bench/compare.py [--rounds 3]

Each round trains, for each of the three models, the four conditions once for each core: first PyTorch
in its strongest setting for small models (channels last, one process of one thread for each core side
by side), then `report build` with a worker for each core. PyTorch's time is the sum of what
`pytorch_baseline.py` says of its runs, without its start; that of `report` is its whole process. Prints
the median seconds a run of both and their ratio, and the ratio for the paper, in which every condition
has as many runs.
"""
import argparse, json, os, shutil, statistics, subprocess, sys, tempfile, time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
MODELS = {"deep": "deep-ws", "deep-sigmoid": "sig-ws", "fully-connected": "fc-ws"}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--report", default=ROOT / "target/release/report", type=Path)
args = parser.parse_args()
cores = os.cpu_count()


def pytorch(model):
    """Seconds of all runs, one condition after the other, on each core at once."""
    command = [sys.executable, HERE / "pytorch_baseline.py", "--data", ROOT / "experiments/data/mnist-10k",
               "--threads", "1", "--seeds", "1", "--only", MODELS[model]]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(cores)]
    outputs = [process.communicate()[0] for process in processes]
    assert all(process.returncode == 0 for process in processes)
    return max(sum(json.loads(line)["seconds_per_run"] for line in output.splitlines()) for output in outputs)


def report(model):
    """Seconds of a build of as many runs, from nothing."""
    with tempfile.TemporaryDirectory() as project:
        for part in ["experiments", "templates"]:
            shutil.copytree(ROOT / part, Path(project) / part)
        # The same work: PyTorch evaluates no held-out pairs.
        protocol = Path(project) / "experiments/base/protocol.toml"
        text = protocol.read_text()
        assert "validation_pairs = 200" in text
        protocol.write_text(text.replace("validation_pairs = 200", "validation_pairs = 0"))
        command = [args.report.resolve(), "build", "--device", "cpu", "--project", project, "--only", model,
                   "--seeds", str(cores), "--jobs", str(cores)]
        start = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.monotonic() - start


times = {(side, model): [] for side in (pytorch, report) for model in MODELS}
for number in range(args.rounds):
    for model in MODELS:
        for side in (pytorch, report):
            times[side, model].append(side(model) / (4 * cores))
    print(f"round {number + 1} of {args.rounds} done", file=sys.stderr, flush=True)

print(f"seconds a run, {cores} side by side, median of {args.rounds} rounds")
print(f"{'':16} {'PyTorch':>9} {'report':>9} {'ratio':>7}")
total = {side: 0.0 for side in (pytorch, report)}
for model in MODELS:
    median = {side: statistics.median(times[side, model]) for side in total}
    for side in total:
        total[side] += median[side] / len(MODELS)
    print(f"{model:16} {median[pytorch]:9.2f} {median[report]:9.2f} {median[pytorch] / median[report]:7.2f}")
print(f"{'the paper':16} {total[pytorch]:9.2f} {total[report]:9.2f} {total[pytorch] / total[report]:7.2f}")
