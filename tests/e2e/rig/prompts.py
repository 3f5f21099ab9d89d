"""Requests that tests send."""

from __future__ import annotations

KB = 1024
MB = 1024 * KB

# Words, quotes, escapes and characters of two, three and four bytes: what a splice or a copy could damage.
SEED = 'The quick "brown" fox \\ jumps\tover – the lazy dog: ζ, 雪, 🦊.\n'


def text(size: int) -> str:
    """A prompt of about `size` bytes."""
    return SEED * (size // len(SEED.encode()) + 1)


def chat(prompt: str = "Say hello.", model: str = "gpt-4.1", **more: object) -> dict:
    """A chat request."""
    return {"model": model, "messages": [{"role": "user", "content": prompt}], **more}
