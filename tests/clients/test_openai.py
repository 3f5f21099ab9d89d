"""The official `openai` packages for Python and Node: Chat Completions, Responses, embeddings, models."""

from __future__ import annotations

from conftest import World
from embedders import EMBEDDERS
from matrix import QUESTION, STREAM, Embeddings, Matrix, StructuredOutput, Thinking
from program import Act
from upstreams import UPSTREAMS

ERRORS = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError", 503: "InternalServerError"}


class Chat(Matrix, StructuredOutput, Embeddings):
    """Chat Completions."""

    dialect = "openai"
    finish = ("stop", "tool_calls")
    errors = ERRORS
    broken = "APIError"

    @STREAM
    def test_what_a_format_cannot_do_is_refused(self, client: Act, world: World, stream: bool) -> None:
        """The gateway's own 400: Anthropic does not tell probabilities."""
        more = {"model": "to-anthropic", "prompt": QUESTION, "stream": stream, "logprobs": True}
        assert "logprobs" in self.raises(client, 400, "text", **more).message
        assert not world["anthropic"].requests


class TestPythonChat(Chat):
    """`openai.OpenAI().chat.completions`"""

    group, program = "venv", "openai_chat.py"

    def test_models(self, client: Act, world: World) -> None:
        names = client("models")
        assert {f"to-{name}" for name in UPSTREAMS} | {f"embed-{name}" for name in EMBEDDERS} <= set(names)


class TestNodeChat(Chat):
    """`new OpenAI().chat.completions`"""

    group, program = "node", "openai_chat.mjs"


class Responses(Matrix, StructuredOutput, Thinking):
    """Responses."""

    dialect = "responses"
    finish = ("completed", "completed")
    errors = ERRORS
    broken = "APIError"

    @STREAM
    def test_what_a_format_cannot_do_is_refused(self, client: Act, world: World, stream: bool) -> None:
        """The gateway's own 400: no other format has answers that are worked on in the background."""
        more = {"model": "to-anthropic", "prompt": QUESTION, "stream": stream, "background": True}
        assert "background" in self.raises(client, 400, "text", **more).message
        assert not world["anthropic"].requests


class TestPythonResponses(Responses):
    """`openai.OpenAI().responses`"""

    group, program = "venv", "openai_responses.py"


class TestNodeResponses(Responses):
    """`new OpenAI().responses`"""

    group, program = "node", "openai_responses.mjs"
