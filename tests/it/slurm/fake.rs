//! Commands that behave like Slurm's, on this machine.

use std::os::unix::fs::PermissionsExt as _;

use crate::project::Project;

/// Starts each task in the background. Writes its options to `calls`. Runs `hook` before it accepts a job, and `after`
/// after that. All commands run `point`. A test may write these.
const SBATCH: &str = r#"#!/bin/bash
here=$(cd "$(dirname "$0")" && pwd)
echo "$*" >> "$here/calls"
for word in "$@"; do
  case $word in
    --array=*) last=${word#--array=0-}; last=${last%%%*} ;;
    --output=*) output=${word#--output=} ;;
    --chdir=*) cd "${word#--chdir=}" || exit 1 ;;
    --job-name=*) name=${word#--job-name=} ;;
  esac
done
[ ! -f "$here/point" ] || . "$here/point"
[ ! -f "$here/hook" ] || . "$here/hook"
job=$(( $(cat "$here/last" 2>/dev/null || echo 100) + 1 ))
echo $job > "$here/last"
for index in $(seq 0 "$last"); do
  log=${output//%a/$index}
  log=${log//%%/%}
  ( export SLURM_ARRAY_JOB_ID=$job SLURM_ARRAY_TASK_ID=$index
    echo $BASHPID > "$here/task-$job-$index-$name"
    exec ${launch:-bash} "${@: -1}" >> "$log" 2>&1 ) < /dev/null > /dev/null 2>&1 &
done
[ ! -f "$here/point" ] || . "$here/point"
[ ! -f "$here/after" ] || . "$here/after"
echo "${form:-$job}"
"#;

/// Lists the tasks with the name that is asked for: as running while their process lives.
const SQUEUE: &str = r#"#!/bin/bash
here=$(cd "$(dirname "$0")" && pwd)
[ ! -f "$here/point" ] || . "$here/point"
names=,
while [ $# -gt 0 ]; do [ "$1" = -n ] && names=,$2,; shift; done
for file in "$here"/task-*; do
  [ -f "$file" ] || continue
  IFS=- read -r _ job index name <<< "$(basename "$file")"
  case $names in *,$name,*) ;; *) continue ;; esac
  state='FAILED|RaisedSignal:9(Killed)'
  kill -0 "$(cat "$file")" 2>/dev/null && state='RUNNING|None'
  echo "$job|$index|$state"
done
exit 0
"#;

/// Writes its options to `cancelled`.
const SCANCEL: &str = r#"#!/bin/bash
here=$(cd "$(dirname "$0")" && pwd)
echo "$*" >> "$here/cancelled"
[ "$1" != -M ] || shift 2
for job in "$@"; do for file in "$here"/task-"$job"-*; do kill "$(cat "$file")"; done; done
"#;

const SINFO: &str = r#"#!/bin/bash
here=$(cd "$(dirname "$0")" && pwd)
[ ! -f "$here/point" ] || . "$here/point"
echo 'test*|0/2/0/2|infinite'
"#;

/// Says of all tasks how they ended, if a test has written that into `exit`.
const SCONTROL: &str = r#"#!/bin/bash
here=$(cd "$(dirname "$0")" && pwd)
echo "$*" >> "$here/asked"
[ ! -f "$here/point" ] || . "$here/point"
echo 'MaxArraySize = 1001'
[ ! -f "$here/exit" ] || for index in $(seq 0 9); do
  echo "JobId=1 ArrayJobId=1 ArrayTaskId=$index ExitCode=$(cat "$here/exit")"
done
"#;

const FAILS: &str = "#!/bin/bash\necho 'this must not be needed' >&2\nexit 1\n";

/// Puts the commands into the folder `slurm` of a project, and its `sbatch` into the profile.
pub(super) fn install(project: &Project) {
    for (name, text) in [
        ("sbatch", SBATCH),
        ("squeue", SQUEUE),
        ("scancel", SCANCEL),
        ("sinfo", SINFO),
        ("scontrol", SCONTROL),
        ("sacct", FAILS),
    ] {
        command(project, name, text);
    }
    let path = project.path("slurm/sbatch").display().to_string();
    let profile = project.read("experiments/slurm.toml");
    project.write("experiments/slurm.toml", format!("{profile}\nsbatch = \"{path}\"\n"));
}

/// Replaces a command.
pub(super) fn command(project: &Project, name: &str, text: &str) {
    let path = project.path(&format!("slurm/{name}"));
    project.write(&format!("slurm/{name}.new"), text);
    let new = project.path(&format!("slurm/{name}.new"));
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o755)).unwrap();
    std::fs::rename(new, path).unwrap();
}

/// How many times `sbatch` was called.
pub(super) fn submissions(project: &Project) -> usize {
    lines(project, "calls")
}

/// How many jobs `sbatch` has accepted.
pub(super) fn accepted(project: &Project) -> usize {
    let last = std::fs::read_to_string(project.path("slurm/last"));
    last.map_or(0, |last| last.trim().parse::<usize>().unwrap() - 100)
}

/// Number of lines that the commands have written into a file.
pub(super) fn lines(project: &Project, name: &str) -> usize {
    let text = std::fs::read_to_string(project.path(&format!("slurm/{name}")));
    text.map_or(0, |text| text.lines().count())
}
