"""Workers that keep the messages of one key in order, and run those of different keys at once."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Hashable
from typing import TYPE_CHECKING, cast

from .lanes import Lanes
from .readers import Mode
from .workers import TURN, Worker

if TYPE_CHECKING:
    from .crew import Crew
    from .link import Handler, Link
    from .message import Message


class KeyedWorker(Worker):
    """Runs `on_message` as a worker does, and leaves a message whose key is busy for later.

    A key is busy from the moment that its handler suspends: what does not suspend is alone on
    the event loop anyway.
    """

    __slots__ = (
        "_key",
        "_lanes",
    )

    def __init__(self, crew: Crew, link: Link) -> None:
        super().__init__(crew, link)
        self._lanes = cast("Lanes", crew.backlog)
        self._key: Hashable = None

    def _suspended(self) -> None:
        if self._mode is Mode.HANDLING:
            self._lanes.begin(self._key)
        super()._suspended()

    async def _read(self) -> None:
        if self._lanes.ready:
            await self._help()
        elif self._lanes.has_room:
            await self._read_on()
        else:
            self._crew.stall(self)  # all that was read ahead waits for handlers that run

    async def _read_on(self) -> None:
        crew, link, lanes = self._crew, self._link, self._lanes
        while True:
            for on_message in link.turn(TURN):
                message = await link.receive()
                link.incoming.count(message)
                # A reply waits for nobody: the handler of its key may wait for it.
                if link.sift is None or not link.sift(message):
                    key = lanes.key_of(message)
                    if crew.ended:  # a function of the program's has ended the session
                        crew.unread += 1
                    elif not lanes.waits(key):
                        await self._handle(on_message, key, message)
                    elif not lanes.add(key, message):
                        crew.stall(self)
                if crew.leader is not self:
                    return
            await asyncio.sleep(0)

    async def _help(self) -> None:
        crew, lanes = self._crew, self._lanes
        for on_message in self._link.turn(TURN):
            key, message = lanes.take()
            if crew.leader is None:
                crew.took_from_backlog()
            await self._handle(on_message, key, message)
            if not lanes.ready or crew.paused:
                return
        await asyncio.sleep(0)

    async def _handle(self, on_message: Handler, key: Hashable, message: Message) -> None:
        self._key = key
        try:
            pending = self._link.call(on_message, message)
            if pending is not None and inspect.isawaitable(pending):
                self._mode = Mode.HANDLING
                await pending
        except (Exception, asyncio.CancelledError) as error:
            self._callback_failed("on_message", error)
        finally:
            if self._mode is Mode.BUSY:
                self._lanes.done(key)
            self._mode = Mode.READING if self._crew.leader is self else Mode.IDLE
