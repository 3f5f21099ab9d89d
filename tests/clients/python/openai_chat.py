"""The official `openai` package, Chat Completions and embeddings."""

from __future__ import annotations

import json

import openai
from pydantic import BaseModel
from serve import KEY, SCHEMA, URL, serve

TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA}}
# Without retries of its own, so that it hides nothing.
api = openai.OpenAI(base_url=URL, api_key=KEY, max_retries=0, timeout=30)


def ask(model: str, messages: list, stream: bool, key: str = KEY, **more: object) -> tuple:
    """A reply, whole or built up by the SDK's own helper, and how many pieces of text it came in."""
    to = api if key == KEY else api.with_options(api_key=key)
    if not stream:
        return to.chat.completions.create(model=model, messages=messages, **more), 1
    with to.chat.completions.stream(model=model, messages=messages, stream_options={"include_usage": True}, **more) as events:
        pieces = sum(event.type == "content.delta" for event in events)
        return events.get_final_completion(), pieces


def show(reply: openai.types.chat.ChatCompletion, pieces: int) -> dict:
    """What the objects hold."""
    [choice] = reply.choices
    calls = choice.message.tool_calls or []
    return {
        "text": choice.message.content,
        "calls": [{"name": call.function.name, "arguments": json.loads(call.function.arguments)} for call in calls],
        "finish": choice.finish_reason,
        "usage": {"input": reply.usage.prompt_tokens, "output": reply.usage.completion_tokens},
        "model": reply.model,
        "pieces": pieces,
    }


def text(model: str, prompt: str, stream: bool, **more: object) -> dict:
    """A question and its answer."""
    return show(*ask(model, [{"role": "user", "content": prompt}], stream, **more))


def tools(model: str, prompt: str, result: str, stream: bool) -> list[dict]:
    """A question, a call, its result, the answer."""
    messages: list = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": prompt}]
    first, pieces = ask(model, messages, stream, tools=[TOOL])
    calls = first.choices[0].message.tool_calls
    # The SDK's message goes back as it is, as its documentation says.
    messages.append(first.choices[0].message)
    messages += [{"role": "tool", "tool_call_id": call.id, "content": result} for call in calls]
    return [show(first, pieces), show(*ask(model, messages, stream, tools=[TOOL]))]


class City(BaseModel):
    """What structured output is read into."""

    name: str
    population: int


def parse(model: str, prompt: str) -> dict:
    """Structured output."""
    reply = api.chat.completions.parse(model=model, messages=[{"role": "user", "content": prompt}], response_format=City)
    return reply.choices[0].message.parsed.model_dump()


def embed(model: str, texts: list[str]) -> dict:
    """Embeddings, which the SDK asks for in base64."""
    reply = api.embeddings.create(model=model, input=texts)
    return {"vectors": [one.embedding for one in reply.data], "tokens": reply.usage.total_tokens}


def models() -> list[str]:
    """The names of the models."""
    return [model.id for model in api.models.list()]


if __name__ == "__main__":
    serve(text=text, tools=tools, parse=parse, embed=embed, models=models)
