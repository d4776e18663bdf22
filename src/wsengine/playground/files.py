"""The files of the page, as they are served: a fixed list, so that no path can leave it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

TYPES: Final = {
    "html": "text/html",
    "css": "text/css",
    "js": "text/javascript",
    "svg": "image/svg+xml",
}
INDEX: Final = "index.html"


@dataclass(frozen=True, slots=True)
class File:
    """One file.

    Args:
        kind: Its media type.
        body: What is in it.
    """

    kind: str
    body: bytes


@cache
def page_files() -> dict[str, File]:
    """Return all files of the page, by their names."""
    found = {}
    for entry in files(__package__).joinpath("page").iterdir():
        _, _, ending = entry.name.rpartition(".")
        if ending in TYPES:
            found[entry.name] = File(TYPES[ending], entry.read_bytes())
    return found
