#!/usr/bin/env bash
# Runs the end-to-end tests: real Envoy, the compiled filter, providers that assert.
# Arguments go to pytest: tests/e2e.sh test_failover.py -k 429
# Files run side by side, two at a time (WORKERS=N for another number): most of a test's time is spent waiting.
# The last line is the verdict: `e2e: N passed, 0 failed`.
set -eu
cd "$(dirname "$0")/.."
. tests/lib.sh

need_venv
for file in dist/switchyard.wasm; do
  [ -s "$file" ] || { echo "e2e: $file is missing: run \`make wasm\`" >&2; exit 1; }
done
# Its own build when it is missing or older than the sources; cargo decides.
[ -n "${SWITCHYARD:-}" ] || cargo build --quiet --bin switchyard

report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
(cd tests/e2e && "$VENV/bin/python" -m pytest --color=no -n "${WORKERS:-2}" --dist loadfile "$@") 2>&1 | tee "$report" || status=$?
count_pytest "$report"
if [ "$PASSED" -eq 0 ] && [ "$FAILED" -eq 0 ]; then
  echo "e2e: no test ran"
  exit 1
fi
[ "$status" -eq 0 ] || [ "$FAILED" -gt 0 ] || FAILED=1
line="e2e: $PASSED passed, $FAILED failed"
[ "$SKIPPED" -eq 0 ] || line="e2e: $PASSED passed, $FAILED failed, $SKIPPED skipped"
echo "$line"
exit "$status"
