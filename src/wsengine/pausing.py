"""Pausing a session: the connection, in your own hands."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, ClassVar

from .adapter import Handshake
from .crew import Crew
from .errors import ConnectionClosed, EngineStateError
from .interruption import Interruption, current_caller, current_task
from .link import Link
from .message import Message
from .putting_back import Received


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
        self._received = Received()
        self.holder = current_caller()

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

    async def receive(self) -> Any:
        """Wait for the next message and return it, decoded if there is a codec.

        Replies to the requests of other tasks go to them. Cancellation loses nothing.

        Raises:
            ConnectionClosed: The connection is closed, or the session ends.
            DecodeError: The codec cannot decode the message, which the error has.
            EngineStateError: Called after the `async with` block, or by two tasks at once.
        """
        link = self._link
        while True:
            self._check()
            message = self._crew.backlog.pop() if self._crew.backlog else await self._read()
            if link.sift is None or not link.sift(message):
                break
        value = link.meaning.decode(message)
        self._received.add(value, message)
        if link.requests is not None:
            link.requests.count_late(value)
        return value

    async def _read(self) -> Message:
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

    def put_back(self, message: Any) -> None:
        """Leave a message that `receive` has returned to `on_message`.

        It comes there when the pause is over: in the order of arrival, whatever the order in
        which messages are put back, and before all that came later. `receive` does not return it
        again in this pause.

        Args:
            message: The very object that `receive` returned; the last 1024 messages are known. Of
                equal ones that Python keeps once only (`None`, a text of one character, a small
                number) the latest is meant.

        Raises:
            ConfigError: It is another object, or was put back already.
            ConnectionClosed: The session is over: `on_message` is not called any more.
            EngineStateError: Called after the `async with` block.
        """
        if self._crew.ended:
            raise ConnectionClosed(self._crew.closed.result())
        self._check()
        self._received.put_back(message)
        if self._link.requests is not None:
            self._link.requests.count_late(message, by=-1)  # as it comes once more

    async def send(self, message: Any) -> None:
        """Send one message, as `Session.send` does.

        Raises:
            ConnectionClosed: The connection is closed, or the session ends.
            EngineStateError: Called after the `async with` block.
            Exception: As `Session.send`.
        """
        self._check()
        await self._link.send(message)

    async def ping(self) -> float:
        """Send a ping and return the seconds until its pong.

        Raises:
            ConnectionClosed: The connection is closed, or the session ends.
            EngineStateError: Called after the `async with` block.
        """
        self._check()
        return await self._link.connection.ping()

    def give_way(self) -> None:
        """End a waiting `receive`: the session is over."""
        self.release()
        if self._wait is not None:
            self._wait.interrupt()

    def release(self) -> None:
        """Give what was put back to those who read after the pause."""
        self._crew.backlog.put_back(self._received.taken())

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
        if is_pilot_here(self._crew):
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
            self._pilot.release()
            self._crew.give_up_lead(self._pilot)


def is_pilot_here(crew: Crew) -> bool:
    """Return whether the running task, or the thread that waits for it, has paused the session."""
    leader = crew.leader
    if leader is None or not leader.is_pilot:
        return False
    return isinstance(leader, Pilot) and leader.holder == current_caller()
