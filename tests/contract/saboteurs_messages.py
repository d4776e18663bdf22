"""Adapters that break a clause on receiving or on sending messages."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sized

from wsengine import Close, ConnectionClosed
from wsengine.adapter import Connection
from wsengine.message import Message, SendableMessage

from .saboteurs import Wrapped

# Reading.


class TextAsBytes(Wrapped):
    async def receive(self) -> Message:
        message = await self.connection.receive()
        return message.encode() if isinstance(message, str) else message


class BinaryAsText(Wrapped):
    async def receive(self) -> Message:
        message = await self.connection.receive()
        return message.decode("latin-1") if isinstance(message, bytes) else message


class Chops(Wrapped):
    async def receive(self) -> Message:
        return (await self.connection.receive())[:-1]


class Swaps(Wrapped):
    held: Message | None = None

    async def receive(self) -> Message:
        if self.held is not None:
            message, self.held = self.held, None
            return message
        self.held = await self.connection.receive()
        return await self.connection.receive()


class LosesOnCancel(Wrapped):
    async def receive(self) -> Message:
        message = await self.connection.receive()
        await asyncio.sleep(0)
        return message


class ReadsAhead(Wrapped):
    """Starts a task for each receive, which goes on when the receive is cancelled."""

    async def receive(self) -> Message:
        return await asyncio.shield(asyncio.ensure_future(self.connection.receive()))


class WrongCode(Wrapped):
    async def receive(self) -> Message:
        try:
            return await self.connection.receive()
        except ConnectionClosed as error:
            raise ConnectionClosed(Close(1014, "wrong")) from error


class BlamesTheServer(Wrapped):
    async def receive(self) -> Message:
        try:
            return await self.connection.receive()
        except ConnectionClosed as error:
            raise ConnectionClosed(Close(error.close.code, error.close.reason)) from error


class HearsMore(Wrapped):
    """Receives one message too many, behind the end."""

    late: Message | None = "after"

    async def receive(self) -> Message:
        try:
            return await self.connection.receive()
        except ConnectionClosed:
            if self.late is None:
                raise
            late, self.late = self.late, None
            return late


class OffersWhatItGives(Wrapped):
    """Shows each message before it is received, and gives it even so."""

    taker: Callable[[deque[Message]], object] | None = None

    def offer_to(self, taker: Callable[[deque[Message]], object], awaited: Sized) -> None:
        self.taker = taker

    async def receive(self) -> Message:
        message = await self.connection.receive()
        if self.taker is not None:
            self.taker(deque((message,)))
        return message


class InflatesFirst(Wrapped):
    """Holds to a bound of 100 kB, but only when it has the whole message."""

    async def receive(self) -> Message:
        message = await self.connection.receive()
        if len(message) <= 100_000:
            return message
        close = Close(1009, "too big", client_initiated=True)
        await self.connection.close(close.code, close.reason)
        raise ConnectionClosed(close)


class NeverEnds(Wrapped):
    async def receive(self) -> Message:
        try:
            return await self.connection.receive()
        except ConnectionClosed:
            await asyncio.get_running_loop().create_future()
            raise


# Sending.


class SendsLess(Wrapped):
    async def send(self, message: SendableMessage) -> None:
        await self.connection.send(message if isinstance(message, memoryview) else message[:-1])


class SendsViewsAsText(Wrapped):
    async def send(self, message: SendableMessage) -> None:
        await self.connection.send(str(message) if isinstance(message, memoryview) else message)


class CountsItems(Wrapped):
    """Takes the number of a view's items for its size."""

    async def send(self, message: SendableMessage) -> None:
        if isinstance(message, memoryview):
            message = message.tobytes()[: len(message)]
        await self.connection.send(message)


class SendsBackwards(Wrapped):
    held: SendableMessage | None = None

    async def send(self, message: SendableMessage) -> None:
        if self.held is None:
            self.held = message
            return
        await self.connection.send(message)
        await self.connection.send(self.held)
        self.held = None


class SendsQuestionMarks(Wrapped):
    async def send(self, message: SendableMessage) -> None:
        if isinstance(message, str):
            message = message.encode(errors="replace").decode()
        await self.connection.send(message)


class SwallowsLostSends(Wrapped):
    async def send(self, message: SendableMessage) -> None:
        with contextlib.suppress(ConnectionClosed):
            await self.connection.send(message)


class SendsInTheBackground(SwallowsLostSends):
    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.tasks: list[asyncio.Task[None]] = []

    async def send(self, message: SendableMessage) -> None:
        self.tasks.append(asyncio.create_task(super().send(message)))
