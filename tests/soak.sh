#!/usr/bin/env bash
# Sends a million requests of every kind through real Envoy (REQUESTS=N for another number), with providers whose replies are
# of every kind too. Needs wrk. The last line is the verdict.
set -eu
cd "$(dirname "$0")/.."
. tests/lib.sh

command -v wrk >/dev/null || { echo "soak: wrk is missing: install it with the system's packages" >&2; exit 1; }
[ -s dist/switchyard.wasm ] || { echo "soak: dist/switchyard.wasm is missing: run \`make wasm\`" >&2; exit 1; }
need_venv
cargo build --quiet --bin switchyard
cargo build --quiet --example soak-provider
SOAK_PROVIDER="${CARGO_TARGET_DIR:-target}/debug/examples/soak-provider" exec "$VENV/bin/python" tests/soak/soak.py
