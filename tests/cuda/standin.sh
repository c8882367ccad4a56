#!/usr/bin/env bash
# Tests `report --device cuda` without a GPU: what happens without a driver, without a device, with a wrong
# number and after a failure of a device, and whether training with the stand-in driver agrees with the CPU.
#
#   tests/cuda/standin.sh [BINARY]
#
# Without BINARY, it builds `report` with the feature `cuda`. The toolkit and the stand-in driver go to
# `target/cuda`. An existing toolkit is used again.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
cd "$root"
toolkit=$root/target/cuda/toolkit standin=$root/target/cuda/standin
unset CUDA_PATH
tests/cuda/toolkit.sh "$toolkit"
binary=${1:-}
if [ -z "$binary" ]; then
  tests/cuda/cargo.sh build
  binary=$root/target/release/report
fi
tests/cuda/standin/build.sh "$standin"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LD_LIBRARY_PATH=$standin:$toolkit/lib
unset STANDIN_DEVICES STANDIN_COUNTS STANDIN_FAIL_AFTER STANDIN_DRY

fail() { echo "standin.sh: $*" >&2; cat "$work/output" >&2; exit 1; }
# Runs a command, which must end with this status and print this text.
expect() {
  local status=$1 text=$2 found=0
  shift 2
  "$@" >"$work/output" 2>&1 || found=$?
  [ "$found" = "$status" ] || fail "status $found instead of $status: $*"
  grep -qF -- "$text" "$work/output" || fail "the output has no \"$text\": $*"
  echo "as expected: $text"
}
# How often the last command made this call.
count() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], 0))' "$work/counts" "$1"; }
# A project with eight runs, each of which takes a second at most.
project() { rm -rf "$work/project"; python3 tests/cuda/check.py --project "$work/project"; }
build() { env "${@:2}" "$binary" build --device "$1" --project "$work/project" --jobs 2; }

if [[ $(ldconfig -p) == *libcuda.so.1* ]]; then
  echo "not tested: a machine without a driver; this one has one"
else
  expect 127 "libcuda.so.1" env LD_LIBRARY_PATH="$toolkit/lib" "$binary" --version
fi

project
expect 0 "8 runs to train" env STANDIN_DEVICES=0 "$binary" status --device cuda --project "$work/project"
expect 2 "no CUDA device can be used here: the driver says \"no CUDA-capable device is detected\"" \
  build cuda STANDIN_DEVICES=0
expect 2 "there is no device \`cuda:3\`: the driver has one, \`cuda:0\`" build cuda:3
expect 2 "there is no device \`cuda:3\`: the driver has 2, \`cuda:0\` to \`cuda:1\`" build cuda:3 STANDIN_DEVICES=2
[ ! -e "$work/project/.report" ] || fail "a build without a device leaves files"
expect 0 "trained 8 runs" build cpu STANDIN_DEVICES=0 STANDIN_COUNTS="$work/counts"
[ "$(count 'devices opened')" = 0 ] || fail "a build on the CPU opens a device"

# Two workers, so two devices are open, each once.
expect 0 "trained 8 runs" build cuda STANDIN_COUNTS="$work/counts"
[ "$(count 'devices opened')" = 2 ] || fail "two workers opened a device $(count 'devices opened') times"
# What the build asked of the devices when this was written, and a tenth.
for limit in "launches 22000" "uploads 33000" "synchronisations 450"; do
  [ "$(count "${limit% *}")" -le "${limit#* }" ] || fail "$(count "${limit% *}") ${limit% *}, more than ${limit#* }"
done

# The device fails after most launches of a build: finished runs are kept, and the next build trains the others.
launches=$(count launches)
project
expect 1 "\`cuda:0\` has failed, and this process cannot use it again: an illegal memory access was encountered" \
  build cuda STANDIN_FAIL_AFTER=$((launches * 2 / 3))
kept=$(find "$work/project/.report/records" -name '*.json' | wc -l)
[ "$kept" -ge 1 ] && [ "$kept" -le 7 ] || fail "$kept of 8 runs are kept after a failure"
expect 0 "trained $((8 - kept)) runs" build cuda

tests/cuda/check.sh --short "$binary"
