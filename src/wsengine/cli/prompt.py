"""A prompt for the lines that are sent: history, completion, and a status line below it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from typing import TextIO, cast

from prompt_toolkit import PromptSession
from prompt_toolkit.application import get_app
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.enums import DEFAULT_BUFFER
from prompt_toolkit.filters import Condition, has_focus
from prompt_toolkit.history import History
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.shortcuts import CompleteStyle

from .above import Above
from .history import HistoryFile, history_path
from .lines import Lines
from .logs import logging_to
from .output import Output
from .showing import show_text
from .status import REFRESH, Status
from .wanted import Wanted

OFFERED = 20
"""How many completions are offered at most."""

MARK = "> "
"""What stands before a line that is typed."""


class Sent(History):
    """The lines that were sent, as prompt_toolkit wants them.

    Args:
        file: Keeps them for the next time; `None` forgets them in the end.
    """

    def __init__(self, file: HistoryFile | None) -> None:
        super().__init__()
        self._file = file

    def load_history_strings(self) -> Iterable[str]:
        """Return the lines of earlier times, the latest first."""
        return [] if self._file is None else reversed(self._file.read())

    def store_string(self, string: str) -> None:
        """Keep a line."""
        if self._file is not None:
            for line in string.split("\n"):  # several were pasted
                self._file.append(line)


class FromHistory(Completer):
    """Completes a line to those that were sent before, the latest first.

    Args:
        history: The lines.
    """

    def __init__(self, history: History) -> None:
        self._history = history

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterable[Completion]:
        """Return the lines that begin like what stands before the cursor."""
        begin = document.text_before_cursor
        lines = dict.fromkeys(reversed(self._history.get_strings()))
        found = [line for line in lines if line.startswith(begin) and line != begin]
        return [Completion(line, start_position=-len(begin)) for line in found[:OFFERED]]


class Prompt:
    """Lines with everything that a terminal can do for who types them.

    Args:
        wanted: What was asked for.
        on_gone: Called once when nothing can be written any more.
        on_trouble: Told why there is no history.
    """

    def __init__(
        self,
        wanted: Wanted,
        on_gone: Callable[[], object],
        on_trouble: Callable[[OSError], object],
    ) -> None:
        file = HistoryFile(history_path(), on_trouble) if wanted.history else None
        history = Sent(file)
        self._status: Status | None = None
        self._lines = Lines()
        self._session: PromptSession[str] = PromptSession(
            MARK,
            history=history,
            completer=FromHistory(history),
            complete_while_typing=False,
            complete_style=CompleteStyle.READLINE_LIKE,
            auto_suggest=AutoSuggestFromHistory(),
            enable_history_search=True,
            key_bindings=self._keys(),
            bottom_toolbar=self._toolbar if wanted.status else None,
            refresh_interval=REFRESH if wanted.status else 0,
        )
        self._above = Above(self._session.app, lambda error: self.output.fail(error))
        self.output = Output(cast("TextIO", self._above), on_gone)

    def read(self, on_end: Callable[[], object] | None) -> Lines:
        """Return the lines that will be typed."""
        self._lines = Lines(on_end)
        return self._lines

    @contextlib.asynccontextmanager
    async def _shown(self, status: Status) -> AsyncIterator[None]:
        self._status = status
        self._session.app.erase_when_done = True
        with logging_to(cast("TextIO", self._above)):
            asking = asyncio.create_task(self._ask())
            try:
                yield
            finally:
                asking.cancel()
                await asyncio.wait({asking})
                self._above.show()

    def shown(self, status: Status) -> AbstractAsyncContextManager[None]:
        """Show the prompt, and the status line below it, and take both away in the end."""
        return self._shown(status)

    async def _ask(self) -> None:
        with contextlib.suppress(EOFError):
            await self._session.prompt_async(handle_sigint=False)
        self._lines.feed(b"")

    def _toolbar(self) -> str:
        return "" if self._status is None else self._status.line()

    def _take(self, typed: str) -> None:
        """Take what was typed, or pasted, in place of the prompt's own end."""
        for line in typed.split("\n"):
            self.output.write((MARK, "dim"), (show_text(line), ""))
            self._lines.feed(line.encode(errors="surrogateescape") + b"\n")

    def _keys(self) -> KeyBindings:
        """Return what some keys do; the prompt goes on after each line, or keys would be lost."""
        keys = KeyBindings()

        @keys.add("enter", filter=has_focus(DEFAULT_BUFFER))
        def enter(event: KeyPressEvent) -> None:
            typed = event.current_buffer.text
            event.current_buffer.reset(append_to_history=True)
            self._take(typed)

        @keys.add("c-c")
        def interrupt(event: KeyPressEvent) -> None:
            # As if the terminal had made it a signal: the second one is Python's own.
            signal.raise_signal(signal.SIGINT)

        @keys.add("c-d", filter=Condition(_nothing_is_typed))
        def end(event: KeyPressEvent) -> None:
            event.app.exit(exception=EOFError)

        return keys


def _nothing_is_typed() -> bool:
    return not get_app().current_buffer.text
