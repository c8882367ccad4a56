#!/usr/bin/env bash
# Checks `report` on a machine with an NVIDIA device: the device must agree with the CPU. Prints the
# differences, and the time of each condition of the paper on the CPU, on the device and in PyTorch.
#
#   tests/cuda/check.sh [--short] [BINARY]
#
# BINARY is a `report` with the feature `cuda`. Without one, this builds it: see cargo.sh. For PyTorch's times,
# `python3` needs a torch with CUDA. `--short` is for the stand-in driver.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
options=()
[ "${1:-}" != --short ] || { options+=(--short); shift; }
binary=${1:-}
if [ -z "$binary" ]; then
  "$root/tests/cuda/cargo.sh" build
  binary=$root/target/release/report
  [ -n "${CUDA_PATH:-}" ] || export LD_LIBRARY_PATH=$root/target/cuda/toolkit/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi
! command -v nvidia-smi >/dev/null || nvidia-smi --query-gpu=name,driver_version --format=csv,noheader
python3 "$root/tests/cuda/check.py" "$binary" "${options[@]}"
