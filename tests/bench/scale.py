#!/usr/bin/env python3
"""How long `report status` and a `report build` with nothing to do take on many fresh runs.

  cargo build --release && python3 tests/bench/scale.py [--runs 100000] [--dvc]

Makes a project of one experiment in a temporary directory, with a record for each run (30 epochs of
made-up numbers), and prints the median of five calls of each command, after one to warm the file cache,
with its peak memory, for a tenth of the runs and for all of them; then the same with one record removed,
and with a changed learning rate, so that each run is compared with its own older record. With `--dvc`, compares the paper's 120
runs with an equivalent pipeline of 120 stages in `dvc` (`pip install dvc`), the two in turns.
"""
import argparse, hashlib, json, random, shutil, statistics, subprocess, sys, tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
EPOCHS = 30
SEEDS = 10

EXPERIMENT = """
title = "many"
seeds = {seeds}

[factors]
"data.seed" = {data_seeds}
"train.batch_size" = {batch_sizes}

[data]
seed = 0
train_pairs = 1000
test_pairs = 1000
pooling = 2

[model]
weight_sharing = true
branch = ["flatten", {{ layer = "linear", outputs = 128 }}, "relu", {{ layer = "linear", outputs = 10 }}]
head = [{{ layer = "linear", outputs = 1 }}, "sigmoid"]

[train]
auxiliary_loss = true
epochs = {epochs}
batch_size = 100

[train.optimizer]
kind = "adam"
lr = 0.01
"""

PAPER = """
title = "Many runs"
source = "nobody"

[[metric]]
name = "accuracy"
label = "test accuracy"
curve = "corrected_test_accuracy"
reduction = "last"

[[table]]
name = "all"
caption = "All runs."
metric = "accuracy"
by = ["batch_size"]
differs = ["data.seed"]
"""

TEMPLATE = "# {{ title }}\n\n{{ table(\"all\") }}\n\n{{ provenance_block() }}\n"


def project(directory, runs, report):
    """A project of so many runs in `directory`, all of them recorded."""
    conditions = runs // SEEDS
    batch_sizes = list(range(10, 110))
    data_seeds = list(range(-(-conditions // len(batch_sizes))))
    files = {
        "experiments/many.toml": EXPERIMENT.format(
            seeds=SEEDS, data_seeds=data_seeds, batch_sizes=batch_sizes, epochs=EPOCHS),
        "experiments/paper.toml": PAPER,
        "templates/paper.md.jinja": TEMPLATE,
        "templates/page.html.jinja": (ROOT / "templates/page.html.jinja").read_text(),
    }
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    records = directory / ".report/records"
    records.mkdir(parents=True)
    explained = subprocess.run([report, "explain", "many", "--json", "--device", "cpu"], cwd=directory,
                               check=True, capture_output=True)
    draw = random.Random(0)
    # Accuracies are shares of a thousand test pairs, losses have all their digits.
    values = {"loss": draw.random, "accuracy": lambda: draw.randint(0, 1000) / 1000}
    names = ["published_test_accuracy", "dropout_off_test_accuracy", "corrected_test_accuracy", "first_digit_accuracy",
             "second_digit_accuracy", "digit_accuracy", "comparison_accuracy", "train_main_loss", "train_auxiliary_loss"]
    curve = lambda name: [values[name.rsplit("_", 1)[1]]() for _ in range(EPOCHS)]
    provenance = {"version": "0.1.0", "platform": "linux x86_64", "started_at": 1790000000, "seconds": 3.9,
                  "origin": {}}
    n = 0
    for run in json.loads(explained.stdout)["runs"]:
        compact = lambda value: json.dumps(value, separators=(",", ":"))
        provenance["condition"] = {"batch_size": str(run["config"]["train"]["batch_size"]),
                                   "data.seed": str(run["config"]["data"]["seed"]), "experiment": "many"}
        config = json.dumps(run["config"], separators=(",", ":"), sort_keys=True)
        digest = hashlib.sha256(config.encode()).hexdigest()
        assert digest == run["digest"], "the canonical JSON of this script is not that of `report`"
        body = (f'{{"format":4,"digest":"{digest}","config":{config},"outcome":{{"kind":"completed"}},'
                f'"curves":{compact({name: curve(name) for name in names})},"provenance":{compact(provenance)}')
        checksum = hashlib.sha256(body.encode()).hexdigest()
        (records / f"{digest}.json").write_text(f'{body},"checksum":"{checksum}"}}\n')
        n += 1
    return n


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
            shutil.copytree(ROOT / part, ours / part)
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
parser.add_argument("--report", default=ROOT / "target/release/report", type=Path)
parser.add_argument("--dvc", action="store_true")
args = parser.parse_args()
report = args.report.resolve()
if args.dvc:
    compare_with_dvc(report)
else:
    for runs in [args.runs // 10, args.runs]:
        with tempfile.TemporaryDirectory() as parent:
            n = project(Path(parent), runs, report)
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
