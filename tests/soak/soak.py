"""Drives requests and replies of every kind through real Envoy, and watches its memory and its VMs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import corpus

from rig.envoy import wait_for
from rig.gateway import Gateway

HERE = Path(__file__).resolve().parent
WARM = 10_000
GROWTH = float(os.environ.get("GROWTH", "5"))


def gateway_file(port: int) -> dict:
    """A provider of each format before one that is well."""
    url = f"http://127.0.0.1:{port}"
    listed: list[dict] = [{"name": "ok", "type": "openai-compatible", "base_url": f"{url}/ok"}]
    models = []
    for name, kind in corpus.FORMATS.items():
        listed.append({"name": name, "type": kind, "base_url": f"{url}/{name}", "api_key": {"value": "k"}})
        models.append({"name": f"{name}-*", "targets": [{"provider": name, "model": "m"}, {"provider": "ok", "model": "m"}]})
    models.append({"name": "ok", "targets": [{"provider": "ok", "model": "m"}]})
    models.append({"name": "*", "targets": [{"provider": "anthropic", "model": "m"}, {"provider": "ok", "model": "m"}]})
    return {"providers": listed, "models": models}


def drive(port: int, folder: Path, seconds: int, seed: int) -> list[int]:
    """Sends requests for so long: answers, those of 2xx, 4xx, 5xx, and time-outs."""
    command = ["wrk", "-t2", "-c64", f"-d{seconds}s", "--timeout", "10s", "-s", str(HERE / "replay.lua"), f"http://127.0.0.1:{port}",
               "--", str(folder / "requests"), str(seed)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    found = re.search(r"^RESULT (.*)$", done.stdout, re.M)
    assert done.returncode == 0 and found, done.stdout + done.stderr
    return [int(word) for word in found[1].split()]


def settled(gateway: Gateway) -> int:
    """Memory once all requests have ended and Envoy has had time to free what they held."""
    wait_for("all requests have ended", lambda: gateway.envoy.stat("http.switchyard.downstream_rq_active") == 0, 30)
    time.sleep(3)
    return gateway.envoy.rss()


def main() -> int:
    wanted = int(os.environ.get("REQUESTS", "1000000"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        kinds = corpus.write(folder, int(os.environ.get("DAMAGES", "3")))
        print(f"soak: {kinds[0]} different requests, {kinds[1]} different replies", flush=True)
        provider = subprocess.Popen([os.environ["SOAK_PROVIDER"], str(folder / "replies")], stdout=subprocess.PIPE, text=True)
        assert provider.stdout
        gateway = Gateway(folder / "envoy", gateway_file(int(provider.stdout.readline())), {}, workers=2)
        try:
            return soak(gateway, folder, wanted)
        finally:
            gateway.stop()
            provider.kill()


def soak(gateway: Gateway, folder: Path, wanted: int) -> int:
    started = time.monotonic()
    sums = [0] * 5
    warm, warm_at, pace = 0, 0, 1.0
    while sums[0] < wanted:
        if sums[0] < WARM:
            seconds = 2
        else:
            # As long as the rest takes at the pace so far, and 30 s at most.
            seconds = max(1, min(30, int((wanted - sums[0]) / pace) + 1))
        begun = time.monotonic()
        answered = drive(gateway.port, folder, seconds, sums[0])
        pace = answered[0] / (time.monotonic() - begun)
        sums = [left + right for left, right in zip(sums, answered)]
        rss = settled(gateway)
        if not warm and sums[0] >= WARM:
            warm, warm_at = rss, sums[0]
        print(f"soak: {sums[0]} requests, {time.monotonic() - started:.0f} s; 2xx {sums[1]}, 4xx {sums[2]}, 5xx {sums[3]}; RSS {rss / 2**20:.1f} MB", flush=True)
        if problems := gateway.envoy.problems():
            print("\n".join(problems[:20]))
            break
    failed = list(gateway.envoy.problems())
    answer = gateway.client().chat({"model": "ok", "messages": [{"role": "user", "content": "hi"}]})
    if answer.status != 200 or not answer.complete:
        failed.append(f"the last request got {answer.status}: {answer.body[:200]!r}")
    if sums[4]:
        failed.append(f"{sums[4]} requests were not answered within 10 s")
    for low, what in zip(sums[1:4], ("2xx", "4xx", "5xx")):
        # Each is due for a good part of what is sent: without one, the mixture is not what it says.
        if low < sums[0] // 200:
            failed.append(f"only {low} answers of {what}")
    last = settled(gateway)
    growth = 100 * (last - warm) / warm
    if growth > GROWTH:
        failed.append(f"memory grew by more than {GROWTH:.0f} %")
    reloads = sum(value for name, value in gateway.envoy.stats(r"vm_reload").items() if name.endswith(("_success", "_failure")))
    for line in failed:
        print(f"soak: failed: {line}")
    print(f"soak: {sums[0]:,} requests, {reloads} VM reloads; RSS {warm / 2**20:.0f} MB after {warm_at:,}, {last / 2**20:.0f} MB after {sums[0]:,} ({growth:+.1f} %)")
    return 1 if failed or reloads else 0


if __name__ == "__main__":
    sys.exit(main())
