//! What a chat request cannot hold, or not yet: other dialects will. The rest is in `tests/golden`.
