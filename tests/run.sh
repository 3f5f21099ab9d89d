#!/usr/bin/env bash
# Sets up what the tests need and runs every one of them: the workspace's Rust tests (native, golden, strict hosts),
# then the end-to-end tests. The last line adds up the runners' own counts: `N passed, N failed, N skipped`.
set -u
cd "$(dirname "$0")/.."
. tests/lib.sh

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
passed=0 failed=0 skipped=0

# Adds what a runner counted. A runner that failed without a failed test (it did not build, it crashed) is a failure.
add() {
  local status=$1
  [ "$status" -eq 0 ] || [ "$FAILED" -gt 0 ] || FAILED=1
  passed=$((passed + PASSED)) failed=$((failed + FAILED)) skipped=$((skipped + SKIPPED))
}

if [ ! -s dist/switchyard.wasm ] || [ -n "$(find src Cargo.toml Cargo.lock -newer dist/switchyard.wasm -print -quit)" ]; then
  make wasm || { echo "the filter does not build"; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
fi

echo "== cargo test"
status=0
cargo test --workspace --no-fail-fast 2>&1 | tee "$reports/cargo" || status=$?
count_cargo "$reports/cargo"
add "$status"

echo "== end to end"
status=0
tests/e2e.sh 2>&1 | tee "$reports/e2e" || status=$?
count_pytest "$reports/e2e"
add "$status"

# Parts of tests that had nothing to run on say so; they are not in the runners' counts.
grep -hE '^(.*: )?skipped: ' "$reports"/* | sort -u || true
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
