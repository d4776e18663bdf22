"""Proxies that aiohttp cannot go through by itself; no socket is opened here."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp import ClientHttpProxyError
from python_socks import ProxyError, ProxyType
from websockets.exceptions import InvalidProxy
from yarl import URL

from wsengine import ConfigError, ConnectOptions
from wsengine.adapters.aiohttp_tunnel import Tunnel
from wsengine.errors import MissingDependencyError

URL_OF_SERVER = "ws://host/feed"


def tunnel(proxy: str, url: str = URL_OF_SERVER) -> Any:
    return Tunnel(url, proxy, ConnectOptions())


class Failing:
    """A proxy that fails."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def connect(self, host: str, port: int) -> Any:
        assert (host, port) == ("host", 80)
        raise self.error


async def dial(proxy: str, error: Exception) -> None:
    through = tunnel(proxy)
    through._proxy = Failing(error)
    request = SimpleNamespace(url=URL(URL_OF_SERVER), request_info=None)
    await through._create_connection(cast("Any", request), [], None)


@pytest.mark.parametrize(
    ("proxy", "kind", "it_resolves"),
    [
        ("http://proxy:8080", ProxyType.HTTP, True),
        ("socks4://proxy:8080", ProxyType.SOCKS4, False),
        ("socks4a://proxy:8080", ProxyType.SOCKS4, True),
        ("socks5://proxy:8080", ProxyType.SOCKS5, False),
        ("socks5h://user:pass%20word@proxy:8080", ProxyType.SOCKS5, True),
    ],
)
async def test_the_url_of_the_proxy_tells_what_it_speaks(
    proxy: str, kind: ProxyType, it_resolves: bool
) -> None:
    to = tunnel(proxy)._proxy
    assert (to._proxy_type, to._rdns) == (kind, it_resolves)
    assert (to._proxy_host, to._proxy_port) == ("proxy", 8080)
    assert (to._username, to._password) == (("user", "pass word") if "@" in proxy else (None, None))


async def test_tls_is_for_wss_only() -> None:
    assert tunnel("socks5://proxy:1080", "wss://host/")._tls is True
    assert tunnel("socks5://proxy:1080", "ws://host/")._tls is None


async def test_there_is_no_way_through_an_https_proxy() -> None:
    with pytest.raises(ConfigError, match="to wss:// only"):
        tunnel("https://proxy:443")


async def test_a_wrong_url_is_the_proxys() -> None:
    with pytest.raises(InvalidProxy):
        tunnel("socks5://user@proxy:1080")


async def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_socks", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'python-socks\[asyncio\]'"):
        tunnel("socks5://proxy:1080")


async def test_an_http_proxy_refuses_with_its_status() -> None:
    with pytest.raises(ClientHttpProxyError) as caught:
        await dial("http://proxy:8080", ProxyError("authenticate", error_code=407))
    assert caught.value.status == 407


@pytest.mark.parametrize(
    ("proxy", "error"),
    [
        ("socks5://proxy:1080", ProxyError("host unreachable", error_code=4)),
        ("http://proxy:8080", ProxyError("no answer")),
    ],
)
async def test_what_a_proxy_says_below_http_is_no_status(proxy: str, error: Exception) -> None:
    with pytest.raises(OSError, match=f"the proxy failed: {error}") as caught:
        await dial(proxy, error)
    assert not isinstance(caught.value, ClientHttpProxyError)


async def test_what_the_system_says_stays_as_it_is() -> None:
    with pytest.raises(ConnectionRefusedError):
        await dial("socks5://proxy:1080", ConnectionRefusedError())
