#!/usr/bin/env bash
# Everything about where Switchyard runs: the strict hosts that play Envoy and nginx for the compiled filter, the renderings for
# each host, the module's second build, and the end-to-end tests on each version of Envoy that can be had.
#
#   tests/hosts.sh           all of it: the end-to-end tests on every version. 41 minutes on two idle cores.
#   tests/hosts.sh --quick   what `make test` does not run: on each older Envoy the tests that depend most on it. Two minutes.
#
# The last line is the verdict: `hosts: N passed, 0 failed`, and how many were skipped; above it is why.
set -u
cd "$(dirname "$0")/.."
. tests/lib.sh

quick=false
case "${1:-}" in
  --quick) quick=true ;;
  "") ;;
  *) echo "usage: tests/hosts.sh [--quick]" >&2; exit 2 ;;
esac

reports=$(mktemp -d)
trap 'rm -rf "$reports"' EXIT
passed=0 failed=0 skipped=0

# The files that depend most on what Envoy does with an attempt and with a host that is left out; and the routes and filters of an
# Envoy that serves other things.
QUICK="test_failover.py test_ejection.py test_existing.py"
PARTS="not 5MB and not by_http and not another_sum"

# Adds what a runner counted. A runner that failed without a failed test (it did not build, it crashed) is a failure.
add() {
  local status=$1
  [ "$status" -eq 0 ] || [ "$FAILED" -gt 0 ] || FAILED=1
  passed=$((passed + PASSED)) failed=$((failed + FAILED)) skipped=$((skipped + SKIPPED))
}

# rust NAME ARGUMENTS-OF-CARGO-TEST...
rust() {
  local report="$reports/$1" status=0
  echo "== $1"
  shift
  cargo test "$@" >"$report" 2>&1 || status=$?
  if [ "$status" -ne 0 ]; then tail -60 "$report"; fi
  count_cargo "$report"
  echo "$PASSED passed, $FAILED failed"
  add "$status"
}

# end_to_end VERSION ARGUMENTS-OF-PYTEST...
end_to_end() {
  local version=$1 report="$reports/envoy-$1" status=0 envoy
  shift
  echo "== Envoy $version"
  if ! envoy=$(need_envoy "$version"); then
    echo "Envoy $version cannot be fetched"
    PASSED=0 FAILED=1 SKIPPED=0
    add 1
    return
  fi
  ENVOY="$envoy" tests/e2e.sh -rfEs "$@" >"$report" 2>&1 || status=$?
  grep -E '^(FAILED|ERROR) ' "$report" || true
  if [ "$status" -ne 0 ] && ! grep -qE '^(FAILED|ERROR) ' "$report"; then tail -40 "$report"; fi
  count_pytest "$report"
  echo "Envoy $version: $PASSED passed, $FAILED failed, $SKIPPED skipped"
  # By reason: each with the number of tests.
  { grep -E '^SKIPPED \[' "$report" || true; } | sed -E 's/^SKIPPED \[([0-9]+)\] [^ ]+: (.*)$/\1\t\2/' |
    awk -F'\t' -v version="$version" '{sum[$2] += $1} END {for (why in sum) print "skipped: Envoy " version ": " sum[why] " tests: " why}'
  add "$status"
}

# A mesh is told the module's sha256: two builds must give the same.
reproducible() {
  echo "== reproducible"
  PASSED=0 FAILED=0 SKIPPED=0
  if tools/reproducible.sh; then PASSED=1; else FAILED=1; fi
  add 0
}

# loaded VERSION TESTS: that Envoy takes what is rendered for it.
loaded() {
  local envoy
  envoy=$(need_envoy "$1") || return
  ENVOY="$envoy" rust "renderings on Envoy $1" --package switchyard --test cli -- "$2" --show-output
  { grep -E '^skipped: ' "$reports/renderings on Envoy $1" || true; } | sort -u
}

need_gateway hosts
if $quick; then
  for version in $ENVOYS; do
    # `make test` has it.
    [ "$version" = "$NEWEST_ENVOY" ] && continue
    # shellcheck disable=SC2086
    end_to_end "$version" $QUICK -k "$PARTS"
    loaded "$version" envoy_takes_the_renderings
  done
else
  rust "strict hosts" --package strict
  rust "renderings" --package switchyard --bin switchyard render
  for file in tests/cli.rs tests/*kong*.rs tests/*istio*.rs tests/*oci*.rs tests/*envoy*.rs; do
    [ -e "$file" ] || continue
    name=$(basename "$file" .rs)
    rust "$name" --package switchyard --test "$name"
  done
  reproducible
  for version in $ENVOYS; do
    end_to_end "$version"
    loaded "$version" envoy_takes
  done
fi

line="hosts: $passed passed, $failed failed"
[ "$skipped" -eq 0 ] || line="$line, $skipped skipped"
echo "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
