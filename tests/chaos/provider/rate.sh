#!/usr/bin/env bash
# How many small whole replies the simulator serves a second on one core, without ids: the load comes from the other
# cores. Needs wrk and taskset. The last line is the verdict: `rate: N replies a second, N us of CPU each`.
set -eu
cd "$(dirname "$0")/../../.."
command -v wrk >/dev/null || { echo "rate: wrk is missing (Debian: apt-get install wrk)" >&2; exit 1; }
cargo build --quiet --release -p chaos-provider
work=$(mktemp -d)
taskset -c 0 "${CARGO_TARGET_DIR:-target}/release/chaos-provider" --listen 127.0.0.1:0 >"$work/port" &
pid=$!
trap 'kill "$pid"; rm -rf "$work"' EXIT
until [ -s "$work/port" ]; do sleep 0.05; done
url=http://$(cut -d' ' -f2 "$work/port")
curl -sf -X PUT "$url/_cells" -d '{"a":{"format":"openai","key":"key-of-a-0001","record":false}}' >/dev/null
cat >"$work/request.lua" <<'LUA'
wrk.method = "POST"
wrk.headers["content-type"] = "application/json"
wrk.headers["authorization"] = "Bearer key-of-a-0001"
wrk.body = '{"model":"m","messages":[{"role":"user","content":"id:0102030405060708; hello"}]}'
LUA
wrk -t1 -c"${CONNECTIONS:-64}" -d"${SECONDS_EACH:-5}s" -s "$work/request.lua" "$url/a/v1/chat/completions" | tee "$work/report"
grep -q 'Non-2xx' "$work/report" && { echo "rate: errors"; exit 1; }
told=$(curl -sf "$url/_cells/a?ids=false")
grep -q '"violation_count":0' <<<"$told" || { echo "rate: violations: $told"; exit 1; }
ticks=$(awk '{print $14 + $15}' "/proc/$pid/stat")
requests=$(grep -oE '"served":[0-9]+' <<<"$told" | grep -oE '[0-9]+')
rate=$(awk '/^Requests\/sec/ {print int($2)}' "$work/report")
echo "rate: $rate replies a second, $((ticks * 1000000 / $(getconf CLK_TCK) / requests)) us of CPU each"
