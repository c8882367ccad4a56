//! Commands that behave like Slurm's, on this machine.

use std::os::unix::fs::PermissionsExt as _;

use crate::project::Project;

/// Starts each task in the background. Writes its options to `calls`. Runs `hook`, which a test may write.
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
[ ! -f "$here/after" ] || . "$here/after"
echo "${form:-$job}"
"#;

/// Lists the tasks with the name that is asked for: as running while their process lives.
const SQUEUE: &str = r#"#!/bin/bash
here=$(cd "$(dirname "$0")" && pwd)
names=,
while [ $# -gt 0 ]; do [ "$1" = -n ] && names=,$2,; shift; done
for file in "$here"/task-*; do
  [ -f "$file" ] || continue
  IFS=- read -r _ job index name <<< "$(basename "$file")"
  case $names in *,$name,*) ;; *) continue ;; esac
  state='FAILED|RaisedSignal:9(Killed)'
  kill -0 "$(cat "$file")" 2>/dev/null && state='RUNNING|None'
  echo "$job|$index|$state|n1"
done
exit 0
"#;

const SCANCEL: &str = r#"#!/bin/bash
here=$(cd "$(dirname "$0")" && pwd)
for job in "$@"; do for file in "$here"/task-"$job"-*; do kill "$(cat "$file")"; done; done
"#;

const FAILS: &str = "#!/bin/bash\necho 'this must not be needed' >&2\nexit 1\n";

/// Puts the commands into the folder `slurm` of a project, and its `sbatch` into the profile.
pub(super) fn install(project: &Project) {
    for (name, text) in [
        ("sbatch", SBATCH),
        ("squeue", SQUEUE),
        ("scancel", SCANCEL),
        ("sinfo", "#!/bin/bash\necho '0/2/0/2|infinite'\n"),
        ("scontrol", "#!/bin/bash\necho 'MaxArraySize = 1001'\n"),
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
    let calls = project.path("slurm/calls");
    std::fs::read_to_string(calls).map_or(0, |calls| calls.lines().count())
}
