"""What all programs share: a line of JSON in, a line of JSON out; and a tool."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable

ROOT = os.environ["GATEWAY"]
"""The gateway without a path."""
URL = f"{ROOT}/v1"
KEY = os.environ["GATEWAY_KEY"]
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "description": "How many days."}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


def about(error: BaseException) -> dict:
    """An exception of an SDK: its class and those above it, and the HTTP reply that it was made from."""
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None) or getattr(error, "headers", None) or {}
    return {
        "classes": [kind.__name__ for kind in type(error).__mro__],
        "message": str(error),
        "status": getattr(error, "status_code", None),
        "retry_after": headers.get("retry-after"),
        "trace": traceback.format_exc(limit=-4),
    }


def serve(**actions: Callable[..., object]) -> None:
    """Does what it is told until there is no more. What a library prints must not get between the answers."""
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        told = json.loads(line)
        try:
            answer = {"result": actions[told["action"]](**told["arguments"])}
        except Exception as error:
            answer = {"raised": about(error)}
        print(json.dumps(answer), file=out, flush=True)
