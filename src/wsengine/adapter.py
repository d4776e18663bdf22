"""The contract between the engine and a WebSocket library.

An *adapter* makes connections with one library; a *connection* is what it returns. The
suite `wsengine.testing.check_adapter` is the definition of this contract, clause by clause.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sized
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from .message import Message, SendableMessage
from .options import ConnectOptions

CLOSE_TIMEOUT = 5.0
"""Seconds to wait at most for the server's close frame, and for the end of TCP after it."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """The server's answer to the opening handshake (RFC 6455 section 4.2.2).

    Args:
        status: The HTTP status: 101.
        headers: The response's headers, names in lower case.
        subprotocol: The subprotocol that the server chose, or `None`.
    """

    status: int = 101
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    subprotocol: str | None = field(default=None, repr=False)


class Connection(Protocol):
    """One open WebSocket connection."""

    @property
    def handshake(self) -> Handshake:
        """The server's answer to the opening handshake."""

    @property
    def native(self) -> Any:
        """The library's own object."""

    async def receive(self) -> Message:
        """Wait for one whole message and return it.

        One caller at a time. Cancellation-safe: a cancelled call loses nothing and the next
        one goes on in order. Messages that came before the close are returned before it is
        raised. Safe to run while `close` does. What nobody receives pushes back through TCP.

        Raises:
            ConnectionClosed: The connection is closed; code 1006 where no close frame came.
        """

    async def send(self, message: SendableMessage) -> None:
        """Send one message: `str` as text, bytes-like as binary.

        Of a memoryview the bytes that it shows (`tobytes()`), whatever its items and shape are.
        Waits for the transport's back-pressure; may be called concurrently.

        Raises:
            ConnectionClosed: The connection is closed.
            ValueError: The text has no UTF-8 (a lone surrogate); the connection lives on.
        """

    async def ping(self) -> float:
        """Send a ping and return the seconds until its pong (RFC 6455 section 5.5.2).

        May be called concurrently; a pong answers the pings before its own, too. Cancelling it
        gives the wait up, nothing else.

        Raises:
            ConnectionClosed: The connection closed before the pong came.
        """

    async def close(self, code: int, reason: str) -> None:
        """Send a close frame and wait for the server's; then the socket is gone.

        Idempotent, and bounded: a server that does not answer, or does not end TCP, is cut
        off. Cancelling it cuts the connection off at once.

        Raises:
            ValueError: The code or the reason must not be sent; see `Close.check_sendable`. The
                connection lives on.
        """


@runtime_checkable
class NativeReceive(Protocol):
    """What a connection may offer besides, to save a coroutine around each receive.

    The reader then awaits `native_receive` instead of `receive`, and calls `translate` once,
    with the exception that ended the reading.
    """

    @property
    def native_receive(self) -> Callable[[], Awaitable[Message]]:
        """The library's own receive: as `receive`, but raising the library's exceptions."""

    def translate(self, error: Exception) -> Exception:
        """Return what `receive` would have raised, `ConnectionClosed` for a closed connection."""


@runtime_checkable
class Offering(Protocol):
    """What a connection may offer besides, to save a reply two steps of the event loop.

    A request then gets its reply as it comes in, without the reader between.
    """

    def offer_to(self, taker: Callable[[deque[Message]], object], awaited: Sized, /) -> None:
        """Have `taker` called with messages that come in, before anybody receives them.

        It removes those that it takes: they are never received. It does not raise. Whatever this
        connection finds inconvenient is not offered.

        Args:
            taker: What is called.
            awaited: Empty while `taker` would take nothing; then it need not be called.
        """


class Adapter(Protocol):
    """Makes connections with one WebSocket library. It holds no connection of its own."""

    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        """Dial, do the opening handshake, and return a fresh connection.

        Cancelling it leaves no socket behind.

        Raises:
            ConnectError: The dial failed; it has the status and headers of a refused handshake.
        """
