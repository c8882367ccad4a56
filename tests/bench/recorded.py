"""Projects in which every run is recorded, with made-up numbers: nothing is trained."""
import hashlib, json, random, shutil, subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
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
epochs = 30
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


def many(directory, runs, report):
    """One experiment of so many runs, and a small paper. Without `report`, it has no records."""
    conditions = runs // SEEDS
    batch_sizes = list(range(10, 110))
    data_seeds = list(range(-(-conditions // len(batch_sizes))))
    files = {
        "experiments/many.toml": EXPERIMENT.format(seeds=SEEDS, data_seeds=data_seeds, batch_sizes=batch_sizes),
        "experiments/paper.toml": PAPER,
        "templates/paper.md.jinja": TEMPLATE,
        "templates/page.html.jinja": (ROOT / "templates/page.html.jinja").read_text(),
    }
    for name, text in files.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(text)
    return record(directory, report) if report else runs


def copy(directory):
    """The experiments and templates of this repository, without records."""
    for part in ["experiments", "templates"]:
        shutil.copytree(ROOT / part, directory / part)


def paper(directory, report):
    """The experiments and templates of this repository."""
    copy(directory)
    return record(directory, report)


def record(directory, report):
    """Writes a record for each run, and says how many there are."""
    ask = lambda *words: json.loads(subprocess.run([report, *words, "--json", "--device", "cpu"], cwd=directory,
                                                   check=True, capture_output=True).stdout)
    records = directory / ".report/records"
    records.mkdir(parents=True)
    draw = random.Random(0)
    # Accuracies are shares of a thousand test pairs, losses have all their digits.
    values = {"loss": draw.random, "accuracy": lambda: draw.randint(0, 1000) / 1000}
    names = ["published_test_accuracy", "dropout_off_test_accuracy", "corrected_test_accuracy", "first_digit_accuracy",
             "second_digit_accuracy", "digit_accuracy", "comparison_accuracy", "train_main_loss", "train_auxiliary_loss"]
    provenance = {"version": "0.1.0", "platform": "linux x86_64", "started_at": 1790000000, "seconds": 3.9,
                  "origin": {}}
    compact = lambda value: json.dumps(value, separators=(",", ":"))
    n = 0
    for experiment in [experiment["name"] for experiment in ask("status")["experiments"]]:
        for run in ask("explain", experiment)["runs"]:
            config = json.dumps(run["config"], separators=(",", ":"), sort_keys=True)
            digest = hashlib.sha256(config.encode()).hexdigest()
            assert digest == run["digest"], "the canonical JSON of this script is not that of `report`"
            measured = names + ["validation_accuracy"] * bool(run["config"]["data"].get("validation_pairs"))
            epochs = range(run["config"]["train"]["epochs"])
            curves = {name: [values[name.rsplit("_", 1)[1]]() for _ in epochs] for name in measured}
            # The name of a run is `experiment (factor level, factor level) seed 0`.
            levels = run["name"].split("(")[1].split(")")[0].split(", ")
            provenance["condition"] = {**dict(level.split(" ") for level in levels), "experiment": experiment}
            body = (f'{{"format":4,"digest":"{digest}","config":{config},"outcome":{{"kind":"completed"}},'
                    f'"curves":{compact(curves)},"provenance":{compact(provenance)}')
            checksum = hashlib.sha256(body.encode()).hexdigest()
            (records / f"{digest}.json").write_text(f'{body},"checksum":"{checksum}"}}\n')
            n += 1
    return n
