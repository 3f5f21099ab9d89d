#!/usr/bin/env python3
"""CPU that Envoy spends on a request: plain, with an empty pair of wasm filters, and with Switchyard.

Each case is one Envoy with one worker, pinned to one CPU; the load generator (wrk) and the provider (another Envoy that
answers directly) have the other. All cases take turns, round by round, so that a machine whose speed drifts slows them
alike. What is counted is the user and system time of the measured process, divided by the requests that wrk completed.
Only the standard library is used.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
TICK = os.sysconf("SC_CLK_TCK")
EXT = "type.googleapis.com/envoy.extensions.filters"
EVENTS = 200


def fail(message: str) -> None:
    print(f"bench: {message}", file=sys.stderr)
    sys.exit(1)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def chat_reply() -> str:
    message = {"role": "assistant", "content": "word " * 150, "refusal": None}
    usage = {"prompt_tokens": 200, "completion_tokens": 150, "total_tokens": 350}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return json.dumps({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4.1",
                       "choices": [choice], "usage": usage})


def messages_reply() -> str:
    return json.dumps({"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
                       "content": [{"type": "text", "text": "word " * 150}], "stop_reason": "end_turn",
                       "stop_sequence": None, "usage": {"input_tokens": 200, "output_tokens": 150}})


def chat_stream() -> str:
    def chunk(delta: dict, finish=None) -> str:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return "data: " + json.dumps({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1,
                                      "model": "gpt-4.1", "choices": [choice], "usage": None}) + "\n\n"
    parts = [chunk({"role": "assistant", "content": ""})]
    parts += [chunk({"content": "word "}) for _ in range(EVENTS)]
    return "".join(parts + [chunk({}, "stop"), "data: [DONE]\n\n"])


def messages_stream() -> str:
    def event(name: str, **data) -> str:
        return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n"
    start = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5", "content": [],
             "stop_reason": None, "stop_sequence": None, "usage": {"input_tokens": 200, "output_tokens": 1}}
    delta = {"type": "text_delta", "text": "word "}
    parts = [event("message_start", message=start),
             event("content_block_start", index=0, content_block={"type": "text", "text": ""})]
    parts += [event("content_block_delta", index=0, delta=delta) for _ in range(EVENTS)]
    parts += [event("content_block_stop", index=0),
              event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None},
                    usage={"output_tokens": 150}), event("message_stop")]
    return "".join(parts)


def hcm(name: str, routes: list, filters: list, **more) -> dict:
    config = {"@type": f"{EXT}.network.http_connection_manager.v3.HttpConnectionManager", "stat_prefix": name,
              "generate_request_id": False, "http_filters": filters,
              "route_config": {"virtual_hosts": [{"name": name, "domains": ["*"], "routes": routes}], **more}}
    return {"filters": [{"name": "hcm", "typed_config": config}]}


def router(**more) -> dict:
    return {"name": "router", "typed_config": {"@type": f"{EXT}.http.router.v3.Router", **more}}


def bootstrap(port: int, admin: int, chain: dict, clusters: list) -> dict:
    def address(number: int) -> dict:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}
    listener = {"name": "bench", "address": address(port), "filter_chains": [chain]}
    return {"admin": {"address": address(admin)},
            "static_resources": {"listeners": [listener], "clusters": clusters}}


def backend(port: int, admin: int) -> dict:
    def answer(path: str, body: str, content_type: str, **match) -> dict:
        header = {"header": {"key": "content-type", "value": content_type}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
        return {"match": {"path": path, **match}, "response_headers_to_add": [header],
                "direct_response": {"status": 200, "body": {"inline_string": body}}}
    stream = {"headers": [{"name": "accept", "string_match": {"exact": "text/event-stream"}}]}
    routes = [answer("/v1/chat/completions", chat_stream(), "text/event-stream", **stream),
              answer("/v1/messages", messages_stream(), "text/event-stream", **stream),
              answer("/v1/chat/completions", chat_reply(), "application/json"),
              answer("/v1/messages", messages_reply(), "application/json")]
    # An answer before the request's end makes the proxy close the connection: the whole request is read first.
    whole = {"name": "buffer", "typed_config": {"@type": f"{EXT}.http.buffer.v3.Buffer", "max_request_bytes": 1 << 24}}
    return bootstrap(port, admin, hcm("backend", routes, [whole, router()], max_direct_response_body_size_bytes=1 << 20), [])


def wasm(path: pathlib.Path) -> dict:
    vm = {"vm_id": "empty", "runtime": "envoy.wasm.runtime.v8", "code": {"local": {"filename": str(path)}}}
    return {"name": "empty", "typed_config": {"@type": f"{EXT}.http.wasm.v3.Wasm",
            "config": {"name": "empty", "root_id": "empty", "vm_config": vm}}}


def proxy(port: int, admin: int, target: int, module: pathlib.Path | None) -> dict:
    codec = {"name": "codec", "typed_config": {"@type": f"{EXT}.http.upstream_codec.v3.UpstreamCodec"}}
    filters = [router()] if module is None else [wasm(module), router(upstream_http_filters=[wasm(module), codec])]
    endpoint = {"endpoint": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": target}}}}
    cluster = {"name": "backend", "type": "STATIC", "connect_timeout": "1s",
               "load_assignment": {"cluster_name": "backend", "endpoints": [{"lb_endpoints": [endpoint]}]}}
    routes = [{"match": {"prefix": "/"}, "route": {"cluster": "backend", "timeout": "0s"}}]
    return bootstrap(port, admin, hcm("proxy", routes, filters), [cluster])


def switchyard(port: int, admin: int, target: int) -> str:
    base = f"http://127.0.0.1:{target}"
    return f"""listen: 127.0.0.1:{port}
admin: 127.0.0.1:{admin}
providers:
  - {{name: openai, type: openai, base_url: "{base}/v1", api_key: {{value: sk-bench}}}}
  - {{name: claude, type: anthropic, base_url: "{base}", api_key: {{value: sk-bench}}}}
models:
  - {{name: same, targets: [{{provider: openai, model: same}}, {{provider: claude, model: claude-sonnet-4-5}}]}}
  - {{name: converted, targets: [{{provider: claude, model: claude-sonnet-4-5}}, {{provider: openai, model: same}}]}}
"""


class Envoy:
    """One Envoy process, pinned."""

    def __init__(self, binary: str, config: pathlib.Path, admin: int, cpu: int, log: pathlib.Path):
        command = [binary, "-c", str(config), "--disable-hot-restart", "--concurrency", "1", "--log-level", "warning"]
        if shutil.which("taskset"):
            command = ["taskset", "-c", str(cpu), *command]
        self.process = subprocess.Popen(command, stdout=log.open("wb"), stderr=subprocess.STDOUT, cwd=ROOT)
        self.log = log
        deadline = time.monotonic() + 30
        while True:
            if self.process.poll() is not None:
                fail(f"Envoy did not start:\n{log.read_text()[-2000:]}")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{admin}/ready", timeout=1) as reply:
                    if reply.status == 200:
                        return
            except OSError:
                pass
            if time.monotonic() > deadline:
                fail(f"Envoy was not ready within 30 s:\n{log.read_text()[-2000:]}")
            time.sleep(0.1)

    def cpu(self) -> float:
        """Seconds of user and system time so far."""
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def request_script(folder: pathlib.Path, model: str, stream: bool) -> pathlib.Path:
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "word " * 180}],
                       **({"stream": True, "stream_options": {"include_usage": True}} if stream else {})})
    accept = "text/event-stream" if stream else "application/json"
    script = folder / f"{model}-{stream}.lua"
    script.write_text(f"wrk.method = 'POST'\nwrk.body = [[{body}]]\nwrk.headers['Content-Type'] = 'application/json'\n"
                      f"wrk.headers['Accept'] = '{accept}'\nwrk.headers['Authorization'] = 'Bearer sk-client'\n")
    return script


def load(port: int, script: pathlib.Path, seconds: float, cpu: int) -> int:
    """Runs wrk and gives the number of requests, all of which must have been answered with 200."""
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", "-s", str(script), f"http://127.0.0.1:{port}/v1/chat/completions"]
    if shutil.which("taskset"):
        command = ["taskset", "-c", str(cpu), *command]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 30).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        fail(f"requests failed:\n{output}")
    return int(re.search(r"(\d+) requests in", output).group(1))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--envoy", required=True, help="the Envoy binary")
    arguments.add_argument("--command", default=str(ROOT / "target/release/switchyard"), help="the switchyard binary")
    arguments.add_argument("--wasm", default=str(ROOT / "dist/switchyard.wasm"), help="the filter")
    arguments.add_argument("--empty", default=str(HERE / "empty/target/wasm32-unknown-unknown/release/empty.wasm"))
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=int, default=2)
    options = arguments.parse_args()
    if not shutil.which("wrk"):
        fail("wrk is not installed: apt-get install wrk")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="switchyard-bench-"))
    envoys: dict[str, Envoy] = {}
    try:
        run(options, folder, envoys)
    finally:
        for envoy in envoys.values():
            envoy.stop()
        shutil.rmtree(folder, ignore_errors=True)


def start(options, folder: pathlib.Path, envoys: dict) -> dict:
    """Starts the provider and the three proxies; gives their ports."""
    target = free_port()

    def launch(name: str, write, cpu: int, port: int) -> None:
        admin = free_port()
        config = folder / f"{name}.{'yaml' if name == 'switchyard' else 'json'}"
        config.write_text(write(port, admin))
        envoys[name] = Envoy(options.envoy, config, admin, cpu, folder / f"{name}.log")

    def rendered(port: int, admin: int) -> str:
        source = folder / "gateway.yaml"
        source.write_text(switchyard(port, admin, target))
        command = [options.command, "render", "envoy", "--wasm", options.wasm, str(source)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            fail(f"the configuration was refused:\n{done.stderr}")
        return done.stdout

    ports = {name: free_port() for name in ("plain", "empty", "switchyard")}
    launch("backend", lambda port, admin: json.dumps(backend(port, admin)), 1, target)
    launch("plain", lambda port, admin: json.dumps(proxy(port, admin, target, None)), 0, ports["plain"])
    empty = pathlib.Path(options.empty)
    launch("empty", lambda port, admin: json.dumps(proxy(port, admin, target, empty)), 0, ports["empty"])
    launch("switchyard", rendered, 0, ports["switchyard"])
    return ports


def run(options, folder: pathlib.Path, envoys: dict) -> None:
    ports = start(options, folder, envoys)
    # (name, process, model, stream)
    cases = [("plain Envoy, 1 KB", "plain", "same", False), ("empty pair, 1 KB", "empty", "same", False),
             ("same format, 1 KB", "switchyard", "same", False),
             ("converted, 1 KB", "switchyard", "converted", False),
             (f"plain Envoy, stream of {EVENTS}", "plain", "same", True),
             (f"empty pair, stream of {EVENTS}", "empty", "same", True),
             (f"same format, stream of {EVENTS}", "switchyard", "same", True),
             (f"converted, stream of {EVENTS}", "switchyard", "converted", True)]
    figures: dict[str, list[float]] = {name: [] for name, *_ in cases}
    for round_number in range(options.rounds + 1):
        for name, process, model, stream in cases:
            before = envoys[process].cpu()
            count = load(ports[process], request_script(folder, model, stream), options.seconds, 1)
            spent = (envoys[process].cpu() - before) / count * 1e6
            # The first round warms up.
            if round_number:
                figures[name].append(spent)
    report(cases, figures)


def report(cases: list, figures: dict) -> None:
    print(f"{'CPU of Envoy, µs a request':36}{'min':>8}{'median':>8}{'max':>8}{'/ empty pair':>14}")
    ratio: dict[str, float] = {}
    for name, _, _, stream in cases:
        floor = figures[f"empty pair, stream of {EVENTS}" if stream else "empty pair, 1 KB"]
        # Pair by pair: both were measured in the same round.
        ratio[name] = statistics.median(spent / empty for spent, empty in zip(figures[name], floor))
        spent = figures[name]
        print(f"{name:36}{min(spent):8.1f}{statistics.median(spent):8.1f}{max(spent):8.1f}{ratio[name]:14.2f}")
    print(f"bench: same-format {ratio['same format, 1 KB']:.2f}, converted {ratio['converted, 1 KB']:.2f} "
          "times the empty pair")


if __name__ == "__main__":
    main()
