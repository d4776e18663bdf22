"""One open connection together with what the engine keeps about it, below the public session."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from itertools import repeat
from typing import Any, Protocol, TypeAlias

from .adapter import Connection, NativeReceive
from .message import Message
from .traffic import Traffic

Handler: TypeAlias = Callable[[Any, Message], Any]


class FailedCallback(Protocol):
    """Told of a callback that raised: its name and the exception."""

    def __call__(self, name: str, error: BaseException, /) -> None:
        """Take note."""


class Sampling(Protocol):
    """Looks at a message now and then."""

    def turn(self, messages: int, /) -> Iterable[Handler]:
        """Return the handlers of so many messages to come, each usually `on_message`."""

    def rearm(self) -> None:
        """Note that a reader has to wait for the next message."""


class Link:
    """What the readers of one session work with; plain attributes, for the hot path.

    Args:
        connection: The connection.
        on_message: The endpoint's callback.
        on_read_error: The endpoint's callback.
        failed: Told of every callback that raised.
        sampling: Says for which messages another handler is called in place of `on_message`.
    """

    __slots__ = (
        "connection",
        "engine",
        "failed",
        "incoming",
        "on_message",
        "on_read_error",
        "outgoing",
        "read_errors",
        "rearm",
        "receive",
        "session",
        "translate",
        "turn",
    )

    def __init__(
        self,
        engine: object,
        connection: Connection,
        *,
        on_message: Handler,
        on_read_error: Callable[[Any, Exception], Any],
        failed: FailedCallback,
        sampling: Sampling | None = None,
    ) -> None:
        self.engine = engine
        self.connection = connection
        self.session: Any = None  # the Session, which is made around this link
        self.on_message = on_message
        self.on_read_error = on_read_error
        self.failed = failed
        self.turn: Callable[[int], Iterable[Handler]] = partial(repeat, on_message)
        """Returns the handlers of so many messages to come."""
        self.rearm: Callable[[], object] | None = None
        """Called when a reader has to wait."""
        if sampling is not None:
            self.turn, self.rearm = sampling.turn, sampling.rearm
        self.incoming = Traffic()
        self.outgoing = Traffic()
        self.read_errors = 0
        self.receive: Callable[[], Awaitable[Message]] = connection.receive
        self.translate: Callable[[Exception], Exception] = _as_it_is
        if isinstance(connection, NativeReceive):
            self.receive = connection.native_receive
            self.translate = connection.translate

    @property
    def received(self) -> int:
        """How many messages were read from the connection."""
        return self.incoming.messages


def _as_it_is(error: Exception) -> Exception:
    return error
