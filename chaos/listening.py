"""What the program says by other ways than callbacks, and must not: errors in the log, warnings."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any, Final

from .findings import Findings
from .watching import Deliberate

STALL_COUNTS_FOR: Final = 5.0
"""Seconds that a stalled event loop is an excuse for what took too long."""

STALL: Final = 0.3
"""Seconds of it that are needed."""


class ErrorsAreViolations(logging.Handler):
    """Takes an error that wsengine logs for a violation, unless it was made on purpose.

    Args:
        findings: Told of it.
    """

    def __init__(self, findings: Findings) -> None:
        super().__init__(logging.WARNING)
        self._findings = findings

    def emit(self, record: logging.LogRecord) -> None:
        """Look at one record."""
        error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
        if isinstance(error, Deliberate):
            return
        text = record.getMessage()
        if record.levelno >= logging.ERROR and record.name.partition(".")[0] == "wsengine":
            self._error(text, error)
        else:
            self._findings.note("log", text)

    def _error(self, text: str, error: BaseException | None) -> None:
        """Judge an error; a close or stop that took too long on a stalled loop is no fault."""
        findings = self._findings
        if findings.stalled(STALL_COUNTS_FOR) > STALL and ("in time" in text or "ignores" in text):
            findings.excused += 1
            findings.note("log", text)
        else:
            findings.violation(text.partition(":")[0], f"logged: {text} {error!r}")


@contextlib.contextmanager
def listening(findings: Findings) -> Iterator[None]:
    """Take for a violation what asyncio, Python or wsengine complain of."""
    handler = ErrorsAreViolations(findings)
    root = logging.getLogger()  # libraries may complain: that is noted
    root.addHandler(handler)
    loop = asyncio.get_running_loop()

    def complained(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        findings.violation("run", f"asyncio: {context.get('message')} {context.get('exception')!r}")

    def unraisable(found: Any) -> None:
        findings.violation("run", f"nobody could catch {found.exc_value!r}, in {found.object!r}")

    def warned(message: Warning | str, category: type[Warning], *_: Any) -> None:
        findings.violation("run", f"{category.__name__}: {message}")

    loop.set_exception_handler(complained)
    hook, sys.unraisablehook = sys.unraisablehook, unraisable
    with warnings.catch_warnings():
        warnings.simplefilter("always", ResourceWarning)
        warnings.simplefilter("always", RuntimeWarning)  # a coroutine was never awaited
        warnings.showwarning = warned  # type: ignore[assignment]  # it takes more, whatever it is
        try:
            yield
        finally:
            loop.set_exception_handler(None)
            sys.unraisablehook = hook
            root.removeHandler(handler)
