"""The situations: what each is called, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias


@dataclass(frozen=True)
class Result:
    """What a client did in a situation.

    Args:
        words: In words, made of the figures.
        figures: The figures; seconds, bytes or numbers.
    """

    words: str
    figures: dict[str, Any] = field(default_factory=dict)


ENDS: Final = Result("the program ends", {"alive": False})
"""It ended by itself, where it should have gone on."""

Run: TypeAlias = Callable[[str], Awaitable[Result]]


@dataclass(frozen=True)
class Situation:
    """One situation.

    Args:
        name: What it is called on the command line.
        chapter: Which table it stands in.
        what: What is done to the client.
        run: Does it to a client, by its name.
        alone: Whether nothing else may run meanwhile: it is about speed or memory.
    """

    name: str
    chapter: str
    what: str
    run: Run
    alone: bool


SITUATIONS: dict[str, Situation] = {}
"""All, by their names."""


def situation(chapter: str, what: str, *, alone: bool = False) -> Callable[[Run], Run]:
    """Return a decorator that adds a situation."""

    def add(run: Run) -> Run:
        name = getattr(run, "__name__", "")
        SITUATIONS[name] = Situation(name, chapter, what, run, alone)
        return run

    return add


def seconds(value: float | None) -> str:
    """Return a duration in words."""
    return "never" if value is None else f"{value:.1f} s"


def mebibytes(value: float) -> str:
    """Return an amount of memory in words."""
    return f"{value / 2**20:.0f} MiB"
