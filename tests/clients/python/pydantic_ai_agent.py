"""Agents of pydantic-ai. Ways: `chat`, `responses` and `anthropic`."""

from __future__ import annotations

from anthropic import AsyncAnthropic
from openai import AsyncOpenAI
from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, PartDeltaEvent, PartStartEvent, TextPart, TextPartDelta
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from serve import KEY, ROOT, URL, WAY, serve



def model_of(name: str, key: str = KEY):
    """As the documentation says, with clients that do not try again by themselves."""
    if WAY[0] == "anthropic":
        made = AsyncAnthropic(base_url=ROOT, api_key=key, max_retries=0, timeout=30)
        return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=made))
    provider = OpenAIProvider(openai_client=AsyncOpenAI(base_url=URL, api_key=key, max_retries=0, timeout=30))
    return (OpenAIChatModel if WAY[0] == "chat" else OpenAIResponsesModel)(name, provider=provider)


def run(agent: Agent, prompt: str, stream: bool) -> list[dict]:
    """The agent's turns. A handler of events makes it stream."""
    pieces = [0]

    async def handler(_, events) -> None:
        async for event in events:
            begun = isinstance(event, PartStartEvent) and isinstance(event.part, TextPart) and event.part.content
            pieces[0] += bool(begun or isinstance(event, PartDeltaEvent) and isinstance(event.delta, TextPartDelta))

    result = agent.run_sync(prompt, **({"event_stream_handler": handler} if stream else {}))
    turns = [message for message in result.all_messages() if isinstance(message, ModelResponse)]
    return [show(turn, pieces[0]) for turn in turns]


def show(turn: ModelResponse, pieces: int) -> dict:
    """What the objects hold."""
    return {
        "text": turn.text,
        "calls": [{"name": call.tool_name, "arguments": call.args_as_dict()} for call in turn.tool_calls],
        "finish": turn.finish_reason,
        "usage": {"input": turn.usage.input_tokens, "output": turn.usage.output_tokens},
        "model": turn.model_name,
        "pieces": pieces,
    }


def text(model: str, prompt: str, stream: bool, **more: str) -> dict:
    """A question and its answer."""
    [turn] = run(Agent(model_of(model, **more)), prompt, stream)
    return turn


def tools(model: str, prompt: str, result: str, stream: bool) -> list[dict]:
    """An agent with a tool: a question, a call, its result, the answer."""
    agent = Agent(model_of(model), instructions="Be brief.")

    @agent.tool_plain
    def weather(city: str, days: int) -> str:
        """The weather."""
        return result

    return run(agent, prompt, stream)


class City(BaseModel):
    """What structured output is read into."""

    name: str
    population: int


def parse(model: str, prompt: str) -> dict:
    """Structured output, which is a tool by default."""
    return Agent(model_of(model), output_type=City).run_sync(prompt).output.model_dump()


if __name__ == "__main__":
    serve(text=text, tools=tools, parse=parse)
