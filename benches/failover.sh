#!/usr/bin/env bash
# Figures of failover: errors that clients see while a provider goes down and comes back, the time until it is left out and
# until it is asked again, and what a failover costs. Real Envoy with two workers, k6, providers that misbehave on command.
# --only REGEX runs some of them, --quick fewer requests, --write puts the tables into docs/failover.md.
# The last line is the verdict: `failover: N requests and N streams, 0 errors; ...`.
set -eu
cd "$(dirname "$0")/.."
. tests/lib.sh

need_venv
need_k6
need_gateway failover
if [ -z "${CHAOS_PROVIDER:-}" ]; then
  cargo build --quiet --release -p chaos-provider
  export CHAOS_PROVIDER="${CARGO_TARGET_DIR:-target}/release/chaos-provider"
fi
exec env PYTHONPATH=benches/failover:tests/e2e:tests/chaos "$VENV/bin/python" -m figures "$@"
