"""One physical connection, as plain functions see it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from .adapter import Handshake
from .close import Close
from .errors import ConnectionClosed, EngineStateError
from .session import Session, SessionStats
from .sync_pausing import SyncPause
from .sync_portal import Portal, PortalClosed, within

if TYPE_CHECKING:
    from .sync import SyncEngine


class SyncSession:
    """A `Session` whose calls block. Each may be made in a callback, and in any other thread.

    A call with a `timeout` raises `TimeoutError` when that many seconds are over; `None` waits
    as long as it takes; what is no number of seconds raises `ConfigError`. Every blocking call
    raises `ConnectionClosed` when the session is over.

    Attributes:
        id: A fresh identifier, for logs and traces.
        engine: The engine that it belongs to.
        attributes: A dictionary for whatever you want to keep with the session.
        gap: What lies between the previous session and this one; `None` for the first one.
    """

    def __init__(self, engine: SyncEngine, session: Session, portal: Portal) -> None:
        self.id = session.id
        self.engine = engine
        self.attributes: dict[str, Any] = session.attributes
        self.gap = session.gap
        self._session = session
        self._portal = portal
        self._pilots: set[int] = set()

    def __repr__(self) -> str:
        return f"<SyncSession {self.id} of {self.engine.name!r}>"

    @property
    def handshake(self) -> Handshake:
        """The server's answer to the opening handshake: status, headers, subprotocol."""
        return self._session.handshake

    @property
    def native(self) -> Any:
        """The WebSocket library's own connection object; it belongs to the event loop's thread."""
        return self._session.native

    @property
    def closed(self) -> Close | None:
        """How the session ended, or `None` while it is open."""
        return self._session.closed

    def send(self, message: Any, *, timeout: float | None = None) -> Sent:
        """Send one message: `str` as text, bytes-like as binary; or with a codec, any value.

        Waits while the transport's buffer is full, so a slow server slows you down. A time-out
        does not unsend the message. What it returns is of no use to you.

        Raises:
            ConnectionClosed: The session is over.
            TypeError: The message is neither text nor bytes, and there is no codec.
        """
        self._call(timeout, self._session.send, message)
        return SENT

    def ping(self, *, timeout: float | None = None) -> float:
        """Send a ping and return the seconds until its pong."""
        round_trip: float = self._call(timeout, self._session.ping)
        return round_trip

    def request(self, message: Any, *, timeout: float | None = 5.0) -> Any:
        """Send a request, and return the reply; as `Session.request`."""
        self.refuse_pilot()
        return self._call(None, self._session.request, message, timeout=timeout)

    def paused(self) -> SyncPause:
        """Pause the engine, and pilot the connection yourself.

        ::

            with session.paused() as connection:
                connection.send("what time is it?")
                answer = connection.receive(timeout=5)

        Running handlers go on, no new one starts. Several threads take turns; one thread that
        pauses twice is refused with `EngineStateError`, as it would wait for itself.

        Raises:
            ConnectionClosed: The session has ended, or ends before its turn comes.
        """
        return SyncPause(self._session.paused(), self._portal, self._call, self._pilots)

    def restart(self) -> None:
        """Ask for this connection to be closed and a new one to be opened; return at once."""
        self._portal.soon(self._session.restart)

    def exit(self) -> None:
        """Ask for the engine to stop; the same as `SyncEngine.exit()`."""
        self._portal.soon(self._session.exit)

    def stats(self) -> SessionStats:
        """Return a snapshot of what the session has done."""
        return self._session.stats()

    def refuse_pilot(self) -> None:
        """Check that a reply would be read: that this thread has not paused the session.

        Raises:
            EngineStateError: It has.
        """
        if threading.get_ident() in self._pilots:
            raise EngineStateError(
                "this thread has paused the session, so it is you who reads: use "
                "connection.send() and connection.receive()"
            )

    def _call(
        self, limit: float | None, function: Callable[..., Any], /, *args: Any, **options: Any
    ) -> Any:
        try:
            return self._portal.call(within, limit, function, *args, **options)
        except PortalClosed as error:
            if self.closed is None:
                raise
            raise ConnectionClosed(self.closed) from error


class Sent:
    """What `send` returns: it can be awaited, and is done.

    An `Endpoint` awaits `session.send` for handlers that answer by returning.
    """

    def __await__(self) -> Generator[Any, None, None]:
        yield from ()


SENT = Sent()
