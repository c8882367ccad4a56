#!/usr/bin/env bash
# Runs a command with an S3 server on this machine: `tests/store/server.sh cargo test --release`.
# The server is moto; `REPORT_TEST_PYTHON` names a Python that has it (tests/requirements.txt). Without it, the command
# runs without a server, and the tests that need one say that they are skipped.
set -euo pipefail

python="${REPORT_TEST_PYTHON:-python3}"
if ! "$python" -c 'import moto.server' 2>/dev/null; then
  echo "moto is not installed: the tests on S3 will be skipped" >&2
  exec "$@"
fi

directory=$(mktemp -d)
# The server chooses a free port, and says so in its log.
"$python" -m moto.server -H 127.0.0.1 -p 0 >"$directory/log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; rm -rf "$directory"' EXIT

for _ in $(seq 150); do
  address=$(grep -o 'http://127.0.0.1:[0-9]*' "$directory/log" | head -1) && break
  sleep 0.2
done
[ -n "${address:-}" ] || { echo "the S3 server does not start:" >&2; cat "$directory/log" >&2; exit 1; }
"$python" - "$address" <<'PYTHON'
import sys
import urllib.request

# moto asks for no credentials to create a bucket.
request = urllib.request.Request(sys.argv[1] + "/report-test", method="PUT")
request.add_header("Authorization", "AWS4-HMAC-SHA256 Credential=tester/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0")
urllib.request.urlopen(request)
PYTHON
export REPORT_TEST_S3="$address"
"$@"
