#!/usr/bin/env python3
"""What a build on a cluster costs with many runs: to plan and pack them, to submit them, and to look at them.

  cargo build --release && python3 tests/bench/cluster.py [--runs 1000000]

Makes a project of one experiment without records in a temporary directory, and commands in place of Slurm's that
accept every job and say that all its tasks run. No task trains anything. Prints seconds and peak memory for a tenth of
the runs and for all of them, the number of files of the plan, and the processor time of one look: that of the build
while it waits, divided by the number of times that it asked the queue.
"""
import argparse, os, subprocess, tempfile, time
from pathlib import Path

import recorded
from scale import measure

LOOKS = 5

COMMANDS = {
    "sbatch": """for word in "$@"; do case $word in --array=*) last=${word#--array=0-}; last=${last%%%*} ;; esac; done
job=$(( $(wc -l < "$here/jobs") + 1 )); echo "$job $last" >> "$here/jobs"; echo $job""",
    "squeue": """echo >> "$here/looks"; while read -r job last; do seq -f "$job|%.0f|RUNNING|None" 0 "$last"; done < "$here/jobs" """,
    "scancel": "",
    "sinfo": "echo 'many*|0/1000/0/1000|infinite'",
    "scontrol": "echo 'MaxArraySize = 1001'",
}

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--runs", type=int, default=1_000_000)
parser.add_argument("--report", default=recorded.ROOT / "target/release/report", type=Path)


def project(directory, runs):
    """A project of so many runs without records, and its commands."""
    recorded.many(directory, runs, report=None)
    commands = directory / "slurm"
    commands.mkdir()
    for name in ["jobs", "looks"]:
        (commands / name).touch()
    for name, text in COMMANDS.items():
        (commands / name).write_text(f'#!/bin/bash\nhere=$(cd "$(dirname "$0")" && pwd)\n{text}\n')
        (commands / name).chmod(0o755)
    settings = f'[default]\nsbatch = "{commands / "sbatch"}"\npoll_seconds = 1\nmax_running = 100000\n'
    (directory / "experiments/slurm.toml").write_text(settings)
    return commands


def processor_seconds(process):
    fields = Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def looks(command, directory, commands):
    """Processor seconds of one look at all tasks, in the build itself."""
    count = lambda: len((commands / "looks").read_bytes())
    process = subprocess.Popen(command, cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        begin = count()
        while count() < begin + 2:
            time.sleep(0.1)
        before, seconds = count(), processor_seconds(process)
        while count() < before + LOOKS:
            time.sleep(0.1)
        return (processor_seconds(process) - seconds) / (count() - before)
    finally:
        process.kill()
        process.wait()


def main():
    args = parser.parse_args()
    report = args.report.resolve()
    for runs in [args.runs // 10, args.runs]:
        with tempfile.TemporaryDirectory() as parent:
            directory = Path(parent)
            commands = project(directory, runs)
            build = [report, "build", "--executor", "slurm"]
            for name, command in [("plan and pack", [*build, "--dry-run"]), ("plan, pack and submit", [*build, "--detach"])]:
                seconds, megabytes = measure(command, directory)
                print(f"{runs:8} runs, {name:22} {seconds:7.2f} s {1e6 * seconds / runs:6.1f} µs a run {megabytes:6.0f} MB",
                      flush=True)
            files = sum(len(files) for _, _, files in os.walk(directory / ".report/jobs"))
            jobs = (commands / "jobs").read_text().split()
            tasks = sum(int(last) + 1 for last in jobs[1::2])
            seconds = looks(build, directory, commands)
            print(f"{runs:8} runs, {tasks} tasks in {len(jobs) // 2} arrays, {files} files; one look {1e3 * seconds:.1f} ms",
                  flush=True)


if __name__ == "__main__":
    main()
