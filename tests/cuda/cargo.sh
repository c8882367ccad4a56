#!/usr/bin/env bash
# Runs a command of Cargo on `report` with the feature `cuda`, in the release profile.
#
#   tests/cuda/cargo.sh build
#
# It uses the CUDA toolkit in CUDA_PATH. If that is not set, it makes one from NVIDIA's wheels, in
# `target/cuda/toolkit`. CUDA_COMPUTE_CAP is the compute capability of the GPU, for example 86 for 8.6. If that
# is not set, it is that of the first GPU, or 90 where there is none.
set -euo pipefail

[ $# -ge 1 ] || { echo "usage: cargo.sh COMMAND [OPTION...]" >&2; exit 2; }
root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
if [ -z "${CUDA_COMPUTE_CAP:-}" ]; then
  found=$(nvidia-smi --query-gpu=compute_cap --format=csv,noheader --id=0 2>/dev/null) || found=9.0
  export CUDA_COMPUTE_CAP=${found/./}
fi
if [ -z "${CUDA_PATH:-}" ]; then
  export CUDA_PATH=$root/target/cuda/toolkit
  tests/cuda/toolkit.sh "$CUDA_PATH" "${CUDA_COMPUTE_CAP%?}.${CUDA_COMPUTE_CAP: -1}"
fi
export PATH=$CUDA_PATH/bin:$PATH
exec cargo "$1" --release --features cuda "${@:2}"
