"""Adapters that break a clause on pings, on closing, or on what they show of their library."""

from __future__ import annotations

import asyncio
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.frames import Opcode

from wsengine import ConnectionClosed
from wsengine.adapter import Connection

from .saboteurs import Wrapped

# Pings.


class PingsInMilliseconds(Wrapped):
    async def ping(self) -> float:
        return 1000 * await self.connection.ping()


class PingsAlike(Wrapped):
    async def ping(self) -> float:
        pong = await self.native.ping(b"alike")
        result: float = await pong
        return result


class PingsOneByOne(Wrapped):
    lock: asyncio.Lock | None = None

    async def ping(self) -> float:
        self.lock = self.lock or asyncio.Lock()
        async with self.lock:
            return await self.connection.ping()


class DiesOfACancelledPing(Wrapped):
    async def ping(self) -> float:
        try:
            return await self.connection.ping()
        except asyncio.CancelledError:
            self.native.transport.abort()
            raise


class PingsOutliveTheConnection(Wrapped):
    async def ping(self) -> float:
        try:
            return await self.connection.ping()
        except ConnectionClosed:
            await asyncio.get_running_loop().create_future()
            raise


class NoPongs(ClientConnection):
    """A connection of the library's that does not answer pings."""

    def send_data(self) -> None:
        self.protocol.writes = [
            data for data in self.protocol.writes if not data or data[0] & 0x0F != Opcode.PONG
        ]
        super().send_data()


# Closing.


class ClosesWithoutReason(Wrapped):
    async def close(self, code: int, reason: str) -> None:
        await self.connection.close(code, "")


class ClosesTwice(Wrapped):
    calls = 0

    async def close(self, code: int, reason: str) -> None:
        self.calls += 1
        if self.calls > 1:
            raise RuntimeError("closed already")
        await self.connection.close(code, reason)


class RaisesOnALostConnection(Wrapped):
    async def close(self, code: int, reason: str) -> None:
        await self.connection.close(code, reason)
        if self.native.close_code == 1006:
            raise ConnectionResetError("lost")


class RaisesWhenClosed(Wrapped):
    async def close(self, code: int, reason: str) -> None:
        if self.native.close_code is not None:
            raise RuntimeError("closed already")
        await self.connection.close(code, reason)


class ClosesSlowly(Wrapped):
    async def close(self, code: int, reason: str) -> None:
        await self.connection.close(code, reason)
        await asyncio.sleep(4)


class ClosesAsTheLibraryDoes(Wrapped):
    async def close(self, code: int, reason: str) -> None:
        await self.native.close(code, reason)


class ClosesByCuttingOff(Wrapped):
    async def close(self, code: int, reason: str) -> None:
        self.native.transport.abort()


class LeavesATask(Wrapped):
    def __init__(self, left: list[asyncio.Task[None]], connection: Connection) -> None:
        super().__init__(connection)
        self.left = left

    async def close(self, code: int, reason: str) -> None:
        await self.connection.close(code, reason)
        self.left.append(asyncio.create_task(asyncio.sleep(60)))


class RaisesInACallback(Wrapped):
    async def close(self, code: int, reason: str) -> None:
        asyncio.get_running_loop().call_soon(self._tell, reason)
        await self.connection.close(code, reason)

    def _tell(self, reason: str) -> None:
        raise RuntimeError(f"nobody catches this {reason}")


# The library's side.


class AlwaysAnotherNative(Wrapped):
    @property
    def native(self) -> Any:
        return object()


class TranslatesAnything(Wrapped):
    def translate(self, error: Exception) -> Exception:
        return error if isinstance(error, ConnectionClosed) else RuntimeError(str(error))


class ClosesWithAnything(Wrapped):
    async def close(self, code: int, reason: str) -> None:
        await self.native.close(1000, reason.encode(errors="replace")[:9].decode())
