"""The official `anthropic` package for Python and `@anthropic-ai/sdk` for Node: Messages."""

from __future__ import annotations

from conftest import World
from matrix import QUESTION, STREAM, Matrix, StructuredOutput, Thinking
from program import Act
from upstreams import UPSTREAMS

ERRORS = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError", 503: "InternalServerError"}


class Messages(Matrix, Thinking):
    """Messages."""

    dialect = "anthropic"
    finish = ("end_turn", "tool_use")
    errors = ERRORS
    cached_in_input = False

    def shows(self, turn: dict, name: str, text: str | None = None, asked: str = "") -> None:
        """Tokens from a cache are counted apart."""
        super().shows(turn, name, text, asked)
        assert (turn["usage"]["cached"] or 0) == UPSTREAMS[name].usage.cached

    @STREAM
    def test_what_a_format_cannot_do_is_refused(self, client: Act, world: World, stream: bool) -> None:
        """The gateway's own 400: only Anthropic runs the search that must be called."""
        search = {"tools": [{"type": "web_search_20250305", "name": "web_search"}], "tool_choice": {"type": "tool", "name": "web_search"}}
        more = {"model": "to-cohere", "prompt": QUESTION, "stream": stream, **search}
        assert "tool_choice.name" in self.raises(client, 400, "text", **more).message
        assert not world["cohere"].requests


class TestPython(Messages, StructuredOutput):
    """`anthropic.Anthropic().messages`"""

    group, program = "venv", "anthropic_messages.py"
    broken = "APIError"

    def test_models(self, client: Act, world: World) -> None:
        assert {f"to-{name}" for name in UPSTREAMS} <= set(client("models"))


class TestNode(Messages):
    """`new Anthropic().messages`"""

    group, program = "node", "anthropic_messages.mjs"
    broken = "APIError"
