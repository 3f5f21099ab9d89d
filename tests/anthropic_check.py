"""Reads with Anthropic's own SDK what a Messages client is given: the golden streams and replies.

    anthropic_check.py [FOLDER]      golden cases; by default tests/golden/messages beside this file

A stream goes through the SDK's accumulator, as that of a server would. Prints what is wrong, how many were read, and
exits with 1 if anything is wrong. Nothing is sent.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import anthropic
import httpx2


def client(body: bytes, media: str) -> anthropic.Anthropic:
    """A client whose server answers with this body."""
    answer = httpx2.MockTransport(lambda _: httpx2.Response(200, headers={"content-type": media}, content=body))
    http = httpx2.Client(transport=answer)
    return anthropic.Anthropic(api_key="k", base_url="http://gateway.test", max_retries=0, http_client=http)


ASK = {"model": "m", "max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}


def deltas(body: str) -> list[dict]:
    """The data of the events that tell why the answer ended."""
    data = (line[6:] for line in body.splitlines() if line.startswith("data: "))
    return [event for event in map(json.loads, data) if event.get("type") == "message_delta"]


def stream(body: bytes) -> str | None:
    """What is wrong with a stream."""
    fails = b"event: error" in body
    try:
        with client(body, "text/event-stream").messages.stream(**ASK) as events:
            message = events.get_final_message()
    except anthropic.APIStatusError as error:
        return None if fails else f"fails: {error}"
    if fails:
        return "the error is not seen"
    for told in deltas(body.decode()):
        counts = {name: count for name, count in told["usage"].items() if name.endswith("_tokens")}
        seen = message.usage.model_dump()
        if any(seen[name] != count for name, count in counts.items()):
            return f"{seen} is not {counts}"
        if message.stop_reason != told["delta"]["stop_reason"]:
            return f"stopped by {message.stop_reason}"
    return blocks(message)


def blocks(message: anthropic.types.Message) -> str | None:
    """What is wrong with the blocks of a message."""
    if message.type != "message" or message.role != "assistant":
        return f"no message: {message}"
    calls = [block for block in message.content if block.type == "tool_use"]
    wrong = [call for call in calls if not isinstance(call.input, dict) or not call.id or not call.name]
    return f"no call: {wrong}" if wrong else None


def reply(body: bytes) -> str | None:
    """What is wrong with a whole reply."""
    if json.loads(body)["type"] == "error":
        return None
    return blocks(client(body, "application/json").messages.create(**ASK))


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "golden/messages"
    read = failed = 0
    for name, check in (("client.sse", stream), ("client.json", reply)):
        for path in sorted(folder.glob(f"*/*/{name}")):
            try:
                wrong = check(path.read_bytes())
            except Exception as error:  # noqa: BLE001: whatever the SDK raises
                wrong = f"{type(error).__name__}: {error}"
            read += 1
            if wrong:
                failed += 1
                print(f"FAILED {path.parent.relative_to(folder)}/{name}: {wrong}")
    print(f"{read} read, {failed} failed")
    return 1 if failed or not read else 0


if __name__ == "__main__":
    sys.exit(main())
