#!/usr/bin/env bash
# Builds the stand-in driver into the folder DIR: `libcuda.so.1` and `libcublas.so.13`. It needs g++ 12.
#
#   tests/cuda/standin/build.sh DIR
#
# It compiles dfdx's own kernels for the host. A program finds it with LD_LIBRARY_PATH=DIR.
set -euo pipefail

[ $# = 1 ] || { echo "usage: build.sh DIR" >&2; exit 2; }
command -v g++ >/dev/null || { echo "build.sh: \`g++\` is missing" >&2; exit 1; }
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
to=$(cd "$1" && pwd)
sources=$("$here/../crate.sh" dfdx)/src/tensor_ops
cudarc=$("$here/../crate.sh" cudarc)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export CXXFLAGS="-std=c++17 -O2 -fPIC -fpermissive -w -I$work -I$here"

# The kernels of the operations that the networks of `report` are composed of.
for operation in accurate_gelu adam add axpy boolean choose cmp div exp mul negate select_and_gather sgd sigmoid slice sqrt square \
  sub sum_to tanh; do
  cp "$sources/$operation"/*.cu "$work"
done
cp "$sources"/utilities/*.cuh "$work"
# A file with two kernels as text includes this twice.
sed -i '1i #pragma once' "$work/cuda_utils.cuh"
: >"$work/compatibility.cuh"
: >"$work/cuda_fp16.h"
# Two files have their kernels as text in Rust. `report` compiles that text when it runs.
for operation in reshape_to concat_along; do
  tr -d '\r' <"$sources/$operation/cuda_kernel.rs" | sed -n '/^const .*KERNEL: &str = "$/,/^";$/p' |
    sed -E '/^const |^";$/d; s/\\"/"/g; s/\$Ty?\b/float/g' >"$work/$operation.cu"
done

compile() {
  local name
  name=$(basename "$1" .cu)
  {
    echo '#include "shim.h"'
    echo "#include \"$name.cu\""
    echo 'static int kernels[] = {'
    g++ $CXXFLAGS -include shim.h -x c++ -E "$1" | grep -oE 'extern "C" [^{}();]*\(\(weak\)\) void \w+' |
      awk '{ print "add(\"" $NF "\", " $NF ")," }' | grep -v 'f16\|f64' | sort -u
    echo '};'
  } >"$1.cpp"
  g++ $CXXFLAGS -c "$1.cpp" -o "$1.o"
}
export -f compile
printf '%s\n' "$work"/*.cu | xargs -P "$(nproc)" -I {} bash -euo pipefail -c 'compile {}'

# Every other function of the driver says that it is not supported.
grep -oE 'pub fn cu[A-Z]\w*' "$cudarc/src/driver/sys.rs" | sort -u |
  awk '{ print "__attribute__((weak)) int " $3 "(void) { return 801; }" }' |
  gcc -x c -O1 -fPIC -c -o "$work/absent.o" -
g++ $CXXFLAGS -shared -Wl,-soname,libcuda.so.1 -o "$to/libcuda.so.1" "$here/driver.cpp" "$work"/*.o
# The loader wants the version that cuBLAS has.
echo 'libcublas.so.13 { *; };' >"$work/version"
g++ $CXXFLAGS -shared -Wl,-soname,libcublas.so.13 -Wl,--version-script="$work/version" -o "$to/libcublas.so.13" "$here/cublas.cpp" -L"$to" -l:libcuda.so.1
