"""Which options the adapter takes, and what it makes of them; nothing is dialled here."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, cast

import pytest
from picows import WSParsedURL

from wsengine import ConfigError, ConnectOptions
from wsengine.adapter import CLOSE_TIMEOUT
from wsengine.adapters import picows as module
from wsengine.adapters.picows import PicowsAdapter, _frame_bound, _look_up

TARGET = cast("WSParsedURL", object())


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("additional_headers", "ConnectOptions(headers=...)"),
        ("extra_headers", "ConnectOptions(headers=...)"),
        ("subprotocols", "ConnectOptions(subprotocols=...)"),
        ("ssl", "ConnectOptions(ssl=...)"),
        ("ssl_context", "ConnectOptions(ssl=...)"),
        ("proxy", "ConnectOptions(proxy=...)"),
        ("compression", "ConnectOptions(compression=...)"),
        ("max_size", "ConnectOptions(max_message_size=...)"),
        ("max_frame_size", "ConnectOptions(max_message_size=...)"),
        ("open_timeout", "EngineConfig(open_timeout=...)"),
        ("websocket_handshake_timeout", "EngineConfig(open_timeout=...)"),
    ],
)
def test_what_all_adapters_have_in_common_is_not_given_here(name: str, instead: str) -> None:
    with pytest.raises(ConfigError) as caught:
        PicowsAdapter(**{name: None})
    assert str(caught.value) == f"{name}: is common to all adapters; give {instead}"


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("enable_auto_ping", "ping_interval="),
        ("enable_auto_pong", "answers pings itself"),
        ("local_addr", "socket_factory="),
        ("family", "socket_factory="),
        ("sock", "socket_factory="),
    ],
)
def test_what_would_break_the_adapter_or_do_nothing_is_refused(name: str, instead: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{name}: cannot be set here; .*{instead}"):
        PicowsAdapter(**{name: None})


def test_a_misspelt_option_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^max_redirect: is no option of picows"):
        PicowsAdapter(max_redirect=3)


async def test_an_option_of_a_wrong_type_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def ws_connect(*_: Any, **__: Any) -> None:
        raise TypeError("an integer is required")

    monkeypatch.setattr(module, "ws_connect", ws_connect)
    with pytest.raises(ConfigError, match="given to PicowsAdapter is wrong: an integer"):
        await PicowsAdapter().connect("ws://host/", ConnectOptions(proxy=None))


@pytest.mark.parametrize("close_timeout", [0, -1.0, None, "5"])
def test_a_close_is_always_bounded(close_timeout: object) -> None:
    with pytest.raises(ConfigError, match="close_timeout"):
        PicowsAdapter(close_timeout=close_timeout)


def test_the_librarys_keepalive_and_redirects_are_off_unless_they_are_asked_for() -> None:
    adapter = PicowsAdapter()
    assert adapter._connection_options["ping_interval"] is None
    assert adapter._connection_options["close_timeout"] == CLOSE_TIMEOUT
    assert adapter._dial_options == {"max_redirects": 0}


def test_each_option_goes_where_the_library_takes_it() -> None:
    adapter = PicowsAdapter(ping_interval=5, max_queue=99, max_redirects=3, use_aiofastnet=False)
    assert adapter._connection_options["ping_interval"] == 5
    assert adapter._connection_options["max_queue"] == 99
    assert adapter._dial_options == {"max_redirects": 3, "use_aiofastnet": False}


@pytest.mark.parametrize(
    ("size", "compression", "bound"),
    [
        (None, None, sys.maxsize),
        (None, "deflate", sys.maxsize),
        (1000, None, 1000),
        (1000, "deflate", 1000 + 125 + 64),
        (1, "deflate", 65),
    ],
)
def test_a_frame_may_be_larger_than_the_message_that_it_inflates_to(
    size: int | None, compression: Any, bound: int
) -> None:
    options = ConnectOptions(max_message_size=size, compression=compression)
    assert _frame_bound(options) == bound


# Sockets that the user makes.


async def test_a_socket_factory_may_be_a_function_or_a_coroutine() -> None:
    made = object()

    async def wait_and_make(target: WSParsedURL) -> object:
        assert target is TARGET
        await asyncio.sleep(3)
        return made

    assert await PicowsAdapter(socket_factory=wait_and_make)._open_socket(TARGET) is made
    assert await PicowsAdapter(socket_factory=lambda _: made)._open_socket(TARGET) is made


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_address_needs_no_look_up(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "getaddrinfo", None)  # it would start a thread
    assert [found[4][:2] for found in await _look_up(host, 80)] == [(host, 80)]


async def test_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(host, port)]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    assert await _look_up("name.test", 80) == [("name.test", 80)]
