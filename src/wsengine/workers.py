"""Those who read: workers, who run the handlers, and the standby, who reads ahead for them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Coroutine
from types import CoroutineType
from typing import Any, Final

from .message import message_size
from .readers import Mode, Reader

TURN: Final = 500
"""Messages after which the event loop gets its turn, however many more are buffered."""


class Worker(Reader):
    """Runs `on_message`: of what it reads itself while it leads, and of the backlog."""

    __slots__ = ()

    helps = True

    def _resting(self) -> None:
        self._crew.rest(self)

    def _read(self) -> Coroutine[Any, Any, None]:
        return self._help() if self._crew.backlog else self._read_on()

    async def _read_on(self) -> None:
        """The hot path: receive, handle, again; until a handler suspends or the lead is gone."""
        crew, link = self._crew, self._link
        receive, session, incoming = link.receive, link.session, link.incoming
        decoder = link.decoder
        pending: Any
        reading, handling = Mode.READING, Mode.HANDLING  # an enum's members are slow to look up
        while True:
            for on_message in link.turn(TURN):
                message = await receive()
                # `Traffic.count`, written out for speed.
                if type(message) is bytes:
                    incoming.binaries += 1
                    incoming.binary_bytes += len(message)
                else:
                    incoming.texts += 1
                    ascii_only = message.isascii()
                    incoming.text_bytes += len(message) if ascii_only else message_size(message)
                try:
                    try:
                        value = message if decoder is None else decoder(message)
                    except Exception as error:
                        pending = link.meaning.undecodable(session, message, error)
                    else:
                        pending = on_message(session, value)
                    if pending is not None and (
                        type(pending) is CoroutineType or inspect.isawaitable(pending)
                    ):
                        self._mode = handling
                        await pending
                        self._mode = reading
                except (Exception, asyncio.CancelledError) as error:
                    self._callback_failed("on_message", error)
                    self._mode = reading
                if crew.leader is not self:
                    return
            await asyncio.sleep(0)

    async def _help(self) -> None:
        crew, backlog = self._crew, self._crew.backlog
        for on_message in self._link.turn(TURN):
            message = backlog.pop()
            if crew.leader is None:
                crew.took_from_backlog()
            try:
                pending = self._link.call(on_message, message)
                if pending is not None and (
                    type(pending) is CoroutineType or inspect.isawaitable(pending)
                ):
                    self._mode = Mode.HANDLING
                    await pending
            except (Exception, asyncio.CancelledError) as error:
                self._callback_failed("on_message", error)
            finally:
                self._mode = Mode.IDLE
            if not backlog or crew.paused:
                return
        await asyncio.sleep(0)


class Standby(Reader):
    """Reads ahead into the backlog while all workers are busy.

    So pings are answered, replies arrive and a close is noticed while handlers are slow.
    """

    __slots__ = ()

    async def _read(self) -> None:
        crew, link, backlog = self._crew, self._link, self._crew.backlog
        receive, incoming, sift = link.receive, link.incoming, link.sift
        while True:
            for _ in range(TURN):
                message = await receive()
                incoming.count(message)
                taken = sift is not None and sift(message)
                has_room = taken or backlog.append(message)
                if crew.leader is not self:  # a function of the program's has ended the session
                    crew.drop_unread()
                    return
                if taken:
                    continue
                if crew.has_idle_worker:
                    if self._waited_at == incoming.messages - 1:
                        crew.give_up_lead(self)  # nothing more is there yet
                        return
                    if backlog.ready:
                        crew.call_helper()
                if not has_room:
                    crew.give_up_lead(self)
                    return
            await asyncio.sleep(0)
