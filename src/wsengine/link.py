"""One open connection together with what the engine keeps about it, below the public session."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from itertools import repeat
from typing import Any, Protocol, TypeAlias

from .adapter import Connection, NativeReceive, Offering
from .conversation import Conversation, encoded
from .errors import ConnectionClosed
from .message import Message, SendableMessage
from .traffic import Traffic

Handler: TypeAlias = Callable[[Any, Any], Any]


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
        decoder: Makes of each message what `on_message` is called with; left out, they are that.
        on_read_error: The endpoint's callback.
        failed: Told of every callback that raised.
        sampling: Says for which messages another handler is called in place of `on_message`.
        conversation: What messages mean; left out, they are what they are.
    """

    __slots__ = (
        "_failures_in_a_row",
        "_received_at_failure",
        "connection",
        "decoder",
        "engine",
        "failed",
        "incoming",
        "lost",
        "meaning",
        "on_message",
        "on_read_error",
        "outgoing",
        "read_errors",
        "receive",
        "requests",
        "sampling",
        "session",
        "sift",
        "translate",
    )

    def __init__(
        self,
        engine: object,
        connection: Connection,
        *,
        on_message: Handler,
        on_read_error: Callable[[Any, Exception], Any],
        failed: FailedCallback,
        decoder: Callable[[Message], Any] | None = None,
        sampling: Sampling | None = None,
        conversation: Conversation | None = None,
    ) -> None:
        self.engine = engine
        self.connection = connection
        self.session: Any = None  # the Session, which is made around this link
        self.on_message = on_message
        self.decoder = decoder
        self.on_read_error = on_read_error
        self.failed = failed
        self.sampling = sampling
        """Told when a reader has to wait."""
        self.meaning = meaning = Conversation() if conversation is None else conversation
        self.requests = meaning.requests
        """The requests in flight; `None` where there is no correlator."""
        self.sift: Callable[[Message], bool] | None = meaning.sift
        """Takes a reply to a request; returns `False` for a message that is none."""
        self.incoming = Traffic()
        self.outgoing = Traffic()
        self.read_errors = 0
        self._failures_in_a_row = 0
        self._received_at_failure = -1
        self.lost: ConnectionClosed | None = None
        """What a send raised, because the connection is closed."""
        self.receive: Callable[[], Awaitable[Message]] = connection.receive
        self.translate: Callable[[Exception], Exception] = _as_it_is
        if isinstance(connection, NativeReceive):
            self.receive = connection.native_receive
            self.translate = connection.translate
        if self.requests is not None and isinstance(connection, Offering):
            connection.offer_to(self._take_replies, self.requests.in_flight)

    def turn(self, messages: int) -> Iterable[Handler]:
        """Return the handlers of so many messages to come."""
        if self.sampling is None:
            return repeat(self.on_message, messages)
        return self.sampling.turn(messages)

    def call(self, on_message: Handler, message: Message) -> Any:
        """Call a handler with what a message is decoded to; return what it returns."""
        try:
            value = message if self.decoder is None else self.decoder(message)
        except Exception as error:
            return self.meaning.undecodable(self.session, message, error)
        return on_message(self.session, value)

    def send(self, value: Any) -> Coroutine[Any, Any, None]:
        """Encode a value, and send it."""
        return self.transmit(encoded(self.meaning.codec, value))

    async def transmit(self, message: SendableMessage) -> None:
        """Send a message that is encoded, and count it."""
        try:
            await self.connection.send(message)
        except ConnectionClosed as error:
            self.lost = error
            raise
        self.outgoing.count(message)

    def count_failure(self) -> int:
        """Count a read that failed; return how many did in a row, without a message between."""
        self.read_errors += 1
        again = self.received == self._received_at_failure
        self._failures_in_a_row = self._failures_in_a_row + 1 if again else 1
        self._received_at_failure = self.received
        return self._failures_in_a_row

    def _take_replies(self, messages: deque[Message]) -> None:
        """Take the replies out of what has just come in, and leave the rest in order."""
        for _ in range(len(messages)):
            message = messages.popleft()
            if self.sift is not None and self.sift(message):
                self.incoming.count(message)
            else:
                messages.append(message)

    @property
    def received(self) -> int:
        """How many messages were read from the connection."""
        return self.incoming.messages


def _as_it_is(error: Exception) -> Exception:
    return error
