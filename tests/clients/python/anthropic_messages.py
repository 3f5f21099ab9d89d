"""The official `anthropic` package, Messages."""

from __future__ import annotations

import anthropic
from pydantic import BaseModel
from serve import KEY, ROOT, SCHEMA, serve

TOOL = {"name": "weather", "description": "The weather.", "input_schema": SCHEMA}
api = anthropic.Anthropic(base_url=ROOT, api_key=KEY, max_retries=0, timeout=30)


def ask(model: str, messages: list, stream: bool, key: str = KEY, **more: object) -> tuple:
    """A message, whole or built up by the SDK's own helper, and how many pieces of text it came in."""
    to = api if key == KEY else api.with_options(api_key=key)
    more = {"max_tokens": 2048, **more}
    if not stream:
        return to.messages.create(model=model, messages=messages, **more), 1
    with to.messages.stream(model=model, messages=messages, **more) as events:
        pieces = sum(event.type == "text" for event in events)
        return events.get_final_message(), pieces


def show(reply: anthropic.types.Message, pieces: int) -> dict:
    """What the objects hold."""
    return {
        "text": "".join(block.text for block in reply.content if block.type == "text"),
        "calls": [{"name": block.name, "arguments": block.input} for block in reply.content if block.type == "tool_use"],
        "finish": reply.stop_reason,
        "usage": {"input": reply.usage.input_tokens, "output": reply.usage.output_tokens, "cached": reply.usage.cache_read_input_tokens},
        "model": reply.model,
        "pieces": pieces,
    }


def text(model: str, prompt: str, stream: bool, **more: object) -> dict:
    """A question and its answer."""
    return show(*ask(model, [{"role": "user", "content": prompt}], stream, **more))


def talk(model: str, prompt: str, result: str, stream: bool, **more: object) -> tuple:
    """A question, a call, its result, the answer; the blocks go back as they came."""
    messages: list = [{"role": "user", "content": prompt}]
    first, pieces = ask(model, messages, stream, tools=[TOOL], **more)
    calls = [block for block in first.content if block.type == "tool_use"]
    messages.append({"role": "assistant", "content": first.content})
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": result} for call in calls]
    messages.append({"role": "user", "content": results})
    return (first, pieces), ask(model, messages, stream, tools=[TOOL], **more)


def tools(model: str, prompt: str, result: str, stream: bool) -> list[dict]:
    """The same, as turns."""
    return [show(*turn) for turn in talk(model, prompt, result, stream, system="Be brief.")]


def thinking(model: str, prompt: str, result: str, stream: bool) -> dict:
    """The same with thinking: what the first turn thought, and the answer."""
    first, second = talk(model, prompt, result, stream, thinking={"type": "enabled", "budget_tokens": 1024})
    thoughts = [block.thinking for block in first[0].content if block.type == "thinking"]
    return {"thoughts": "".join(thoughts), "text": show(*second)["text"]}


class City(BaseModel):
    """What structured output is read into."""

    name: str
    population: int


def parse(model: str, prompt: str) -> dict:
    """Structured output."""
    messages = [{"role": "user", "content": prompt}]
    return api.messages.parse(model=model, max_tokens=2048, messages=messages, output_format=City).parsed_output.model_dump()


def count(model: str, prompt: str) -> int:
    """The tokens of a prompt."""
    return api.messages.count_tokens(model=model, messages=[{"role": "user", "content": prompt}]).input_tokens


def models() -> list[str]:
    """The names of the models."""
    return [model.id for model in api.models.list(limit=1000)]


if __name__ == "__main__":
    serve(text=text, tools=tools, thinking=thinking, parse=parse, count=count, models=models)
