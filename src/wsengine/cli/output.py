"""Standard output, line by line, while somebody reads it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, TextIO, TypeAlias

if TYPE_CHECKING:
    from rich.console import Console

Part: TypeAlias = tuple[str, str]
"""A text, and its style in the words of rich."""


class Output:
    """Writes whole lines at once; styled on a terminal, plain elsewhere.

    Args:
        stream: Where to, usually `sys.stdout`.
        on_gone: Called once when nothing can be written any more, as in
            `wsengine connect ... | head`.

    Attributes:
        console: Writes to the terminal, or `None` elsewhere.
        failure: Why nothing can be written any more, or `None`.
    """

    def __init__(self, stream: TextIO, on_gone: Callable[[], object]) -> None:
        self.failure: OSError | None = None
        self._stream = stream
        self._on_gone = on_gone
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
        self.console = _console(stream) if stream.isatty() else None

    def write(self, *parts: Part) -> None:
        """Write one line that consists of these parts."""
        if self.failure is not None:
            return
        try:
            if self.console is None:
                self._stream.write("".join(text for text, _ in parts) + "\n")
                self._stream.flush()
            else:
                self._write_styled(self.console, parts)
        except OSError as error:
            self.fail(error)

    def fail(self, error: OSError) -> None:
        """Take note that nothing can be written any more."""
        if self.failure is None:
            self.failure = error
            self._discard()
            self._on_gone()

    def _write_styled(self, console: Console, parts: tuple[Part, ...]) -> None:
        from rich.text import Text  # noqa: PLC0415 - as below

        console.print(Text.assemble(*parts))

    def _discard(self) -> None:
        """Have what is buffered go nowhere, or Python complains at its exit."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def _console(stream: TextIO) -> Console:
    from rich.console import Console  # noqa: PLC0415 - 0.1 s that a pipe need not wait for

    return Console(file=stream, highlight=False, soft_wrap=True)
