#!/usr/bin/env bash
# Runs a command with a Slurm cluster of one controller and three nodes on this machine, and stops the cluster after it.
# One of the nodes is in a partition of its own, for the test that kills it.
#
#   tests/slurm/cluster.sh cargo test --release -- slurm
#
# Needs root, and Debian's packages slurm-wlm and munge. Without them, runs the command without a cluster. The files of
# the cluster are beside `$SLURM_CONF`.
set -euo pipefail

if ! command -v slurmctld >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "there is no Slurm cluster: that needs root, slurm-wlm and munge" >&2
  exec env -u SLURM_CONF "$@"
fi

directory=$(mktemp -d)
host=$(hostname -s)
export SLURM_CONF=$directory/slurm.conf
# Tests stop parts of this cluster, and of no other.
export REPORT_TEST_CLUSTER=1

stop() {
  for name in n1 n2 n3 controller; do
    if [ -s "$directory/$name.pid" ]; then kill "$(cat "$directory/$name.pid")" 2>/dev/null || true; fi
  done
  # Jobs of killed tests must not outlive the cluster.
  pkill -f "slurmstepd.*" 2>/dev/null || true
  wait_gone=0; while [ $wait_gone -lt 50 ] && [ -s "$directory/controller.pid" ] && kill -0 "$(cat "$directory/controller.pid")" 2>/dev/null; do sleep 0.1; wait_gone=$((wait_gone + 1)); done
  rm -rf "$directory"
}
trap stop EXIT

mkdir "$directory"/{state,n1,n2,n3,log}
install -d -o munge -g munge -m 0755 /run/munge
pgrep -x munged >/dev/null || runuser -u munge -- /usr/sbin/munged
cat >"$SLURM_CONF" <<END
ClusterName=loop
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmUser=root
AuthType=auth/munge
StateSaveLocation=$directory/state
SlurmdSpoolDir=$directory/%n
SlurmctldPidFile=$directory/controller.pid
SlurmdPidFile=$directory/%n.pid
SlurmctldLogFile=$directory/log/controller.log
SlurmdLogFile=$directory/log/%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
MpiDefault=none
ReturnToService=2
SlurmdTimeout=10
KillWait=5
MinJobAge=30
NodeName=n1 NodeHostname=$host NodeAddr=127.0.0.1 Port=17001 CPUs=2 RealMemory=1000
NodeName=n2 NodeHostname=$host NodeAddr=127.0.0.1 Port=17002 CPUs=2 RealMemory=1000
NodeName=n3 NodeHostname=$host NodeAddr=127.0.0.1 Port=17003 CPUs=1 RealMemory=1000
PartitionName=fragile Nodes=n3 MaxTime=60 State=UP
PartitionName=debug Nodes=n1,n2 Default=YES MaxTime=60 State=UP
END
slurmctld
slurmd -N n1
slurmd -N n2
slurmd -N n3
idle() { sinfo -h -N -t idle -o %N 2>/dev/null | sort -u | wc -l; }
for _ in $(seq 100); do
  [ "$(idle)" = 3 ] && break
  sleep 0.2
done
[ "$(idle)" = 3 ] || { echo "the Slurm cluster did not start" >&2; cat "$directory"/log/*.log >&2; exit 1; }

"$@"
