#!/usr/bin/env python3
"""Classification of digits by a small convolutional network: `report` against tuned PyTorch, in turns on one machine.

  python3 -m venv venv && venv/bin/pip install torch numpy
  cargo build --release && venv/bin/python tests/bench/classification.py [--seeds 10] [--rounds 3]

Both train on the same 1,000 digits of 28 × 28 pixels, in an order of their own in each epoch, and test on the same
2,000 digits after each epoch. Each round trains all seeds in PyTorch, in a process of one thread for each core, and
then in `report build` with as many workers. The time of PyTorch is that of its runs, without its start. The time of
`report` is that of its runs, from their records. Seconds of processor time matter if the machine is not idle: those of
`report` are of the whole command. `report` also computes more metrics than PyTorch here.

`--compile` adds PyTorch with `torch.compile`, `--before` an older `report`. Prints medians of the rounds, and the mean
test accuracy after the last epoch, with the difference of the means and its 95 % interval (Welch). It fails if
the accuracies differ by a point or more.
"""
import argparse, gzip, json, math, os, resource, shutil, statistics, subprocess, sys, tempfile
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TRAIN, TEST, EPOCHS, BATCH, RATE = 1000, 2000, 15, 50, 0.003
EXPERIMENT = f"""
title = "digits"
question = "How many digits does a small convolutional network recognise?"
task = "classification"
seeds = 10
[data]
file = "train-images.npy"
target_file = "train-classes.npy"
test_file = "test-images.npy"
test_target_file = "test-classes.npy"
split = {{ kind = "files", duplicates = "allow" }}
[model]
layers = [
  {{ layer = "conv2d", channels = 16, kernel = 3 }}, "batch_norm", "relu", {{ layer = "max_pool2d", size = 2 }},
  {{ layer = "conv2d", channels = 32, kernel = 3 }}, "batch_norm", "relu", {{ layer = "max_pool2d", size = 2 }},
  "flatten", {{ layer = "linear", outputs = "classes" }},
]
[train]
epochs = {EPOCHS}
batch_size = {BATCH}
optimizer = {{ kind = "adam", lr = {RATE} }}
schedule = {{ kind = "cosine" }}
"""
PAPER = """
title = "digits"
[[metric]]
name = "accuracy"
label = "accuracy"
curve = "test_accuracy"
reduction = "last"
"""


def write_digits(folder):
    """The digits of both parts, by chance from the files of MNIST."""
    def read(name, offset, shape):
        data = gzip.open(ROOT / f"experiments/data/mnist/{name}.gz").read()
        return np.frombuffer(data, np.uint8, offset=offset).reshape(shape)

    generator = np.random.default_rng(0)
    for file, part, n in [("train", "train", TRAIN), ("t10k", "test", TEST)]:
        images = read(f"{file}-images-idx3-ubyte", 16, (-1, 28, 28))
        chosen = generator.permutation(len(images))[:n]
        np.save(folder / f"{part}-images.npy", images[chosen])
        np.save(folder / f"{part}-classes.npy", read(f"{file}-labels-idx1-ubyte", 8, -1)[chosen].astype(np.int64))


def peer(data, flags):
    """Seconds and processor seconds a run, and accuracies, with a process on each core."""
    def start(core):
        command = [sys.executable, HERE / "peers/classification.py", data, "--epochs", str(EPOCHS), "--batch", str(BATCH),
                   "--lr", str(RATE), *flags, "--seeds", *(str(seed) for seed in range(core, args.seeds, cores))]
        command = ["taskset", "-c", str(core), *command] if shutil.which("taskset") else command
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    processes = [start(core) for core in range(cores)]
    found = [json.loads(process.communicate()[0]) for process in processes]
    mean = lambda key: statistics.mean(own[key] for own in found)
    return max(own["seconds"] for own in found) / cores, mean("cpu"), [score for own in found for score in own["scores"]]


def processor_seconds():
    """Of all commands so far, in the system too."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(binary, data):
    """The same of a build from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        shutil.copytree(ROOT / "templates", project / "templates")
        (project / "templates/paper.md.jinja").write_text("# {{ title }}")
        (project / "experiments").mkdir()
        (project / "experiments/digits.toml").write_text(EXPERIMENT)
        (project / "experiments/paper.toml").write_text(PAPER)
        shutil.copytree(data, project, dirs_exist_ok=True)
        command = [binary.resolve(), "build", "--device", "cpu", "--project", project,
                   "--seeds", str(args.seeds), "--jobs", str(cores)]
        before = processor_seconds()
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        cpu = processor_seconds() - before
        records = [json.loads(file.read_text()) for file in (project / ".report/records").iterdir()]
        assert len(records) == args.seeds
        seconds = sum(record["provenance"]["seconds"] for record in records) / args.seeds / cores
        return seconds, cpu / args.seeds, [record["curves"]["test_accuracy"][-1] for record in records]


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--seeds", type=int, default=10)
parser.add_argument("--rounds", type=int, default=3)
parser.add_argument("--report", default=ROOT / "target/release/report", type=Path)
parser.add_argument("--before", type=Path, metavar="REPORT")
parser.add_argument("--compile", action="store_true")
args = parser.parse_args()
cores = os.cpu_count()
with tempfile.TemporaryDirectory() as folder:
    data = Path(folder)
    write_digits(data)
    sides = {"PyTorch": lambda: peer(data, []),
             **({"compiled": lambda: peer(data, ["--compile"])} if args.compile else {}),
             **({"before": lambda: report(args.before, data)} if args.before else {}),
             "report": lambda: report(args.report, data)}
    rounds = []
    for number in range(args.rounds):
        rounds.append({side: measure() for side, measure in sides.items()})
        print(f"round {number + 1} of {args.rounds}:", rounds[-1], file=sys.stderr, flush=True)

print(f"{args.seeds} runs, {cores} side by side, median of {args.rounds} rounds\n")
print(f"{'':10} {'seconds':>8} {'processor':>10} {'accuracy':>9}")
medians = {side: [statistics.median(own[side][index] for own in rounds) for index in (0, 1)] for side in sides}
scores = {side: [100 * score for score in rounds[0][side][2]] for side in sides}
for side, (seconds, cpu) in medians.items():
    print(f"{side:10} {seconds:8.2f} {cpu:10.2f} {statistics.mean(scores[side]):7.2f} %")
for index, of in enumerate(["seconds", "processor"]):
    ratios = [own["report"][index] / own["PyTorch"][index] for own in rounds]
    print(f"{of} of report / PyTorch: {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")

ours, theirs = scores["report"], scores["PyTorch"]
parts = [statistics.variance(own) / len(own) for own in (ours, theirs)]
degrees = sum(parts) ** 2 / sum(part ** 2 / (len(own) - 1) for part, own in zip(parts, (ours, theirs)))
# Quantile of Student's t by its expansion in 1 / degrees; off by 0.2 % for 9 degrees.
z = 1.959964
t = z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2)
difference, half = statistics.mean(ours) - statistics.mean(theirs), t * math.sqrt(sum(parts))
print(f"accuracy: report - PyTorch = {difference:+.2f} points, interval {difference - half:+.2f} to {difference + half:+.2f}")
assert abs(difference) < 1, "the mean accuracies differ by a point or more"
