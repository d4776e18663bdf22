"""The status line of a terminal at which nobody types: below the last line that was written."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from typing import TextIO, cast

from rich.console import Console
from rich.file_proxy import FileProxy
from rich.live import Live as RichLive
from rich.text import Text

from .lines import Lines, read_lines
from .logs import logging_to
from .output import Output
from .status import REFRESH, Status


class Live:
    """Lines in, and lines out above a status line.

    Args:
        output: Where to write: a terminal.
        descriptor: Where to read, or `None` for nothing.
    """

    def __init__(self, output: Output, descriptor: int | None) -> None:
        self.output = output
        self._descriptor = descriptor

    def read(self, on_end: Callable[[], object] | None) -> Lines:
        """Have a thread read the lines."""
        return read_lines(self._descriptor, on_end)

    def shown(self, status: Status) -> AbstractAsyncContextManager[None]:
        """Show the status line, and take it away in the end."""
        return _shown(status, self.output.console)


@contextlib.asynccontextmanager
async def _shown(status: Status, console: Console | None) -> AsyncIterator[None]:
    if console is None:
        yield
        return
    live = RichLive(
        _line(status),
        console=console,
        auto_refresh=False,  # that would be a thread
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
    with live, logging_to(cast("TextIO", FileProxy(console, sys.stderr))):
        drawing = asyncio.create_task(_draw(live, status))
        try:
            yield
        finally:
            drawing.cancel()
            await asyncio.wait({drawing})


async def _draw(live: RichLive, status: Status) -> None:
    while True:
        live.update(_line(status), refresh=True)
        await asyncio.sleep(REFRESH)


def _line(status: Status) -> Text:
    return Text(status.line(), style="reverse", no_wrap=True, overflow="ellipsis", end="")
