#!/usr/bin/env bash
# Failover under load: real Envoy with two workers, the gateway as rendered, providers that misbehave on command, k6.
# --quick: one format, small prompts, some of the faults; less than a minute. --help tells the other options.
# The last line is the verdict: `chaos: N scenarios, N passed; R requests, 0 lost, 0 duplicated`.
set -eu
cd "$(dirname "$0")/.."
. tests/lib.sh

need_venv
need_k6
need_gateway chaos
[ -n "${CHAOS_PROVIDER:-}" ] || cargo build --quiet -p chaos-provider
exec env PYTHONPATH=tests/e2e:tests/chaos "$VENV/bin/python" -m main "$@"
