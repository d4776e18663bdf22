"""Text above a prompt, while somebody types there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from prompt_toolkit.application import Application

PAUSE = 0.03
"""Seconds in which text is collected: the prompt is drawn anew below every piece."""


class Above:
    """A stream whose lines appear above the prompt of a running application.

    Unlike prompt_toolkit's own, it leaves the terminal in raw mode meanwhile: in the other
    mode, the terminal would take a Ctrl-D for itself, and echo what is typed.

    Args:
        application: The application.
        on_gone: Called when nothing can be written any more.
    """

    def __init__(self, application: Application[Any], on_gone: Callable[[OSError], object]) -> None:
        self._application = application
        self._on_gone = on_gone
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._text = ""
        self._is_due = False

    @property
    def encoding(self) -> str:
        """The encoding of the terminal."""
        return self._application.output.encoding()

    def isatty(self) -> bool:
        """Say that it is a terminal."""
        return True

    def fileno(self) -> int:
        """Return the descriptor of the terminal."""
        return self._application.output.fileno()

    def write(self, text: str) -> int:
        """Have the text written soon; may be called from any thread, as a log does."""
        with self._lock:
            self._text += text
            if not self._is_due:
                self._is_due = True
                self._loop.call_soon_threadsafe(self._loop.call_later, PAUSE, self.show)
        return len(text)

    def flush(self) -> None:
        """Do nothing: it is written soon in any case."""

    def show(self) -> None:
        """Write now what is complete: all up to the last line end."""
        with self._lock:
            lines, end, self._text = self._text.rpartition("\n")
            self._is_due = False
        application = self._application
        try:
            if application.is_running:
                application.renderer.erase()
            application.output.write_raw(lines + end)
            application.output.flush()
            if application.is_running:
                application.renderer.request_absolute_cursor_position()
                application.invalidate()
        except OSError as error:
            self._on_gone(error)
