"""What `wsengine connect` tells a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from ..close import Close, CloseCode
from ..endpoint import RestartFailure
from ..message import Message
from ..session import Session
from ..states import EngineState, StateChange
from .output import Part
from .problems import advise
from .showing import one_line, show_binary, show_text

_INDENT = len("12:34:56.789 < ")


class WriteParts(Protocol):
    """Writes one line that consists of parts, each with its style."""

    def __call__(self, *parts: Part) -> object:
        """Write it."""


class Transcript:
    """Writes each event for a person: `<` is a message that came, `*` is what happened.

    `>` is a message that was sent, where nobody typed it.

    Args:
        write: Writes one line.
        url: What is connected to, as it may be shown.
        interactive: Whether somebody types the lines.
        shows_sent: Whether to show what is sent.
        now: Returns the present time.
    """

    def __init__(
        self,
        write: WriteParts,
        url: str,
        *,
        interactive: bool = False,
        shows_sent: bool = False,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._write = write
        self._url = url
        self._hint = "; type a line to send it, Ctrl-D ends" if interactive else ""
        self._shows_sent = shows_sent
        self._now = now
        self._attempts = 0

    def state(self, change: StateChange) -> None:
        """Tell of dials and delays; the other changes come as events of their own."""
        if change.state is EngineState.OPENING:
            self._attempts += 1
            again = change.previous is EngineState.WAITING
            self._note("connecting again" if again else f"connecting to {self._url}")
        elif change.state is EngineState.WAITING and change.previous is EngineState.CLOSING:
            self._note(f"connecting again in {change.delay or 0.0:.2f} s", "yellow")
        elif change.state is EngineState.STOPPED:
            self._note("stopped")

    def opened(self, session: Session, *, restarting: bool) -> None:
        """Tell of the session, and of the subprotocol that was agreed on."""
        subprotocol = session.handshake.subprotocol
        agreed = f", subprotocol {subprotocol}" if subprotocol else ""
        verb = "connected again" if restarting else "connected"
        hint = "" if restarting else self._hint
        self._note(f"{verb} (session {session.id[:8]}{agreed}){hint}", "green")
        self._attempts = 0

    def received(self, message: Message) -> None:
        """Show the message: text as it is, binary in hexadecimal."""
        self._message("<", message, "bold green")

    def sent(self, message: Message) -> None:
        """Show the message, unless it stands on the terminal already, or in the input."""
        if self._shows_sent:
            self._message(">", message, "bold blue")

    def held(self, message: Message) -> None:
        """Say that the message waits."""
        shown = show_text(message) if isinstance(message, str) else show_binary(message)
        self._note(f"not connected; kept, to be sent later: {shown}", "yellow")

    def unsent(self, count: int, reason: str) -> None:
        """Say that lines are lost."""
        lines = "1 line was" if count == 1 else f"{count} lines were"
        self._note(f"{lines} not sent: {reason}", "bold red")

    def closed(self, close: Close) -> None:
        """Tell who ended the session, and how."""
        if close.client_initiated:
            self._note(f"closing: {close}")
            return
        lost = close.code == CloseCode.ABNORMAL_CLOSURE
        self._note(f"{'connection lost' if lost else 'closed by the server'}: {close}", "yellow")

    def dial_failed(self, failure: RestartFailure) -> None:
        """Tell why, which attempt it was, and when the next one follows."""
        why = advise(failure.error).removeprefix(f"{self._url}: ")
        what = f"attempt {self._attempts} failed: {why}"
        if failure.next_delay is not None:
            what += f"; the next one in {failure.next_delay:.2f} s"
        self._note(what, "yellow")

    def trouble(self, what: str, error: Exception) -> None:
        """Tell what failed."""
        self._note(f"{what}: {error}", "yellow")

    def _message(self, mark: str, message: Message, style: str) -> None:
        if isinstance(message, str):
            self._line(mark, show_text(message, _INDENT), style, "")
        else:
            self._line(mark, show_binary(message), style, "magenta")

    def _note(self, text: str, style: str = "dim") -> None:
        self._line("*", one_line(text), style, style)

    def _line(self, mark: str, text: str, mark_style: str, style: str) -> None:
        time = self._now().strftime("%H:%M:%S.%f")[:-3]
        self._write((f"{time} ", "dim"), (f"{mark} ", mark_style), (text, style))
