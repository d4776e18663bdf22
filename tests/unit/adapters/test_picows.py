"""Which options the adapter takes, and what it makes of them; nothing is dialled here."""

from __future__ import annotations

import asyncio
import ssl
import sys
from typing import Any

import pytest

from wsengine import ConfigError, ConnectError, ConnectOptions
from wsengine.adapter import CLOSE_TIMEOUT
from wsengine.adapters import picows as module
from wsengine.adapters.picows import LITTLE, PicowsAdapter, _frame_bound


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


@pytest.mark.parametrize("name", ["max_redirect", "url", "kwargs", "host"])
def test_a_misspelt_option_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: is no option of picows"):
        PicowsAdapter(**{name: 3})


@pytest.mark.parametrize("kind", [TypeError, ValueError])
async def test_an_option_of_a_wrong_type_is_told(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ws_connect(*_: Any, **__: Any) -> None:
        raise kind("an integer is required")

    monkeypatch.setattr(module, "ws_connect", ws_connect)
    with pytest.raises(ConfigError, match="given to PicowsAdapter is wrong: an integer"):
        await PicowsAdapter().connect("ws://host/", ConnectOptions(proxy=None))


@pytest.mark.parametrize(
    "wrong",
    [{"max_queue": "x"}, {"close_timeout": -1}, {"close_timeout": None}, {"write_limit": "a"}],
)
def test_a_wrong_value_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"^{next(iter(wrong))}="):
        PicowsAdapter(**wrong)


async def test_a_tls_context_is_for_wss_only() -> None:
    options = ConnectOptions(proxy=None, ssl=ssl.create_default_context())
    with pytest.raises(ConfigError, match="begins with ws://"):
        await PicowsAdapter().connect("ws://host/", options)


async def test_a_malformed_proxy_of_the_environment_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("https_proxy", "all_proxy", "ws_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("http_proxy", "http://user:hunter2@proxy:port")
    with pytest.raises(ConfigError, match="the one that the environment names") as caught:
        await PicowsAdapter().connect("ws://host/", ConnectOptions())
    assert "hunter2" not in str(caught.value)


def is_on_uvloop() -> bool:
    return type(asyncio.get_running_loop()).__module__.startswith("uvloop")


async def test_the_librarys_keepalive_and_redirects_are_off_unless_asked_for() -> None:
    adapter = PicowsAdapter()
    assert adapter._settings()["ping_interval"] is None
    assert adapter._settings()["close_timeout"] == CLOSE_TIMEOUT
    assert adapter._dial_options(tls=False) == {
        "max_redirects": 0,
        "read_buffer_init_size": LITTLE,
        "use_aiofastnet": not is_on_uvloop(),
    }


async def test_with_tls_the_transports_are_those_of_the_event_loop() -> None:
    assert PicowsAdapter()._dial_options(tls=True)["use_aiofastnet"] is False
    wanted = PicowsAdapter(use_aiofastnet=True)
    assert wanted._dial_options(tls=True)["use_aiofastnet"] is True


async def test_uvloops_transports_stay_but_for_sockets_that_they_do_not_take() -> None:
    adapter = PicowsAdapter(socket_factory=lambda _: None)
    assert adapter._dial_options(tls=False)["use_aiofastnet"] is True


def test_a_subclass_of_uvloops_loop_is_one_of_uvloop() -> None:
    async def is_fast() -> bool:
        return PicowsAdapter()._is_fast(tls=False)

    uvloop = pytest.importorskip("uvloop")
    for kind in (uvloop.Loop, type("Own", (uvloop.Loop,), {"__module__": __name__})):
        with asyncio.Runner(loop_factory=kind) as runner:
            assert not runner.run(is_fast())


async def test_each_option_goes_where_the_library_takes_it() -> None:
    adapter = PicowsAdapter(ping_interval=5, max_queue=99, max_redirects=3, use_aiofastnet=False)
    assert adapter._settings()["ping_interval"] == 5
    assert adapter._settings()["max_queue"] == 99
    dial_options = adapter._dial_options(tls=False)
    rest = {"read_buffer_init_size": LITTLE}
    assert dial_options == {"max_redirects": 3, "use_aiofastnet": False, **rest}


async def test_the_parser_has_little_memory() -> None:
    asked = PicowsAdapter(read_buffer_init_size=9000)._dial_options(tls=False)
    assert asked["read_buffer_init_size"] == 9000


@pytest.mark.parametrize(
    ("options", "any_family"),
    [
        ({}, None),
        ({"use_aiofastnet": None}, None),
        ({"use_aiofastnet": True}, True),
        ({"use_aiofastnet": False}, False),
    ],
)
async def test_a_dial_that_fails_shuts_its_sockets_down(
    options: dict[str, Any], any_family: bool | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ws_connect(*_: Any, **given: Any) -> None:
        sockets.append(given["socket_factory"].__self__)
        monkeypatch.setattr(sockets[0], "shut_down", lambda: sockets.append("shut down"))
        raise ConnectionRefusedError("refused")

    sockets: list[Any] = []
    monkeypatch.setattr(module, "ws_connect", ws_connect)
    through = ConnectOptions(proxy="http://proxy:1")
    with pytest.raises(ConnectError, match="cannot connect to the proxy"):
        await PicowsAdapter(**options).connect("ws://host/", through)
    expected = not is_on_uvloop() if any_family is None else any_family
    assert sockets[0]._any_family == expected
    assert sockets[1:] == ["shut down"]


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
