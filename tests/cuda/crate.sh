#!/usr/bin/env bash
# Prints the folder of the sources of a crate that `report` depends on with the feature `cuda`.
#
#   tests/cuda/crate.sh NAME
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo metadata --format-version 1 --locked --features cuda | python3 -c '
import json, os, sys
packages = json.load(sys.stdin)["packages"]
print(*(os.path.dirname(p["manifest_path"]) for p in packages if p["name"] == sys.argv[1]))' "$1"
