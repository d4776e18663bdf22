"""Who is tested: the engine with each adapter, and beside it the bare libraries.

All do the same: send every message back as it came, until the server closes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from wsengine import (
    ConnectionClosed,
    ConnectOptions,
    Endpoint,
    Engine,
    EngineConfig,
    EngineFailedError,
    Session,
)
from wsengine.loading import ADAPTERS, load_adapter

OPTIONS: Final = ConnectOptions(proxy=None)
"""What users have by default; a proxy would only stand between two sides of one machine."""

Play = Callable[[str], Awaitable[None]]
"""Plays one case: connects to a URL, and echoes until the connection is closed."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """One client to test.

    Args:
        library: The WebSocket library, by its name as an adapter.
        bare: Whether it is the library alone, without the engine.
    """

    library: str
    bare: bool = False

    @property
    def name(self) -> str:
        """What it is called in the server's reports and in the names of files."""
        return f"{self.library}-bare" if self.bare else self.library

    def prepare(self) -> Play:
        """Return what plays its cases.

        Raises:
            ImportError: The library is not installed.
            WSEngineError: The adapter cannot be made.
        """
        if self.bare:
            return BARE[self.library]()
        load_adapter(self.library)
        return _engine(self.library)

    def versions(self) -> dict[str, str]:
        """Return the versions of what it is made of."""
        names = [self.library] if self.bare else ["wsengine", self.library]
        return {name: version(name) for name in names}


class Echo(Endpoint):
    """Sends every message back as it came: text as text, binary as binary."""

    async def on_message(self, session: Session, message: str | bytes) -> None:
        """Send it back, unless the server has closed meanwhile."""
        with contextlib.suppress(ConnectionClosed):
            await session.send(message)


def _engine(adapter: str) -> Play:
    config = EngineConfig(reconnect=None, ping_interval=None)  # the cases count the control frames

    async def play(url: str) -> None:
        engine = Engine(url, Echo(), adapter=adapter, options=OPTIONS, config=config)
        # Most cases end with a close that an engine which may not reconnect calls a failure.
        with contextlib.suppress(EngineFailedError):
            async with engine:
                await engine.wait_stopped()

    return play


def _websockets() -> Play:
    from websockets.asyncio.client import connect  # noqa: PLC0415
    from websockets.exceptions import ConnectionClosed as Closed  # noqa: PLC0415

    return _echo(connect, Closed)


def _picows() -> Play:
    from picows.websockets import ConnectionClosed as Closed  # noqa: PLC0415
    from picows.websockets import connect  # noqa: PLC0415

    return _echo(connect, Closed)


def _echo(connect: Callable[..., Any], closed: type[Exception]) -> Play:
    """Play with a library that has the interface of `websockets`."""

    async def play(url: str) -> None:
        async with connect(
            url,
            compression=OPTIONS.compression,
            max_size=OPTIONS.max_message_size,
            ping_interval=None,
            proxy=None,
        ) as connection:
            with contextlib.suppress(closed):
                while True:
                    await connection.send(await connection.recv())

    return play


def _aiohttp() -> Play:
    import aiohttp  # noqa: PLC0415

    limit = OPTIONS.max_message_size or 0  # aiohttp refuses a message of exactly its bound

    async def play(url: str) -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(url, compress=15, max_msg_size=limit + 1) as ws,
        ):
            with contextlib.suppress(ConnectionError):
                async for message in ws:
                    if message.type is aiohttp.WSMsgType.TEXT:
                        await ws.send_str(message.data)
                    elif message.type is aiohttp.WSMsgType.BINARY:
                        await ws.send_bytes(message.data)

    return play


BARE: Final[dict[str, Callable[[], Play]]] = {
    "websockets": _websockets,
    "aiohttp": _aiohttp,
    "picows": _picows,
}

CONTESTANTS: Final = tuple(
    Contestant(library, bare) for library in ADAPTERS for bare in (False, True)
)
