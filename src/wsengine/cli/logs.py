"""The log on standard error."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import TextIO, cast


def set_up_log(verbose: bool) -> None:
    """Show the log: errors only, or what the engine does as well."""
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


@contextlib.contextmanager
def logging_to(stream: TextIO) -> Iterator[None]:
    """Have the log that goes to the terminal go to a stream, which knows what stands there."""
    moved = [
        (handler, cast("TextIO", handler.stream))
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler)
        and handler.stream is sys.stderr
        and sys.stderr.isatty()
    ]
    for handler, _ in moved:
        handler.setStream(stream)
    try:
        yield
    finally:
        for handler, before in moved:
            handler.setStream(before)
