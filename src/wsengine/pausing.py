"""Pausing a session: the connection, in your own hands."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, ClassVar

from .adapter import Handshake
from .crew import Crew
from .errors import ConnectionClosed, EngineStateError
from .interruption import Interruption, current_task
from .link import Link
from .message import Message, SendableMessage, check_sendable


class Pilot:
    """The connection as `async with session.paused() as connection` hands it out.

    No `on_message` starts while you have it; running handlers go on. What the engine had
    read ahead comes out of `receive` first, so every message is seen exactly once and in
    order, by you or by `on_message`. It cannot be used after the block.
    """

    is_pilot: ClassVar[bool] = True
    yields_at_once: ClassVar[bool] = False

    def __init__(self, crew: Crew, link: Link) -> None:
        self._crew = crew
        self._link = link
        self._wait: Interruption | None = None
        self.task = current_task()

    @property
    def neglects_reading(self) -> bool:
        """Whether it has the lead and does not read: a pong cannot be seen then."""
        return self._wait is None

    @property
    def handshake(self) -> Handshake:
        """The server's answer to the opening handshake."""
        return self._link.connection.handshake

    @property
    def native(self) -> Any:
        """The library's own object."""
        return self._link.connection.native

    async def receive(self) -> Message:
        """Wait for the next message and return it. Cancellation loses nothing.

        Raises:
            ConnectionClosed: The connection is closed, or the session ends.
            EngineStateError: Called after the `async with` block, or by two tasks at once.
        """
        self._check()
        if self._crew.backlog:
            return self._crew.backlog.pop()
        if self._wait is not None:
            raise EngineStateError("receive() already waits in another task; call it from one")
        self._wait = Interruption(current_task())
        try:
            message = await self._link.connection.receive()
        except ConnectionClosed as error:
            self._wait = None  # it is over: `end` must not interrupt it
            self._crew.end(error.close)
            raise
        except asyncio.CancelledError:
            if not self._wait.absorb():
                raise
            raise ConnectionClosed(self._crew.closed.result()) from None
        finally:
            self._wait = None
        self._link.incoming.count(message)
        return message

    async def send(self, message: SendableMessage) -> None:
        """Send one message, as `Session.send` does."""
        check_sendable(message)
        await self._link.connection.send(message)
        self._link.outgoing.count(message)

    async def ping(self) -> float:
        """Send a ping and return the seconds until its pong."""
        return await self._link.connection.ping()

    def give_way(self) -> None:
        """End a waiting `receive`: the session is over."""
        if self._wait is not None:
            self._wait.interrupt()

    def _check(self) -> None:
        if self._crew.leader is self:
            return
        if self._crew.ended:
            raise ConnectionClosed(self._crew.closed.result())
        raise EngineStateError(
            "the pause is over: use the connection inside `async with session.paused()` only"
        )


class Pause:
    """What `session.paused()` returns: an asynchronous context manager."""

    def __init__(self, crew: Crew, link: Link) -> None:
        self._crew = crew
        self._link = link
        self._pilot: Pilot | None = None

    async def __aenter__(self) -> Pilot:
        if self._pilot is not None:
            raise EngineStateError("a pause is entered once; call session.paused() again")
        leader = self._crew.leader
        if isinstance(leader, Pilot) and leader.task is current_task():
            raise EngineStateError(
                "this task has paused the session already; use the connection that it has"
            )
        self._pilot = Pilot(self._crew, self._link)
        await self._crew.take_lead(self._pilot)
        return self._pilot

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._pilot is not None:
            self._crew.give_up_lead(self._pilot)
