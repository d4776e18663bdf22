"""Pausing a session from plain functions: the connection, in your own hands."""

from __future__ import annotations

import threading
from functools import partial
from types import TracebackType
from typing import Any, Protocol

from .adapter import Handshake
from .errors import EngineStateError
from .pausing import Pause, Pilot
from .sync_calls import Call
from .sync_portal import Portal


class BlockingCall(Protocol):
    """Calls a coroutine function on the loop, within `timeout` seconds, and waits for it."""

    def __call__(self, timeout: float | None, function: Any, /, *args: Any) -> Any:
        """Return what the coroutine returns."""


class SyncPilot:
    """The connection as `with session.paused() as connection` hands it out.

    What the engine had read ahead comes out of `receive` first, so every message is seen exactly
    once and in order, by you or by `on_message`. It cannot be used after the block.
    """

    def __init__(self, pilot: Pilot, call: BlockingCall) -> None:
        self._pilot = pilot
        self._call = call

    @property
    def handshake(self) -> Handshake:
        """The server's answer to the opening handshake."""
        return self._pilot.handshake

    @property
    def native(self) -> Any:
        """The library's own object; it belongs to the event loop's thread."""
        return self._pilot.native

    def receive(self, *, timeout: float | None = None) -> Any:
        """Wait for the next message and return it, decoded if there is a codec.

        Replies to the requests of other threads go to them. A time-out loses nothing.

        Raises:
            ConnectionClosed: The connection is closed, or the session ends.
            EngineStateError: Called after the `with` block, or by two threads at once.
            DecodeError: The codec cannot decode the message, which the error has.
            TimeoutError: None came within `timeout` seconds.
        """
        return self._call(timeout, self._pilot.receive)

    def put_back(self, message: Any) -> None:
        """Leave a message that `receive` has returned to `on_message`; as `Pilot.put_back`."""
        self._call(None, _put_back, self._pilot, message)

    def send(self, message: Any, *, timeout: float | None = None) -> None:
        """Send one message, as `SyncSession.send` does."""
        self._call(timeout, self._pilot.send, message)

    def ping(self, *, timeout: float | None = None) -> float:
        """Send a ping and return the seconds until its pong."""
        round_trip: float = self._call(timeout, self._pilot.ping)
        return round_trip


class SyncPause:
    """What `SyncSession.paused()` returns: a context manager.

    Args:
        pause: The pause of the session.
        portal: The way into the loop.
        call: Makes the blocking calls of the session.
        pilots: The threads that have paused the session, or wait for it.
    """

    def __init__(self, pause: Pause, portal: Portal, call: BlockingCall, pilots: set[int]) -> None:
        self._pause = pause
        self._portal = portal
        self._call = call
        self._pilots = pilots

    def __enter__(self) -> SyncPilot:
        thread = threading.get_ident()
        if thread in self._pilots:
            raise EngineStateError(
                "this thread has paused the session already; use the connection that it has"
            )
        self._pilots.add(thread)
        try:
            pilot = self._call(None, self._pause.__aenter__)
        except BaseException:  # also Ctrl-C, which may come when the pause has just begun
            self._end()
            raise
        return SyncPilot(pilot, self._call)

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def _end(self) -> None:
        # Nobody waits for it: no Ctrl-C, and no interruption of a callback, can keep it from
        # being done.
        self._pilots.discard(threading.get_ident())
        self._portal.soon(Call(partial(self._pause.__aexit__, None, None, None)).begin)


async def _put_back(pilot: Pilot, message: Any) -> None:
    pilot.put_back(message)
