"""What a person has before them: plain lines, with a status line, or with a prompt as well."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Protocol, TextIO

from .lines import Lines, read_lines
from .output import Output
from .status import Status
from .wanted import Wanted

DUMB = ("dumb", "unknown")
"""Terminals that cannot move their cursor, as TERM names them."""


class Face(Protocol):
    """One way to show what happens, and to take lines."""

    output: Output

    def read(self, on_end: Callable[[], object] | None) -> Lines:
        """Return the lines of the input; `on_end` is called at its end."""

    def shown(self, status: Status) -> AbstractAsyncContextManager[None]:
        """Show what has to be shown all the time, and take lines; until the block ends."""


class Plain:
    """Lines in and lines out, for pipes and files, and for terminals that can do no more.

    Args:
        output: Where to write.
        descriptor: Where to read, or `None` for nothing.
    """

    def __init__(self, output: Output, descriptor: int | None) -> None:
        self.output = output
        self._descriptor = descriptor

    def read(self, on_end: Callable[[], object] | None) -> Lines:
        """Have a thread read the lines."""
        return read_lines(self._descriptor, on_end)

    def shown(self, status: Status) -> AbstractAsyncContextManager[None]:
        """Show nothing."""
        return nullcontext()


def choose_face(
    wanted: Wanted,
    descriptor: int | None,
    on_gone: Callable[[], object],
    on_trouble: Callable[[OSError], object],
) -> Face:
    """Return the best that input, output and installed libraries allow.

    Args:
        wanted: What was asked for.
        descriptor: The input, or `None` for none.
        on_gone: Called once when nothing can be written any more.
        on_trouble: Told why there is no history.
    """
    stream = _standard_output()
    plain = wanted.as_json or wanted.once or not stream.isatty() or _is_dumb()
    typed = descriptor is not None and os.isatty(descriptor)
    # Libraries that only these two need, and that take their time to be imported.
    if not plain and typed and has_prompt_toolkit():
        from .prompt import Prompt  # noqa: PLC0415 - see above

        return Prompt(wanted, on_gone, on_trouble)
    output = Output(stream, on_gone)
    if not plain and not typed and wanted.status:
        from .live import Live  # noqa: PLC0415 - see above

        return Live(output, descriptor)
    return Plain(output, descriptor)


def has_prompt_toolkit() -> bool:
    """Whether prompt_toolkit is installed, and can be imported."""
    try:
        import prompt_toolkit  # noqa: F401, PLC0415 - whether that works is the question
    except ImportError:
        return False
    return True


def _is_dumb() -> bool:
    return os.environ.get("TERM", "").lower() in DUMB


def _standard_output() -> TextIO:
    if sys.stdout is None:  # closed by who started this: `>&-`
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 - until the end
    return sys.stdout
