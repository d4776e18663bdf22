"""The contract is kept on every event loop that wsengine runs on, with real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from wsengine.adapter import Adapter
from wsengine.adapters.aiohttp import AiohttpAdapter
from wsengine.adapters.picows import PicowsAdapter
from wsengine.adapters.websockets import WebsocketsAdapter

# A second instead of the library's ten, for the checks of servers that never answer.
ADAPTERS: dict[str, Callable[[], Adapter]] = {
    "websockets": lambda: WebsocketsAdapter(close_timeout=1.0),
    "aiohttp": lambda: AiohttpAdapter(close_timeout=1.0),
    "picows": lambda: PicowsAdapter(close_timeout=1.0),
}

CANNOT = {
    ("aiohttp", "refuses_what_breaks_the_protocol"): "aiohttp takes masked frames from a server",
}
"""What a library cannot do, and no adapter can mend."""


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    factories: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
        "asyncio": asyncio.SelectorEventLoop
    }
    if item.path.name != "test_adapters.py":
        return factories  # tests of the suite itself
    try:
        import uvloop
    except ModuleNotFoundError:  # there is none for Windows
        return factories
    return factories | {"uvloop": uvloop.new_event_loop}
