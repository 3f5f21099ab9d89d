"""What a client may rely on, fault by fault: the contract of docs/failover.md as data.

`python tests/chaos/contract.py` prints the table of that page; tests/e2e/test_contract.py holds the two equal.
"""

from __future__ import annotations

from dataclasses import dataclass, field

# What the client sees, beside the status of an error.
FIRST = "first"
SECOND = "second"
BROKEN = "broken"
DECLINED = "declined"

# What a failure means for the provider in requests to come.
LEAVES = "leaves"
EJECTS = "ejects"
COOLS = "cools"

# What a provider is told to wait for in the rows that cool it, in seconds: longer than a run.
WAIT = 900


@dataclass(frozen=True)
class Fate:
    """What becomes of a request whose first provider does this."""

    client: str | int
    """In a pool of two: who answers, or the status of the error, or a stream that is told to be broken."""
    health: str
    """What it means for the provider."""
    tries: int
    """How often it is asked for one request where it is the only one."""
    alone: str | tuple[int, ...]
    """What the client sees there: one of these statuses."""
    worth: bool
    """Whether a client's SDK is told that the same request may be served later."""


def over(health: str, tries: int, *alone: int, worth: bool = True) -> Fate:
    """Fails over: the second provider answers."""
    return Fate(SECOND, health, tries, alone, worth)


def own(status: int) -> Fate:
    """The client's own fault: the error is the answer, and nobody else is asked."""
    return Fate(status, LEAVES, 1, (status,), False)


# Nothing that anyone has to know of.
SERVED = Fate(FIRST, LEAVES, 1, FIRST, False)
# A refusal in the form of an answer.
REFUSED = Fate(DECLINED, LEAVES, 1, DECLINED, False)
# The client has a part of the answer: it is told that the rest will not come.
TORN = Fate(BROKEN, LEAVES, 1, BROKEN, True)
# The provider cannot be understood. Another try may go better.
UNREADABLE = over(EJECTS, 2, 502)
# It says what is wrong, with status 200.
CONFESSED = over(EJECTS, 2, 500, 502, 503)
# No reply at all: Envoy's own words for it.
NO_CONNECTION = over(EJECTS, 2, 503)
BROKEN_OFF = over(EJECTS, 2, 502, 503)
TOO_LATE = over(EJECTS, 2, 504)
LIMITED = over(EJECTS, 1, 429)
COOLING = over(COOLS, 1, 429)
# About the gateway's account: the client's key is not wrong, and asking again does not help.
ACCOUNT = over(EJECTS, 1, 502, worth=False)


@dataclass(frozen=True)
class Fault:
    """A way in which a provider misbehaves."""

    name: str
    says: str
    """For a person, as it stands in the table."""
    whole: Fate | None
    """For a reply that is no stream; `None` where there is no such thing."""
    stream: Fate | None
    cell: dict = field(default_factory=dict)
    """How the simulator is told."""
    formats: tuple[str, ...] = ()
    """Only with these; empty: with all."""
    wasted: tuple[bool, ...] = ()
    """For whole replies (False) and streams (True): the provider does serve the whole text, in a form of no use."""
    retries: dict = field(default_factory=dict)
    """What the model says of `retries`."""

    def fate(self, stream: bool) -> Fate | None:
        """Of a stream, or of a whole reply."""
        return self.stream if stream else self.whole


def status(code: int, says: str, fate: Fate, name: str = "", headers: tuple[tuple[str, str], ...] = ()) -> Fault:
    """A status, with the error that the provider's API has for it."""
    cell = {"fault": f"status:{code}", "headers": [list(pair) for pair in headers]}
    return Fault(name or str(code), says, fate, fate, cell)


def fault(name: str, says: str, whole: Fate | None, stream: Fate | None, **more: object) -> Fault:
    """One of the simulator's faults, by its name."""
    return Fault(name, says, whole, stream, {"fault": name}, **more)


# `DATE` stands for a date that the run fills in.
DATE = "{date}"

STATUSES = (
    status(400, "400", own(400)),
    status(401, "401", ACCOUNT),
    status(402, "402", ACCOUNT),
    status(403, "403", over(LEAVES, 1, 502, worth=False)),
    status(404, "404, such as a model that is not there", over(LEAVES, 1, 404, worth=False)),
    status(408, "408", over(EJECTS, 2, 504)),
    status(409, "409", over(EJECTS, 2, 502)),
    status(413, "413", over(LEAVES, 1, 413, worth=False)),
    status(422, "422", own(400)),
    status(429, "429, the provider's only model here", LIMITED),
    status(429, "429, one of several models of the provider", over(LEAVES, 1, 429), "429-of-several"),
    status(429, "429 with `Retry-After` in seconds", COOLING, "429-seconds", (("retry-after", str(WAIT)),)),
    status(429, "429 with `Retry-After` as a date", COOLING, "429-date", (("retry-after", DATE),)),
    status(429, "429 with `retry-after-ms`", COOLING, "429-ms", (("retry-after-ms", str(WAIT * 1000)),)),
    status(500, "500", over(EJECTS, 2, 500)),
    status(502, "502", over(EJECTS, 2, 502, 503)),
    status(503, "503", over(EJECTS, 2, 503)),
    status(503, "503 with `Retry-After`", over(COOLS, 1, 503), "503-seconds", (("retry-after", str(WAIT)),)),
    status(504, "504", over(EJECTS, 2, 503, 504)),
    status(529, "529", over(EJECTS, 2, 503)),
)


def refusal(name: str, says: str, what: str, fate: Fate, *formats: str, **retries: bool) -> Fault:
    """An error or an answer of the provider's that says why it does not do this."""
    return Fault(name, says, fate, fate, {"fault": f"error-code:{what}"}, formats, retries=retries)


ELSEWHERE = over(LEAVES, 1, 400, worth=False)
CLASSIC = ("openai", "anthropic", "bedrock")

REFUSALS = (
    refusal("context-length", "the prompt is too long for the model", "context_length", ELSEWHERE),
    refusal("context-length-off", "the same, with `retries.context_length: false`", "context_length", own(400), context_length=False),
    refusal("content-policy", "an error: refused by content policy", "content_policy", own(400), *CLASSIC),
    refusal("content-policy-on", "the same, with `retries.content_policy: true`", "content_policy", ELSEWHERE, *CLASSIC, content_policy=True),
    refusal("declined", "an answer that only declines, as Gemini's", "content_policy", REFUSED, "gemini"),
    # A stream is not held until it is known how it ends.
    Fault("declined-on", "the same, with `retries.content_policy: true`", Fate(SECOND, LEAVES, 1, DECLINED, False), REFUSED,
          {"fault": "error-code:content_policy"}, ("gemini",), retries={"content_policy": True}),
    refusal("no-money", "no money left, as OpenAI and Anthropic tell it", "quota", ACCOUNT, "openai", "anthropic"),
    refusal("quota", "a quota is used up, as Google and AWS tell it", "quota", LIMITED, "gemini", "bedrock"),
)

CONNECTIONS = (
    Fault("refused", "connection refused", NO_CONNECTION, NO_CONNECTION),
    Fault("dns", "its name does not resolve", over(LEAVES, 0, 503), over(LEAVES, 0, 503)),
    Fault("tls-plain", "speaks no TLS where TLS is configured", NO_CONNECTION, NO_CONNECTION),
    Fault("tls-untrusted", "its certificate is not trusted", NO_CONNECTION, NO_CONNECTION),
    fault("reset-before", "resets before it answers", BROKEN_OFF, BROKEN_OFF),
    fault("close-before", "closes before it answers", BROKEN_OFF, BROKEN_OFF),
    fault("reset-in-head", "resets within the headers", BROKEN_OFF, BROKEN_OFF),
    fault("reset-after-head", "resets after the headers", BROKEN_OFF, BROKEN_OFF),
    fault("silent", "never answers", TOO_LATE, TOO_LATE),
    fault("head-only", "headers, and never a body", TOO_LATE, TOO_LATE),
    fault("drip", "one byte a second", TOO_LATE, TOO_LATE),
)

REPLIES = (
    fault("hang-mid", "hangs half-way: a stream after its first event", TOO_LATE, TORN),
    fault("cut-mid", "resets half-way: a stream within its third event", BROKEN_OFF, TORN),
    fault("cut-mid-fin", "closes half-way", BROKEN_OFF, TORN),
    fault("end-early", "ends properly half-way", UNREADABLE, TORN),
    fault("error-first", "an error as the first event", None, CONFESSED),
    fault("error-later", "an error as a later event", None, TORN),
    fault("error-200", "200 with an error as the body", CONFESSED, CONFESSED),
    fault("html-200", "200 with HTML", UNREADABLE, UNREADABLE),
    fault("malformed", "JSON that is none: in a stream the first event", UNREADABLE, UNREADABLE),
    fault("bad-utf8", "text that is not UTF-8: in a stream not in the first event", UNREADABLE, TORN, wasted=(False, True),
          formats=CLASSIC),
    # Its first event has text already.
    Fault("bad-utf8-first", "text that is not UTF-8 in the first event", UNREADABLE, UNREADABLE, {"fault": "bad-utf8"},
          ("gemini",), (False, True)),
    fault("wrong-type", "the right body as `text/plain`", SERVED, UNREADABLE, wasted=(True,)),
    fault("gzip", "compressed, although not asked to", UNREADABLE, UNREADABLE, wasted=(False, True)),
    fault("bad-crc", "an AWS frame with a wrong checksum, the first", None, UNREADABLE, formats=("bedrock",)),
    fault("bad-crc-later", "an AWS frame with a wrong checksum, a later one", None, TORN, formats=("bedrock",)),
    fault("bad-frame", "an AWS frame that is cut off, the first", None, UNREADABLE, formats=("bedrock",)),
    fault("endless-line", "an event without an end", None, UNREADABLE, formats=("openai", "anthropic", "gemini")),
    fault("huge", "50 MB, over `limits.reply_bytes` where it must be held", over(EJECTS, 2, 502, 504), SERVED,
          wasted=(False,)),
)

WELL = fault("none", "nothing wrong", SERVED, SERVED)

FAULTS = (WELL, *STATUSES, *REFUSALS, *CONNECTIONS, *REPLIES)

HEAD = ("the first provider", "a whole reply", "a stream", "its health", "alone: asked", "alone: the client gets", "SDK retries")


def table() -> str:
    """The contract as it stands in docs/failover.md."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(_row(fault) for fault in FAULTS)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(fault: Fault) -> tuple[str, ...]:
    def both(tell) -> str:
        said = {name: tell(fate) for name, fate in (("whole", fault.whole), ("stream", fault.stream)) if fate}
        values = set(said.values())
        return values.pop() if len(values) == 1 else "; ".join(f"{name}: {value}" for name, value in said.items())

    client = [_client(fate.client) if fate else "–" for fate in (fault.whole, fault.stream)]
    alone = [both(lambda fate: f"{fate.tries} ×" if fate.tries else "never"), both(_alone), both(_worth)]
    return (fault.says, *client, both(lambda fate: HEALTH[fate.health]), *alone)


HEALTH = {LEAVES: "–", EJECTS: "counts", COOLS: "counts, cools"}
CLIENTS = {FIRST: "its answer", SECOND: "the second's answer", BROKEN: "error event or aborted", DECLINED: "its refusal"}


def _client(seen: str | int) -> str:
    return CLIENTS[seen] if isinstance(seen, str) else f"**{seen}**"


def _alone(fate: Fate) -> str:
    if isinstance(fate.alone, str):
        return CLIENTS[fate.alone]
    *others, last = map(str, fate.alone)
    return f"{', '.join(others)} or {last}" if others else last


def _worth(fate: Fate) -> str:
    if isinstance(fate.alone, str):
        return "–"
    return "yes" if fate.worth else "no"


if __name__ == "__main__":
    print(table(), end="")
