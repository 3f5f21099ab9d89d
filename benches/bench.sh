#!/usr/bin/env bash
# CPU time of Envoy a request: plain, with an empty pair of filters, with Switchyard. All in one run, pinned.
# Arguments go to bench.py: benches/bench.sh --rounds 5 --seconds 2
# The last line is the verdict: `bench: same-format X.XX, converted X.XX times the empty pair`.
set -eu
cd "$(dirname "$0")/.."
. tests/lib.sh

command -v taskset >/dev/null || { echo "bench: taskset is missing (Debian: util-linux)" >&2; exit 1; }
need_wrk
[ -s dist/switchyard.wasm ] || { echo "bench: dist/switchyard.wasm is missing: run \`make wasm\`" >&2; exit 1; }

need_venv
[ -n "${SWITCHYARD:-}" ] || cargo build --quiet --bin switchyard
cargo build --quiet --locked --release --target wasm32-unknown-unknown --target-dir target/empty \
  --manifest-path benches/empty/Cargo.toml
command=${SWITCHYARD:-${CARGO_TARGET_DIR:-target}/debug/switchyard}
envoy=${ENVOY:-$(command -v envoy || echo "$VENV/bin/envoy")}
exec "$VENV/bin/python" benches/bench.py --envoy "$envoy" --command "$command" \
  --empty target/empty/wasm32-unknown-unknown/release/empty.wasm "$@"
