"""Reads the parameters of a run of `report`, and writes its results. Copy this file beside your program: it needs
Python 3 alone, and it is one of the `inputs` of the program.

    from report_log import params, seed, log, artifact

    log(1, loss=0.5)                     # a point of the curve `loss`, in step 1
    log(accuracy=0.93)                   # the value `accuracy` of the run
    file = open(artifact("model.bin"), "wb")

Outside of `report`, `params` is empty, `seed` is 0, results are printed, and artefacts go into the current directory.
"""

import json
import math
import operator
import os
import sys

if "REPORT_CONFIG" in os.environ:
    with open(os.environ["REPORT_CONFIG"], encoding="utf-8") as file:
        config = json.load(file)
    _results = open(os.environ["REPORT_RESULT"], "a", encoding="utf-8", buffering=1)
else:
    config = {"params": {}, "seed": 0, "threads": 1}
    _results = sys.stdout
params, seed, threads = config["params"], config["seed"], config["threads"]


def log(step=None, /, **metrics):
    """Writes numbers: with a step (1, 2, 3, …), points of curves; without, values of the run."""
    line = {} if step is None else {"step": operator.index(step)}
    for name, value in metrics.items():
        value = float(value)
        line[name] = value if math.isfinite(value) else str(value)
    _results.write(json.dumps(line) + "\n")


def progress(share):
    """Tells how much of the work is done, from 0 to 1. It is not stored."""
    _results.write(json.dumps({"progress": float(share)}) + "\n")


def artifact(name):
    """The path for a file that the run leaves."""
    path = os.path.join(os.environ.get("REPORT_ARTIFACTS", "."), name)
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    return path
