"""User info in the URL, on every adapter: the same header, whatever its characters are."""

from __future__ import annotations

import base64

import pytest

from wsengine import ConnectOptions
from wsengine.testing.rawserver import RawServer

from .conftest import ADAPTERS


@pytest.mark.parametrize("adapter", ADAPTERS)
@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("user:pass", "user:pass"),
        ("us%40er:p%2Fss", "us@er:p/ss"),
        ("\u00e9:\u00fc", "\u00e9:\u00fc"),
        ("%C3%A9:x", "\u00e9:x"),
        ("\u03b1:\U0001f41f", "\u03b1:\U0001f41f"),
    ],
)
async def test_user_info_is_told_in_utf8(adapter: str, written: str, meant: str) -> None:
    async with RawServer() as server:
        url = server.url().replace("//", f"//{written}@")
        connection = await ADAPTERS[adapter]().connect(url, ConnectOptions(proxy=None))
        peer = await server.next_peer()
        told = peer.request.one("authorization").removeprefix("Basic ")
        assert base64.b64decode(told).decode() == meant
        assert peer.request.one("host") == f"127.0.0.1:{server.port}"
        peer.hang_up()
        await connection.close(1000, "")


@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_a_host_is_dialled_by_its_name_in_ascii(adapter: str) -> None:
    async with RawServer() as server:
        url = server.url().replace("127.0.0.1", "local\u00adhost")  # a soft hyphen
        connection = await ADAPTERS[adapter]().connect(url, ConnectOptions(proxy=None))
        peer = await server.next_peer()
        assert peer.request.one("host") == f"localhost:{server.port}"
        peer.hang_up()
        await connection.close(1000, "")
