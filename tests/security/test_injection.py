"""Nothing that a program is given can add a header or a request of its own to the handshake.

That the engine refuses line breaks in the URL, in headers and in subprotocols is tested where these
are checked: `tests/unit/test_url.py` and `tests/unit/test_options.py`. Here are the ways around.
"""

from __future__ import annotations

import asyncio
import importlib

import pytest

from tests.integration.conftest import ADAPTERS
from wsengine import ConfigError, ConnectError, ConnectOptions, Endpoint, Engine, EngineStartError
from wsengine.adapter import Adapter
from wsengine.testing.rawserver import RawServer

DIRECT = ConnectOptions(proxy=None)
BREAKS = ["\r\n", "\n", "\r"]


async def requested(adapter: Adapter, server: RawServer, url: str) -> tuple[tuple[str, str], ...]:
    """Dial; return the headers that the server got."""
    async with asyncio.timeout(10):
        connection = await adapter.connect(url, DIRECT)
        peer = await server.next_peer()
        peer.abort()
        await connection.close(1000, "")
    return peer.request.headers


def made(adapter: str, **library_options: str) -> Adapter:
    """Return an adapter with options of its library."""
    module = importlib.import_module(f"wsengine.adapters.{adapter}")
    one: Adapter = getattr(module, f"{adapter.title()}Adapter")(**library_options)
    return one


@pytest.mark.parametrize(
    "url",
    [
        "ws://127.0.0.1:{port}/%0d%0aX-Evil:%201",
        "ws://127.0.0.1:{port}/?a=%0d%0aX-Evil:%201",
        "ws://user%0d%0aX-Evil:%201:pass%0d%0aword@127.0.0.1:{port}/",
    ],
)
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_quoted_line_breaks_stay_quoted(adapter: str, url: str) -> None:
    async with RawServer() as server:
        headers = await requested(made(adapter), server, url.format(port=server.port))
    assert "host" in dict(headers)
    assert "x-evil" not in dict(headers)
    assert server.faults == []


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize(
    ("adapter", "option"),
    [("websockets", "origin"), ("websockets", "user_agent_header"), ("aiohttp", "origin")],
)
async def test_a_line_break_in_an_option_of_the_library(
    adapter: str, option: str, broken: str
) -> None:
    """It is refused because of it. The adapter for picows takes no option that becomes a header."""
    async with RawServer() as server:
        with pytest.raises((ConfigError, ConnectError), match=r"header|control characters"):
            await requested(made(adapter, **{option: f"a{broken}X-Evil: 1"}), server, server.url())
    async with RawServer() as server:
        harmless = await requested(made(adapter, **{option: "a"}), server, server.url())
    assert "a" in dict(harmless).values()


@pytest.mark.parametrize("broken", BREAKS)
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_a_url_from_a_function(adapter: str, broken: str) -> None:
    async with RawServer() as server:
        url = f"{server.url()}{broken}X-Evil: 1"
        engine = Engine(lambda: url, Endpoint(), adapter=adapter, options=DIRECT)
        with pytest.raises(EngineStartError) as caught:
            await engine.start()
        assert isinstance(caught.value.__cause__, ConfigError)
        assert server.clients == 0
