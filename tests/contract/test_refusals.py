"""Refusals as servers and proxies really write them, on every adapter."""

from __future__ import annotations

import pytest

from wsengine import ConnectError, ConnectOptions
from wsengine.testing.greetings import say
from wsengine.testing.rawserver import RawServer

from .conftest import ADAPTERS

DIRECT = ConnectOptions(proxy=None)


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"HTTP/1.0 404 File not found", 404),
        (b"HTTP/1.0 503 Service Unavailable", 503),
        (b"HTTP/1.1 403", 403),
        (b"HTTP/1.1 520 Unknown Error", 520),
    ],
)
async def test_the_status_is_told(adapter: str, line: bytes, status: int) -> None:
    async with RawServer(say(line + b"\r\nRetry-After: 3\r\nX-Node: Blue\r\n\r\n")) as server:
        with pytest.raises(ConnectError) as caught:
            await ADAPTERS[adapter]().connect(server.url(), DIRECT)
    assert (caught.value.status, caught.value.retry_after) == (status, 3.0)
    assert caught.value.headers["x-node"] == "Blue"


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(("status", "redirects"), [("302 Found", True), ("201 Created", False)])
async def test_a_location_is_a_redirect_of_a_redirect_only(
    adapter: str, status: str, redirects: bool
) -> None:
    answer = f"HTTP/1.1 {status}\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n"
    async with RawServer(say(answer.encode())) as server:
        with pytest.raises(ConnectError, match=status[:3]) as caught:
            await ADAPTERS[adapter]().connect(server.url(), DIRECT)
    assert ("dial that" in str(caught.value)) == redirects


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_garbage_is_told_in_one_line(adapter: str) -> None:
    garbage = bytes(range(1, 128)) * 20 + b"\r\n\r\n"
    async with RawServer(say(garbage)) as server:
        with pytest.raises(ConnectError) as caught:
            await ADAPTERS[adapter]().connect(server.url(), DIRECT)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 500
