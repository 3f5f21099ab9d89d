"""The official `openai` package, Responses."""

from __future__ import annotations

import json

import openai
from pydantic import BaseModel
from serve import KEY, SCHEMA, URL, serve

TOOL = {"type": "function", "name": "weather", "description": "The weather.", "parameters": SCHEMA, "strict": True}
api = openai.OpenAI(base_url=URL, api_key=KEY, max_retries=0, timeout=30)


def ask(model: str, given: list | str, stream: bool, key: str = KEY, **more: object) -> tuple:
    """A response, whole or built up by the SDK's own helper, and how many pieces of text it came in."""
    to = api if key == KEY else api.with_options(api_key=key)
    if not stream:
        return to.responses.create(model=model, input=given, **more), 1
    with to.responses.stream(model=model, input=given, **more) as events:
        pieces = sum(event.type == "response.output_text.delta" for event in events)
        return events.get_final_response(), pieces


def show(reply: openai.types.responses.Response, pieces: int) -> dict:
    """What the objects hold."""
    calls = [item for item in reply.output if item.type == "function_call"]
    return {
        "text": reply.output_text,
        "calls": [{"name": call.name, "arguments": json.loads(call.arguments)} for call in calls],
        "finish": reply.status,
        "usage": {"input": reply.usage.input_tokens, "output": reply.usage.output_tokens},
        "model": reply.model,
        "pieces": pieces,
    }


def text(model: str, prompt: str, stream: bool, **more: object) -> dict:
    """A question and its answer."""
    return show(*ask(model, prompt, stream, **more))


def tools(model: str, prompt: str, result: str, stream: bool, **more: object) -> list[dict]:
    """A question, a call, its result, the answer; the items go back as they came, as the documentation says."""
    items: list = [{"role": "user", "content": prompt}]
    more = {"instructions": "Be brief.", "tools": [TOOL], "store": False, **more}
    first, pieces = ask(model, items, stream, **more)
    calls = [item for item in first.output if item.type == "function_call"]
    items += first.output
    items += [{"type": "function_call_output", "call_id": call.call_id, "output": result} for call in calls]
    return [show(first, pieces), show(*ask(model, items, stream, **more))]


class City(BaseModel):
    """What structured output is read into."""

    name: str
    population: int


def parse(model: str, prompt: str) -> dict:
    """Structured output."""
    return api.responses.parse(model=model, input=prompt, text_format=City).output_parsed.model_dump()


def thinking(model: str, prompt: str, result: str, stream: bool) -> dict:
    """A conversation with a tool and reasoning that nothing keeps but the client: the summary of the first turn."""
    items: list = [{"role": "user", "content": prompt}]
    more = {"tools": [TOOL], "store": False, "include": ["reasoning.encrypted_content"], "reasoning": {"effort": "low", "summary": "auto"}}
    first, _ = ask(model, items, stream, **more)
    calls = [item for item in first.output if item.type == "function_call"]
    items += first.output
    items += [{"type": "function_call_output", "call_id": call.call_id, "output": result} for call in calls]
    second, _ = ask(model, items, stream, **more)
    thoughts = [part.text for item in first.output if item.type == "reasoning" for part in item.summary]
    return {"thoughts": "\n".join(thoughts), "text": second.output_text}


if __name__ == "__main__":
    serve(text=text, tools=tools, parse=parse, thinking=thinking)
