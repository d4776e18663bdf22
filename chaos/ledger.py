"""What one session was seen to do, held against what the engine promises.

The server numbers what it sends on a connection: 1, 2, 3, ... TCP keeps the order, so what
arrives is a beginning of that. What can be demanded:

- `on_message` sees ascending numbers, none twice, none of another connection, each with the
  content that belongs to its number; never before the end of `on_open`, never after the beginning
  of `on_close`, and never more at once than there are workers.
- When `on_close` is called, what the engine has read is what `on_message`, pilots and requests
  were given, and what it says it dropped: nothing is left out.
- Where nothing was dropped, that is 1, 2, ... without a gap.
- Where the server ended the connection in order (a close frame, or a FIN behind its last message)
  and nothing else disturbed it, that is all that the server has sent.

A session in which a byte was changed on the way may miss messages, and end in any way: a changed
header may have hidden them. All else holds there, too.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from wsengine import Close, SessionStats

from .wire import padding

_SENT = re.compile(r"sent (\d+)")


class Ledger:
    """The account of one session.

    Args:
        connection: The name that the client gave to the connection.
        workers: How many handlers may run at once.
        violated: Told of what must not be.
        is_tainted: Says whether a byte was changed since the connection was made.

    Attributes:
        hurried: Whether the client itself has asked for the end.
        checked: Messages that were held against the promises.
        complete: Whether all that the server had sent was demanded, and was there.
    """

    def __init__(
        self,
        connection: str,
        workers: int,
        violated: Callable[[str], object],
        is_tainted: Callable[[], bool],
    ) -> None:
        self.connection = connection
        self.hurried = False
        self.open = False
        self.closed: Close | None = None
        self.undecoded = 0
        self.checked = 0
        self.complete = False
        self._workers = workers
        self._violated = violated
        self._is_tainted = is_tainted
        self._seen: set[int] = set()
        self._latest = 0  # the number of the last `on_message`
        self._running = 0
        self._promised: int | None = None  # how many the server has sent in all

    # Messages, by the three ways that they come.

    def handling(self, message: dict[str, Any]) -> None:
        """Note that `on_message` begins."""
        number = self._check(message, "on_message")
        if not self.open:
            self._violated(f"on_message({number}) before on_open had ended")
        if self.closed is not None:
            self._violated(f"on_message({number}) after on_close had begun")
        if self._running >= self._workers:
            self._violated(f"on_message({number}) while {self._running} others run")
        if number <= self._latest:
            self._violated(f"on_message({number}) after on_message({self._latest})")
        self._latest = max(self._latest, number)
        self._running += 1

    def handled(self) -> None:
        """Note that `on_message` ends."""
        self._running -= 1

    def replied(self, message: dict[str, Any]) -> None:
        """Note that a request was given its reply."""
        self._check(message, "a reply")

    def piloted(self, message: dict[str, Any]) -> None:
        """Note that a pilot has received a message."""
        number = self._check(message, "a pilot's message")
        if number <= self._latest:
            self._violated(f"a pilot was given {number} after on_message({self._latest})")

    def put_back(self, message: dict[str, Any]) -> None:
        """Note that a pilot has put a message back."""
        self._seen.discard(message["n"])

    def could_not_decode(self, error: Exception) -> None:
        """Note a message that was no whole one."""
        self.undecoded += 1
        if not self._is_tainted():
            self._violated(f"a message came garbled, though no byte was changed: {error}")

    def _check(self, message: dict[str, Any], what: str) -> int:
        self.checked += 1
        number: int = message["n"]
        if message["c"] != self.connection:
            if not self._is_tainted():
                self._violated(f"{what} of {message['c']} came on {self.connection}")
            self.connection = message["c"]  # the request's path was changed on the way
        if message["pad"] != padding(self.connection, number):
            self._violated(f"{what} {number} has a content that is not its own")
        if number in self._seen:
            self._violated(f"{what} {number} came a second time")
        self._seen.add(number)
        return number

    # The end.

    def close(self, close: Close, stats: SessionStats) -> None:
        """Note that `on_close` begins, and settle the account."""
        if self.closed is not None:
            self._violated(f"on_close a second time: {close}, after {self.closed}")
        if not self.open:
            self._violated(f"on_close({close}) without an on_open that succeeded")
        self.closed = close
        given = len(self._seen) + self.undecoded + stats.messages_dropped
        if given != stats.messages_received:
            self._violated(
                f"{stats.messages_received} messages were read, but {given} accounted for: "
                f"{len(self._seen)} given out, {self.undecoded} garbled, "
                f"{stats.messages_dropped} dropped"
            )
        if stats.messages_dropped and not self.hurried:
            self._violated(f"{stats.messages_dropped} messages dropped, though nobody hurried")
        if not stats.messages_dropped and not self._is_tainted():
            self._check_no_gap()
        if (told := _SENT.fullmatch(close.reason)) and not close.client_initiated:
            self._promised = int(told[1])
        self._check_all_came()

    def promise(self, sent: int) -> None:
        """Note that the server has ended the connection behind so many messages, undisturbed."""
        self._promised = sent
        if self.closed is not None:
            self._check_all_came()

    def disturbed(self) -> None:
        """Note that something else happens to the connection, which may end it first."""
        if self.closed is None:
            self._promised = None

    def _check_no_gap(self) -> None:
        if self._seen and max(self._seen) != len(self._seen):
            missing = sorted(set(range(1, max(self._seen))) - self._seen)
            self._violated(f"messages {missing[:20]} are missing before {max(self._seen)}")

    def _check_all_came(self) -> None:
        if self._promised is None or self.hurried or self._is_tainted():
            return
        self.complete = len(self._seen) == self._promised
        if not self.complete:
            self._violated(
                f"the server sent {self._promised} messages and ended in order ({self.closed}), "
                f"but {len(self._seen)} came"
            )
