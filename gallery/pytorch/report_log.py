"""Reads the parameters of a run of `report`, and writes its results. Copy this file beside your program: it needs
Python 3 alone, and it is one of the `inputs` of the program.

    from report_log import params, seed, log

    log(1, loss=0.5)        # a point of the curve `loss`, in step 1
    log(accuracy=0.93)      # the value `accuracy` of the run
"""

import json
import math
import operator
import os

with open(os.environ["REPORT_CONFIG"], encoding="utf-8") as file:
    config = json.load(file)
params, seed, threads = config["params"], config["seed"], config["threads"]
_results = open(os.environ["REPORT_RESULT"], "a", encoding="utf-8", buffering=1)


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
