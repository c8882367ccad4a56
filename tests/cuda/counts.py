#!/usr/bin/env python3
"""Counts what a training step asks of a CUDA device, with the stand-in driver. It runs no kernel.

  tests/cuda/counts.py BINARY [BATCHED]

The loader must find the stand-in driver: see `tests/cuda/standin.sh`. Runs of one and two epochs, on 1000 and
2000 pairs, have the counts of a step of 100 pairs, and of the evaluation after each epoch, as differences.
With BATCHED, a binary of `batched.rs` with the feature `cuda`, only steps of that prototype are counted.
"""
import json, os, shutil, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = ["launches", "products", "uploads", "bytes uploaded", "downloads", "synchronisations", "allocations"]
WIDTH = max(map(len, COLUMNS)) + 2


def counts(binary, model, shared, epochs, pairs):
    with tempfile.TemporaryDirectory() as project:
        for part in ["experiments", "templates"]:
            shutil.copytree(ROOT / part, Path(project) / part)
        protocol = Path(project) / "experiments/base/protocol.toml"
        text = protocol.read_text()
        for old, new in [("train_pairs = 1000", f"train_pairs = {pairs}"), ("epochs = 30", f"epochs = {epochs}")]:
            assert old in text
            text = text.replace(old, new)
        protocol.write_text(text)
        path = Path(project) / "counts.json"
        command = [binary, "build", model, f"weight_sharing={shared}", "auxiliary_loss=true", "seed=0",
                   "--device", "cuda", "--project", project, "--jobs", "1"]
        build = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                               env=os.environ | {"STANDIN_DRY": "1", "STANDIN_COUNTS": str(path)})
        assert build.returncode in (0, 4), build.stderr
        return json.loads(path.read_text())


def batched(binary, shared, seeds, steps):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "counts.json"
        subprocess.run([binary, "cuda", shared, str(seeds), str(steps)], stdout=subprocess.DEVNULL, check=True,
                       env=os.environ | {"STANDIN_DRY": "1", "STANDIN_COUNTS": str(path)})
        return json.loads(path.read_text())


print(f"{'':36}" + "".join(f"{column:>{WIDTH}}" for column in COLUMNS))
for shared in ["true", "false"] if sys.argv[2:] else []:
    for seeds in [1, 2, 5, 10]:
        ten, twenty = (batched(sys.argv[2], shared, seeds, steps) for steps in (10, 20))
        name = f"{seeds} seeds, sharing {shared}, step"
        step = (f"{(twenty.get(column, 0) - ten.get(column, 0)) / 10:{WIDTH}.0f}" for column in COLUMNS)
        print(f"{name:36}" + "".join(step), flush=True)
for model in [] if sys.argv[2:] else ["deep", "fully-connected"]:
    for shared in ["true", "false"]:
        epoch = {}
        for pairs in (1000, 2000):
            one, two = (counts(sys.argv[1], model, shared, epochs, pairs) for epochs in (1, 2))
            epoch[pairs] = {column: two.get(column, 0) - one.get(column, 0) for column in COLUMNS}
        step = {column: (epoch[2000][column] - epoch[1000][column]) / 10 for column in COLUMNS}
        evaluation = {column: epoch[1000][column] - 10 * step[column] for column in COLUMNS}
        for what, values in [("step", step), ("evaluation", evaluation)]:
            name = f"{model}, sharing {shared}, {what}"
            print(f"{name:36}" + "".join(f"{values[column]:{WIDTH}.0f}" for column in COLUMNS), flush=True)
