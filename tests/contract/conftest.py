"""The contract is kept on every event loop that wsengine runs on, with real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import socket
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
from aiohttp import ClientSession, UnixConnector

from wsengine.adapter import Adapter
from wsengine.adapters.aiohttp import AiohttpAdapter
from wsengine.adapters.picows import PicowsAdapter
from wsengine.adapters.websockets import WebsocketsAdapter
from wsengine.testing import UnixSource

from ..integration.loops import HAS_UVLOOP, LOOPS, chosen_loop

# A second instead of the library's ten, for the checks of servers that never answer.
ADAPTERS: dict[str, Callable[[], Adapter]] = {
    "websockets": lambda: WebsocketsAdapter(close_timeout=1.0),
    "aiohttp": lambda: AiohttpAdapter(close_timeout=1.0),
    "picows": lambda: PicowsAdapter(close_timeout=1.0),
}


@contextlib.asynccontextmanager
async def _aiohttp_unix(path: str) -> AsyncIterator[Adapter]:
    async with ClientSession(connector=UnixConnector(path)) as session:
        yield AiohttpAdapter(session=session)


def _picows_unix(path: str) -> Adapter:
    async def connected(_: object) -> socket.socket:
        raw = socket.socket(socket.AF_UNIX)
        raw.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(raw, path)
        except OSError:
            raw.close()
            raise
        return raw

    return PicowsAdapter(socket_factory=connected)


UNIX: Mapping[str, UnixSource] = {
    "websockets": lambda path: WebsocketsAdapter(unix=True, path=path),
    "aiohttp": _aiohttp_unix,
    "picows": _picows_unix,
}
"""Each adapter, made for the unix socket at a path."""


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    chosen = chosen_loop()
    if chosen is None and HAS_UVLOOP and item.path.name == "test_adapters.py":
        return {name: _loop_factory(name) for name in LOOPS}
    return {name: _loop_factory(name) for name in (chosen or "asyncio",)}


def _loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop]:
    if name == "asyncio":
        return asyncio.SelectorEventLoop
    factory: Callable[[], asyncio.AbstractEventLoop] = importlib.import_module(
        "uvloop"
    ).new_event_loop
    return factory
