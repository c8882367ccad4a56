#!/usr/bin/env bash
# Puts the CUDA 13.0 toolkit that builds `report` with the feature `cuda` into the folder DIR. It needs
# x86-64 Linux, Python with pip, and gcc, but no GPU and no driver. It downloads 620 MB of NVIDIA's wheels;
# DIR takes 1.1 GB. Nothing is done if DIR is complete.
#
#   tests/cuda/toolkit.sh DIR [CAPABILITY]
#
# CAPABILITY is the compute capability of the GPU, for example 9.0 (default), 8.6 or 12.0.
set -euo pipefail

fail() { echo "toolkit.sh: $*" >&2; exit 1; }

[ $# -ge 1 ] || fail "usage: toolkit.sh DIR [CAPABILITY]"
to=$1 capability=${2:-9.0}
here=$(cd "$(dirname "$0")" && pwd)
[[ $capability =~ ^[0-9]+\.[0-9]$ ]] || fail "\`$capability\` is no compute capability; an example is 9.0"
[ "$(uname -sm)" = "Linux x86_64" ] || fail "the wheels are for x86-64 Linux; use NVIDIA's installer on $(uname -sm)"
for tool in python3 gcc cargo; do
  command -v $tool >/dev/null || fail "\`$tool\` is missing"
done
python3 -m pip --version >/dev/null 2>&1 || fail "\`python3 -m pip\` does not work"

# The digest of the list of wheels says whether DIR has these wheels.
wheels=$(sha256sum <"$here/toolkit.txt")
if [ "$(cat "$to/wheels" 2>/dev/null)" != "$wheels" ]; then
  mkdir -p "$to"
  new=$(mktemp -d "$to/new.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  python3 -m pip download --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary :all: \
    --platform manylinux_2_28_x86_64 --platform manylinux_2_27_x86_64 --platform manylinux2014_x86_64 \
    --platform manylinux2010_x86_64 --dest "$new" --requirement "$here/toolkit.txt" ||
    fail "pip cannot download the wheels of toolkit.txt"
  for wheel in "$new"/*.whl; do
    python3 -m zipfile -e "$wheel" "$new"
    rm "$wheel"
  done
  chmod +x "$new"/nvidia/cu13/bin/* "$new"/nvidia/cu13/nvvm/bin/*
  # The linker looks for names without a version.
  for library in nvrtc cublas cublasLt; do
    ln -s "lib$library.so.13" "$new/nvidia/cu13/lib/lib$library.so"
  done
  rm -rf "$to"/{bin,include,lib,nvvm}
  cp -r "$new"/nvidia/cu13/. "$to"
  echo "$wheels" >"$to/wheels"
fi

# The linker wants a driver. This one has the names that the crate cudarc declares, and no function.
if [ ! -e "$to/lib64/stubs/libcuda.so" ]; then
  cudarc=$("$here/crate.sh" cudarc)
  mkdir -p "$to/lib64/stubs"
  grep -oE 'pub fn cu[A-Z]\w*' "$cudarc/src/driver/sys.rs" | sort -u | awk '{ print "int " $3 "(void) { return 100; }" }' |
    gcc -x c -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$to/lib64/stubs/libcuda.so" - ||
    fail "gcc cannot make a driver to link with"
fi

# dfdx asks `nvidia-smi` for the compute capability.
printf '#!/bin/sh\nprintf "compute_cap\\n%s\\n"\n' "$capability" >"$to/bin/nvidia-smi"
chmod +x "$to/bin/nvidia-smi"
