#!/usr/bin/env python3
"""Compares `report` on a CUDA device with `report` on the CPU, and times both and PyTorch.

  tests/cuda/check.py BINARY [--short]
  tests/cuda/check.py --project DIR

1. A small project is trained on both devices. It has a convolutional and a dense branch, batch-norm,
   dropout, weight sharing and the auxiliary loss. Losses and accuracies must agree within the tolerances
   below. Ends with status 1 if they do not.
2. Each condition of the paper is trained on the CPU, on the device, and in PyTorch on the device, one run
   at a time. PyTorch needs a Python with a CUDA torch.

`--short` makes the second part so short that the stand-in driver can run it. Its times say nothing.
`--project` only writes the small project.
"""
import argparse, json, shutil, statistics, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# The largest allowed differences: of a loss, relative to it; of an accuracy, in test pairs.
LOSS, PAIRS = 2e-3, 2
TEST_PAIRS, HELD_OUT = 50, 20

PROJECT = {
    "experiments/base/protocol.toml": f"""
seeds = 1

[factors]
"model.weight_sharing" = [true, false]
"train.auxiliary_loss" = [true, false]

[data]
seed = 0
train_pairs = 60
validation_pairs = {HELD_OUT}
test_pairs = {TEST_PAIRS}
pooling = 4

[model]
weight_sharing = false
head = [{{ layer = "linear", outputs = 1 }}, "batch_norm", {{ layer = "dropout", probability = 0.25 }}, "sigmoid"]

[train]
auxiliary_loss = false
epochs = 3
batch_size = 20
""",
    "experiments/convolutional.toml": """
extends = "base/protocol.toml"
title = "convolutional"

[model]
branch = [
  { layer = "conv2d", channels = 3, kernel = 3, padding = 1 },
  "relu",
  { layer = "max_pool2d", size = 2, stride = 1 },
  { layer = "conv2d", channels = 4, kernel = 2, stride = 2 },
  "batch_norm",
  "sigmoid",
  { layer = "max_pool2d", size = 2 },
  "flatten",
  { layer = "dropout", probability = 0.1 },
  { layer = "linear", outputs = 10 },
  "batch_norm",
  "tanh",
]

[train.optimizer]
kind = "sgd"
lr = 0.02
momentum = 0.5
""",
    "experiments/dense.toml": """
extends = "base/protocol.toml"
title = "dense"

[model]
branch = ["flatten", { layer = "linear", outputs = 12 }, "relu", { layer = "linear", outputs = 10 }]

[train.optimizer]
kind = "adam"
lr = 0.01
""",
    "experiments/paper.toml": """
title = "Check"

[labels.weight_sharing]
label = "sharing"
levels = { true = "yes", false = "no" }

[labels.auxiliary_loss]
label = "auxiliary loss"
levels = { true = "yes", false = "no" }

[[metric]]
name = "accuracy"
label = "test accuracy"
curve = "published_test_accuracy"
reduction = "best"

[[table]]
name = "all"
caption = "All conditions."
metric = "accuracy"
by = ["experiment", "weight_sharing", "auxiliary_loss"]
""",
    "templates/paper.md.jinja": '# {{ title }}\n\n{{ table("all") }}\n\n{{ provenance_block() }}\n',
}


def write_project(project):
    for name, text in PROJECT.items():
        path = Path(project) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    shutil.copy(ROOT / "templates/page.html.jinja", Path(project) / "templates")


def build(binary, project, device, *names):
    """Trains runs one at a time. Missing runs of other conditions are no failure."""
    command = [binary, "build", *names, "--device", device, "--project", project, "--jobs", "1"]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 4):
        sys.exit(f"`{' '.join(map(str, command))}` ended with status {done.returncode}:\n{done.stderr}")


def records(project, device):
    """The records of a device, by their condition."""
    texts = [path.read_text() for path in sorted((Path(project) / ".report/records").glob("*.json"))]
    read = [json.loads(text) for text in texts]
    of_device = [record for record in read if record["config"].get("device", "cpu") == device]
    name = "{experiment}, sharing {weight_sharing}, auxiliary {auxiliary_loss}"
    return {name.format(**record["provenance"]["condition"]): record for record in of_device}


def compare(binary):
    """Prints the largest difference of each condition. Returns whether all are allowed."""
    with tempfile.TemporaryDirectory() as project:
        write_project(project)
        build(binary, project, "cpu")
        build(binary, project, "cuda")
        cpu, cuda = records(project, "cpu"), records(project, "cuda")
    assert len(cpu) == len(cuda) == 8
    print(f"largest differences, CUDA to CPU; allowed: loss {LOSS:g} of the loss, accuracy {PAIRS} pairs\n")
    print(f"{'condition':48} {'loss':>8} {'accuracy':>9}")
    are_allowed = True
    for condition, of_cpu in sorted(cpu.items()):
        of_cuda = cuda[condition]
        assert of_cpu["outcome"] == of_cuda["outcome"]
        loss = accuracy = 0
        for curve, values in of_cpu["curves"].items():
            assert len(values) == len(of_cuda["curves"][curve]) == 3
            for a, b in zip(values, of_cuda["curves"][curve]):
                if curve.endswith("_loss"):
                    loss = max(loss, abs(a - b) / abs(a))
                else:
                    pairs = HELD_OUT if curve == "validation_accuracy" else TEST_PAIRS
                    accuracy = max(accuracy, round(abs(a - b) * pairs, 1))
        allowed = loss <= LOSS and accuracy <= PAIRS
        are_allowed &= allowed
        print(f"{condition:48} {loss:8.1e} {accuracy:9g}{'' if allowed else '  too large'}")
    return are_allowed


def seconds(binary, condition, device, is_short):
    """Seconds of a run: the median of three, of which the first opens the device."""
    model, shared, auxiliary = condition
    with tempfile.TemporaryDirectory() as project:
        for part in ["experiments", "templates"]:
            shutil.copytree(ROOT / part, Path(project) / part)
        if is_short:
            protocol = Path(project) / "experiments/base/protocol.toml"
            lines = []
            for line in protocol.read_text().splitlines():
                key = line.split(" = ")[0]
                short = {"train_pairs": 4, "validation_pairs": 2, "test_pairs": 2, "epochs": 1, "batch_size": 2}
                lines.append(f"{key} = {short[key]}" if key in short else line)
            protocol.write_text("\n".join(lines) + "\n")
        build(binary, project, device, model, f"weight_sharing={str(shared).lower()}",
              f"auxiliary_loss={str(auxiliary).lower()}", "--seeds", "1" if is_short else "3")
        read = [json.loads(path.read_text()) for path in (Path(project) / ".report/records").glob("*.json")]
        return statistics.median(record["provenance"]["seconds"] for record in read)


def pytorch(condition):
    model, shared, auxiliary = condition
    flags = ["--shared"] * shared + ["--auxiliary"] * auxiliary
    command = [sys.executable, ROOT / "tests/bench/peers/pytorch.py", model, *flags, "--device", "cuda", "--seeds", "0", "1", "2"]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)["seconds"]


def time_all(binary, is_short):
    code = "import torch; raise SystemExit(not torch.cuda.is_available())"
    has_torch = subprocess.run([sys.executable, "-c", code], stderr=subprocess.DEVNULL).returncode == 0
    print("\nseconds a run, one at a time" + (", much shortened: no measurement" if is_short else ""))
    if not has_torch:
        print(f"{sys.executable} has no PyTorch with CUDA, so its column is empty")
    print(f"\n{'model':16} {'sharing':8} {'auxiliary':9} {'CPU':>8} {'CUDA':>8} {'PyTorch':>8} {'CPU/CUDA':>9}")
    for condition in [(model, shared, auxiliary) for model in ("deep", "deep-sigmoid", "fully-connected")
                      for shared in (True, False) for auxiliary in (True, False)]:
        cpu, cuda = (seconds(binary, condition, device, is_short) for device in ("cpu", "cuda"))
        peer = f"{pytorch(condition):8.3f}" if has_torch and not is_short else f"{'':8}"
        yes = ["yes" if level else "no" for level in condition[1:]]
        print(f"{condition[0]:16} {yes[0]:8} {yes[1]:9} {cpu:8.3f} {cuda:8.3f} {peer} {cpu / cuda:9.2f}", flush=True)


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
what = parser.add_mutually_exclusive_group(required=True)
what.add_argument("binary", nargs="?", type=lambda path: Path(path).resolve())
what.add_argument("--project", metavar="DIR")
parser.add_argument("--short", action="store_true")
args = parser.parse_args()
if args.project:
    write_project(args.project)
    sys.exit()
agrees = compare(args.binary)
time_all(args.binary, args.short)
sys.exit(0 if agrees else "\nCUDA and CPU differ by more than is allowed")
