"""The runs of a project as pipelines of dvc and of Snakemake, in which everything is up to date.

Each run is a stage or a job that depends on its configuration and leaves its record. A last one reads the records
and the prose, and writes the mean of each condition: less than `report` renders. What makes them fast:

- Both have a file for the configuration of each run. dvc reads a file of all parameters once for each stage.
- dvc has no Git, no cache of outputs and no analytics. A matrix makes the stages, and the last depends on the folder.
- Snakemake has one rule with a wildcard. It compares times of files; `report` and dvc compare checksums.
"""
import hashlib, json, os, subprocess, sys
from pathlib import Path

COLLECT = """
import json, pathlib
scores = {}
for file in sorted(pathlib.Path("runs").iterdir()):
    record = json.loads(file.read_text())
    condition = json.dumps(record["provenance"]["condition"])
    scores.setdefault(condition, []).append(record["curves"]["corrected_test_accuracy"][-1])
means = [f"{condition}: {sum(values) / len(values)}" for condition, values in scores.items()]
pathlib.Path("paper.md").write_text("\\n".join([pathlib.Path("prose.md").read_text(), *means]))
"""

# `false`: no run may start.
SNAKEFILE = """
rule collect:
    input: "prose.md", expand("runs/{{run}}.json", run=range({runs}))
    output: "paper.md"
    shell: "{collect}"
rule run:
    input: "configs/{{run}}.json"
    output: "runs/{{run}}.json"
    shell: "false"
"""


def write(directory, records):
    """Configurations, records, prose and paper. Each is younger than what it depends on."""
    for folder in ["configs", "runs"]:
        (directory / folder).mkdir(parents=True)
    for i, record in enumerate(records):
        (directory / f"configs/{i}.json").write_text(json.dumps(json.loads(record)["config"]))
    for i, record in enumerate(records):
        (directory / f"runs/{i}.json").write_text(record)
    (directory / "prose.md").write_text("# Means\n")
    (directory / "collect.py").write_text(COLLECT)
    subprocess.run([sys.executable, "collect.py"], cwd=directory, check=True)


def dvc(directory, records):
    write(directory, records)
    run = lambda *words: subprocess.run(["dvc", *words], cwd=directory, check=True, stdout=subprocess.DEVNULL)
    run("init", "--no-scm", "-q")
    run("config", "core.analytics", "false")
    run("config", "core.check_update", "false")
    uncached = lambda path: {path: {"cache": False}}
    stages = {
        "run": {"matrix": {"run": list(range(len(records)))}, "cmd": "false ${item.run}",
                "deps": ["configs/${item.run}.json"], "outs": [uncached("runs/${item.run}.json")]},
        "collect": {"cmd": f"{sys.executable} collect.py", "deps": ["prose.md", "runs"], "outs": [uncached("paper.md")]},
    }
    (directory / "dvc.yaml").write_text(json.dumps({"stages": stages}))

    def state(path):
        data = (directory / path).read_bytes()
        return {"path": path, "hash": "md5", "md5": hashlib.md5(data).hexdigest(), "size": len(data)}

    # What dvc writes after it has run each stage: it would take hours for 10,000.
    lock = {f"run@{i}": {"cmd": f"false {i}", "deps": [state(f"configs/{i}.json")], "outs": [state(f"runs/{i}.json")]}
            for i in range(len(records))}
    (directory / "dvc.lock").write_text(json.dumps({"schema": "2.0", "stages": lock}))
    run("commit", "-fq", "collect")


def snakemake(directory, records):
    write(directory, records)
    (directory / "Snakefile").write_text(
        SNAKEFILE.format(runs=len(records), collect=f"{sys.executable} collect.py"))


FLAGS = ["--cores", str(os.cpu_count()), "--rerun-triggers", "mtime", "--quiet", "all"]
# What makes the pipeline; then, as of `report`, what tells its state and what brings it up to date.
PEERS = {
    "dvc": (dvc, ["dvc", "status"], ["dvc", "repro", "--quiet"]),
    "snakemake": (snakemake, ["snakemake", "--dry-run", *FLAGS], ["snakemake", *FLAGS]),
}
