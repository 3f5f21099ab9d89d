"""Instructor, on clients of each dialect. Ways: `tools`, `json`, `responses` and `anthropic`."""

from __future__ import annotations

import anthropic
import instructor
import openai
from pydantic import BaseModel
from serve import KEY, ROOT, URL, WAY, serve

MODES = {
    "tools": instructor.Mode.TOOLS,
    "json": instructor.Mode.JSON_SCHEMA,
    "responses": instructor.Mode.RESPONSES_TOOLS,
    "anthropic": instructor.Mode.ANTHROPIC_TOOLS,
}


class City(BaseModel):
    """A city."""

    name: str
    population: int


def client(key: str):
    """Instructor around an SDK that does not try again by itself."""
    if WAY[0] == "anthropic":
        return instructor.from_anthropic(anthropic.Anthropic(base_url=ROOT, api_key=key, max_retries=0, timeout=30), mode=MODES[WAY[0]])
    return instructor.from_openai(openai.OpenAI(base_url=URL, api_key=key, max_retries=0, timeout=30), mode=MODES[WAY[0]])


def extract(model: str, prompt: str, stream: bool, retries: int = 0, key: str = KEY) -> dict:
    """A city out of a text, whole or in growing parts. What does not fit is asked for again, `retries` times."""
    more = {"max_tokens": 2048} if WAY[0] == "anthropic" else {}
    asked = {"model": model, "messages": [{"role": "user", "content": prompt}], **more}
    create = client(key).chat.completions
    if stream:
        return [part.model_dump() for part in create.create_partial(response_model=City, max_retries=0, **asked)][-1]
    return create.create(response_model=City, max_retries=retries, **asked).model_dump()


if __name__ == "__main__":
    serve(extract=extract)
