#!/usr/bin/env bash
# Runs real clients, unmodified, against the gateway in real Envoy, with providers that assert.
# Arguments go to pytest: tests/clients.sh test_openai_chat.py -k gemini
# What cannot be installed is skipped aloud. The last line is the verdict: `clients: N passed, 0 failed`.
set -eu
cd "$(dirname "$0")/.."
. tests/lib.sh

need_venv
[ -s dist/switchyard.wasm ] || { echo "clients: dist/switchyard.wasm is missing: run \`make wasm\`" >&2; exit 1; }
[ -n "${SWITCHYARD:-}" ] || cargo build --quiet --bin switchyard
for install in tests/clients/install.sh tests/clients/cli_install.sh; do
  [ ! -e "$install" ] || "$install"
done

# Clients get loopback and no other network, where the kernel lets one say so.
alone=()
if unshare --map-root-user --net true 2>/dev/null; then alone=(unshare --map-root-user --net "$VENV/bin/python" loopback.py); fi

report=$(mktemp)
trap 'rm -f "$report"' EXIT
status=0
(cd tests/clients && "${alone[@]}" "$VENV/bin/python" -m pytest --color=no "$@") 2>&1 | tee "$report" || status=$?
count_pytest "$report"
if [ "$PASSED" -eq 0 ] && [ "$FAILED" -eq 0 ]; then
  echo "clients: no test ran"
  exit 1
fi
[ "$status" -eq 0 ] || [ "$FAILED" -gt 0 ] || FAILED=1
line="clients: $PASSED passed, $FAILED failed"
[ "$SKIPPED" -eq 0 ] || line="$line, $SKIPPED skipped"
echo "$line"
exit "$status"
