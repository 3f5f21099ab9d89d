"""What Codex needs of a gateway's settings, and calls that only its own API has."""

from __future__ import annotations

from rig import replies, responses
from rig.provider import Reply

CONFIG = """\
model_provider = "switchyard"

[model_providers.switchyard]
name = "Switchyard"
base_url = "{url}"
wire_api = "responses"
request_max_retries = 2
stream_max_retries = 2
"""
BY_VARIABLE = 'env_key = "SWITCHYARD_KEY"\n'
# Only with a command for its key does Codex read the list of models.
BY_COMMAND = '\n[model_providers.switchyard.auth]\ncommand = "/usr/bin/printenv"\nargs = ["SWITCHYARD_KEY"]\n'


def custom_call(namespace: str, name: str, given: str) -> Reply:
    """A streamed call of a tool that takes free text."""
    item = {"type": "custom_tool_call", "id": "ctc_1", "call_id": "call_custom01", "namespace": namespace, "name": name}
    whole = {**item, "input": given, "status": "completed"}
    at = {"item_id": "ctc_1", "output_index": 0}
    events = [
        *responses.created(),
        {"type": "response.output_item.added", "output_index": 0, "item": {**item, "input": "", "status": "in_progress"}},
        *({"type": "response.custom_tool_call_input.delta", **at, "delta": piece} for piece in responses.pieces(given)),
        {"type": "response.custom_tool_call_input.done", **at, "input": given},
        {"type": "response.output_item.done", "output_index": 0, "item": whole},
        {"type": "response.completed", "response": responses.response([whole])},
    ]
    return replies.events(responses.sse(events))
