"""Instructor: objects out of texts, by tools and by schemas, in the dialects of OpenAI and Anthropic."""

from __future__ import annotations

import pytest
from conftest import World
from matrix import CITY, EACH, QUESTION, STREAM, Client, asked, tell
from program import Act, Raised
from rig import replies
from upstreams import PAIRS, failing, structured


class Instructor(Client):
    """It wraps what the SDK below it raises."""

    group = "instructor"
    errors = {400: "BadRequestError", 401: "AuthenticationError", 404: "NotFoundError", 429: "RateLimitError", 503: "InternalServerError"}

    @STREAM
    @EACH
    def test_an_object(self, client: Act, world: World, name: str, stream: bool) -> None:
        world[name].script.append(structured(name, CITY))
        assert client("extract", model=f"to-{name}", prompt=QUESTION, stream=stream) == CITY
        [received] = world.received(name)
        assert asked(received) and "population" in tell(received)

    @pytest.mark.parametrize("fault", ["503", "reset"])
    @pytest.mark.parametrize(("one", "other"), PAIRS)
    def test_it_asks_again_and_another_format_answers(self, client: Act, world: World, one: str, other: str, fault: str) -> None:
        """What the first provider said does not fit; the second turn says so, and finds the provider gone."""
        gone = replies.reset() if fault == "reset" else failing(one, 503)
        world[one].script.extend([structured(one, {**CITY, "population": "many"}), gone])
        world[other].script.append(structured(other, CITY))
        assert client("extract", model=f"{one}-then-{other}", prompt=QUESTION, stream=False, retries=1) == CITY
        [second] = world.received(other)
        assert asked(second) and "many" in tell(second), "the answer that did not fit is not in the conversation"

    @pytest.mark.parametrize("status", [400, 429, 503])
    def test_errors(self, client: Act, world: World, status: int) -> None:
        world["anthropic"].script.extend([failing("anthropic", status)] * 4)
        self.wrapped(client, status, model="to-anthropic")

    def test_an_unknown_model(self, client: Act, world: World) -> None:
        assert "no-such-model" in self.wrapped(client, 404, model="no-such-model").message

    def test_a_wrong_key(self, client: Act, world: World) -> None:
        self.wrapped(client, 401, model="to-openai", key="wrong")

    def wrapped(self, client: Act, status: int, **arguments: object) -> Raised:
        """Instructor's exception, which the SDK's own has caused."""
        with pytest.raises(Raised) as caught:
            client("extract", prompt=QUESTION, stream=False, **arguments)
        assert "InstructorRetryException" in caught.value.classes, caught.value
        assert self.errors[status] in caught.value.causes, caught.value.causes
        return caught.value


class TestTools(Instructor):
    """`instructor.from_openai(mode=TOOLS)`"""

    program, way = "instructor_client.py", "tools"
    dialect = "openai"


class TestSchema(Instructor):
    """`instructor.from_openai(mode=JSON_SCHEMA)`"""

    program, way = "instructor_client.py", "json"
    dialect = "openai"


class TestResponses(Instructor):
    """`instructor.from_openai(mode=RESPONSES_TOOLS)`"""

    program, way = "instructor_client.py", "responses"
    dialect = "responses"


class TestAnthropic(Instructor):
    """`instructor.from_anthropic(mode=ANTHROPIC_TOOLS)`"""

    program, way = "instructor_client.py", "anthropic"
    dialect = "anthropic"
