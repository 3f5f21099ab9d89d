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
WAY = [""]
"""In which of its ways a program is told to do something, where it has several."""
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "description": "How many days."}},
    "required": ["city", "days"],
    "additionalProperties": False,
}


def about(error: BaseException) -> dict:
    """An exception of a library: its class and those above it, and the HTTP reply that it was made from."""
    causes = [error]
    while (cause := causes[-1].__cause__ or causes[-1].__context__) and cause not in causes:
        causes.append(cause)
    headers = [getattr(getattr(one, "response", None), "headers", None) for one in causes]
    waits = [found.get("retry-after") for found in headers if found]
    return {
        "classes": [kind.__name__ for kind in type(error).__mro__],
        "causes": [type(cause).__name__ for cause in causes[1:]],
        "message": str(error),
        "status": getattr(error, "status_code", None),
        "retry_after": next((wait for wait in waits if wait), None),
        "trace": traceback.format_exc(limit=-4),
    }


def serve(**actions: Callable[..., object]) -> None:
    """Does what it is told until there is no more. What a library prints must not get between the answers."""
    out, sys.stdout = sys.stdout, sys.stderr
    for line in sys.stdin:
        told = json.loads(line)
        WAY[0] = told["way"]
        try:
            answer = {"result": actions[told["action"]](**told["arguments"])}
        except Exception as error:
            answer = {"raised": about(error)}
        print(json.dumps(answer), file=out, flush=True)
