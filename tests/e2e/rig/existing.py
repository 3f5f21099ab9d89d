"""The example of an Envoy that serves other things, too: its files, as its README says they are made."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from .envoy import ROOT, refused, switchyard_binary

EXAMPLE = ROOT / "examples" / "existing-envoy"
DOMAIN = "ai.example.com"

# Where a piece goes in `before.yaml`: the line that it stands before or after, and its depth. Its list is under this name.
PLACES = {
    "virtual_hosts": ("            virtual_hosts:", "after", 12),
    "routes": ("              routes:", "after", 14),
    "local_reply_config": ("          http_filters:", "before", 10),
    "http_filters": ("          http_filters:", "after", 10),
    "upstream_http_filters": (
        '              "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router', "after", 14,
    ),
}
# These bring the line with their name along.
NAMED = ("local_reply_config", "upstream_http_filters")


def printed(*flags: str) -> str:
    """What the command prints, run as the README says."""
    done = subprocess.run([switchyard_binary(), *flags], capture_output=True, text=True, timeout=30, cwd=ROOT)
    if done.returncode != 0:
        refused(done.stderr)
    assert done.returncode == 0, done.stderr
    return done.stdout


def rendered(form: str, *flags: str, file: str | Path = "gateway.yaml") -> str:
    """`switchyard render envoy` for a file of the example, or another."""
    path = EXAMPLE / file
    shown = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path
    return printed("render", "envoy", str(shown), "--form", form, *flags)


def pieces(text: str) -> dict[str, list[str]]:
    """The lists of `--form pieces` by their names, without the comments between them."""
    found: dict[str, list[str]] = {}
    name = ""
    comments: list[str] = []
    for line in text.splitlines():
        if line.startswith("#") or not line:
            comments.append(line)
            continue
        if not line.startswith((" ", "-")):
            name, comments = line.rstrip(":"), []
            found[name] = []
            continue
        # Comments before an item belong to it; those before the next list do not.
        found[name] += [*comments, line]
        comments = []
    return found


def merged(before: str, text: str) -> str:
    """`before.yaml` with each piece in its place."""
    lines = before.splitlines()
    lists = pieces(text)
    for name, (beside, where, depth) in PLACES.items():
        if name not in lists:
            continue
        at = lines.index(beside) + (where == "after")
        title = [f"{' ' * depth}{name}:"] if name in NAMED else []
        lines[at:at] = title + [f"{' ' * depth}{line}" if line else "" for line in lists[name]]
    lines += ["", *(f"  {line}" if line else "" for line in lists.get("clusters", []))]
    return "\n".join(lines).rstrip() + "\n"


@dataclass
class Here:
    """What of the example's files is another thing in a test: ports, keys, paths."""

    folder: Path
    words: dict[str, str] = field(default_factory=dict)

    def file(self, name: str) -> Path:
        """A file of the example, or the folder of one, as it is to be used."""
        source = EXAMPLE / name
        if source.is_dir():
            (self.folder / name).mkdir()
            for path in sorted(source.iterdir()):
                self.file(str(path.relative_to(EXAMPLE)))
            return self.folder / name
        target = self.folder / name
        target.write_text(self.text(source.read_text()))
        return target

    def text(self, text: str) -> str:
        """With the words of this place."""
        words = {**self.words, "examples/existing-envoy": str(self.folder)}
        ports = {word: words.pop(word) for word in self.words if word.isdigit()}
        return re.sub(rf"\b(?:{'|'.join(map(re.escape, words))})\b", lambda match: words[match[0]], with_ports(text, ports))


def with_ports(text: str, ports: dict[str, str]) -> str:
    """With other ports: only where a port stands, since limits of connections are written with the same digits. In one pass, since
    a port of this place may look like one of the example's."""
    return re.sub(r"(port_value: |127\.0\.0\.1:|http\.server )(\d+)\b", lambda match: match[1] + ports.get(match[2], match[2]), text)
