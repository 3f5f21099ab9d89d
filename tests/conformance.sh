#!/usr/bin/env bash
# Recorded traffic and a corpus of requests against referees that are not ours: see tests/conformance/main.rs. What is
# written for Bedrock is judged by botocore, and what a Messages client is given by Anthropic's SDK.
# The last line is the verdict: `conformance: N passed, 0 failed, M skipped`, and before it the reason of each skip.
set -u
cd "$(dirname "$0")/.."
. tests/lib.sh
need_venv

bodies=$(mktemp) report=$(mktemp)
trap 'rm -f "$bodies" "$report"' EXIT
status=0
CONFORMANCE_BEDROCK=$bodies cargo test --quiet --test conformance -- "$@" 2>&1 | tee "$report" | grep -v '^conformance: ' || true
line=$(grep -E '^conformance: ' "$report" | tail -1 || true)
[ -n "$line" ] || { echo "conformance: it did not run"; exit 1; }
PASSED=$(number "$line" passed) FAILED=$(number "$line" failed) SKIPPED=$(number "$line" skipped)

count=$(grep -c . "$bodies" || true)
if [ "$count" -gt 0 ]; then
  if "$VENV/bin/python" tests/botocore_check.py "$bodies"; then
    PASSED=$((PASSED + count))
  else
    FAILED=$((FAILED + 1))
  fi
fi
if read=$("$VENV/bin/python" tests/anthropic_check.py); then
  PASSED=$((PASSED + $(number "$read" read)))
else
  echo "$read"
  FAILED=$((FAILED + 1))
fi
echo "conformance: $PASSED passed, $FAILED failed, $SKIPPED skipped"
[ "$FAILED" -eq 0 ] && [ "$PASSED" -gt 0 ]
