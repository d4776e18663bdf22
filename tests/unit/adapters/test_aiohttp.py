"""What the adapter makes of options and of failed dials; no socket is opened here."""

from __future__ import annotations

import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yarl
from aiohttp import (
    BasicAuth,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientHttpProxyError,
    ClientProxyConnectionError,
    ClientResponseError,
    ClientSession,
    HttpVersion,
    HttpVersion10,
    HttpVersion11,
    InvalidURL,
    ServerDisconnectedError,
    TCPConnector,
    WSServerHandshakeError,
)
from multidict import CIMultiDict

from wsengine import ConfigError, ConnectError, ConnectOptions, MissingDependencyError
from wsengine.adapters import aiohttp as module
from wsengine.adapters.aiohttp import AiohttpAdapter
from wsengine.adapters.aiohttp_tunnel import Tunnel
from wsengine.adapters.common import parse_url

URL = "wss://user:hunter2@host/feed?token=hunter2"
SHOWN = "wss://...@host/feed?token=..."
DIRECT = ConnectOptions(proxy=None)

INFO: Any = SimpleNamespace(real_url=yarl.URL(URL))
KEY: Any = SimpleNamespace(host="host", port=443, ssl=True, is_ssl=True)


def connect_error(error: Exception) -> ConnectError:
    result = module._connect_error(URL, error)
    assert type(result) is ConnectError
    assert "hunter2" not in str(result)
    assert str(result).startswith(SHOWN)
    return result


def because(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


# A failed dial.


def test_a_refused_handshake_keeps_status_headers_and_retry_after() -> None:
    headers = CIMultiDict([("Retry-After", "7"), ("Set-Cookie", "a"), ("set-cookie", "b")])
    error = connect_error(WSServerHandshakeError(INFO, (), status=503, headers=headers))
    assert (error.status, error.retry_after) == (503, 7.0)
    assert error.headers == {"retry-after": "7", "set-cookie": "a, b"}
    assert "the server refused the handshake with HTTP status 503" in str(error)


def test_a_redirect_tells_where_to() -> None:
    headers = CIMultiDict([("Location", "https://other/?token=hunter2")])
    error = connect_error(ClientResponseError(INFO, (), status=302, headers=headers))
    assert error.status == 302
    assert error.headers["location"] == "https://other/?token=hunter2"
    assert str(error).endswith("it redirects to https://other/?token=..., dial that")


def test_a_proxy_that_refuses_is_named() -> None:
    headers: CIMultiDict[str] = CIMultiDict()
    error = connect_error(ClientHttpProxyError(INFO, (), status=407, headers=headers))
    assert (error.status, error.retry_after, error.headers) == (407, None, {})
    assert "the proxy refused the handshake with HTTP status 407" in str(error)


@pytest.mark.parametrize(
    "error",
    [
        WSServerHandshakeError(
            INFO, (), status=101, headers=CIMultiDict(), message="Invalid challenge response"
        ),
        ClientResponseError(INFO, (), status=400, message="Bad status line"),
    ],
)
def test_an_answer_that_is_no_refusal_has_no_status(error: ClientResponseError) -> None:
    result = connect_error(error)
    assert (result.status, result.headers) == (None, {})
    assert error.message in str(result)
    assert "does the server speak WebSocket here?" in str(result)


def test_a_wrong_url_is_not_shown() -> None:
    assert "this URL, or that of the proxy, is not valid" in str(connect_error(InvalidURL(URL)))


REFUSED = ConnectionRefusedError(111, "refused")
UNKNOWN = socket.gaierror(-2, "unknown")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (because(ClientConnectorError(KEY, REFUSED), REFUSED), "connection refused"),
        (because(ClientConnectorDNSError(KEY, UNKNOWN), UNKNOWN), "cannot be resolved"),
        (ClientProxyConnectionError(KEY, REFUSED), "cannot connect to the proxy"),
        (ServerDisconnectedError(), "the handshake failed"),
        (TimeoutError(), "timed out"),
    ],
)
def test_a_dial_that_failed_below_http_has_no_status(error: Exception, words: str) -> None:
    result = connect_error(error)
    assert words in str(result)
    assert (result.status, result.retry_after) == (None, None)


async def test_a_redirect_is_refused_before_it_is_followed() -> None:
    closed: list[bool] = []
    response = SimpleNamespace(
        status=301,
        headers=CIMultiDict({"Location": "/x"}),
        request_info=INFO,
        close=lambda: closed.append(True),
    )
    redirect: Any = SimpleNamespace(response=response)
    with pytest.raises(ClientResponseError) as caught:
        await module._refuse_redirect(None, None, redirect)
    assert (caught.value.status, closed) == (301, [True])


# The answer.


AGREED = {"sec-websocket-extensions": "permessage-deflate; client_max_window_bits=12"}
EXTENSION = "chose an extension that was not offered"
SUBPROTOCOL = "chose a subprotocol that was not offered"


def native(version: HttpVersion, headers: dict[str, str]) -> Any:
    return SimpleNamespace(_response=SimpleNamespace(version=version, headers=headers))


def test_http_has_version_1_1() -> None:
    assert module._fault_of(native(HttpVersion11, {}), DIRECT) is None
    fault = module._fault_of(native(HttpVersion10, {}), DIRECT)
    assert fault == "answered in another version of HTTP than 1.1"


def test_the_headers_are_checked() -> None:
    headers = {"Sec-WebSocket-Protocol": "surprise"}
    fault = module._fault_of(native(HttpVersion11, headers), DIRECT)
    assert fault == "chose a subprotocol that was not offered"


# Options of the library.


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("headers", "ConnectOptions(headers=...)"),
        ("protocols", "ConnectOptions(subprotocols=...)"),
        ("ssl", "ConnectOptions(ssl=...)"),
        ("proxy", "ConnectOptions(proxy=...)"),
        ("compress", "ConnectOptions(compression=...)"),
        ("max_msg_size", "ConnectOptions(max_message_size=...)"),
        ("receive_timeout", "EngineConfig(idle_timeout=...)"),
    ],
)
def test_what_all_adapters_have_in_common_is_not_given_here(name: str, instead: str) -> None:
    with pytest.raises(ConfigError) as caught:
        AiohttpAdapter(**cast("Any", {name: None}))
    assert str(caught.value) == f"{name}: is common to all adapters; give {instead}"


@pytest.mark.parametrize("name", ["timeout", "autoclose", "autoping", "decode_text", "verify_ssl"])
def test_what_the_adapter_needs_itself_cannot_be_set(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: cannot be set here; "):
        AiohttpAdapter(**cast("Any", {name: None}))


@pytest.mark.parametrize("name", ["orign", "url", "max_queue"])
def test_a_misspelt_option_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: is no option of aiohttp's ws_connect"):
        AiohttpAdapter(**cast("Any", {name: 7}))


@pytest.mark.parametrize("wrong", [{"close_timeout": 0}, {"session": "a session"}])
def test_wrong_values_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"^{next(iter(wrong))}="):
        AiohttpAdapter(**wrong)


@pytest.mark.parametrize(
    ("size", "refused"), [(None, 0), (1, 2), (2**24, 2**24 + 1), (2**40, 2**32 - 1)]
)
def test_aiohttp_is_told_the_first_size_to_refuse(size: int | None, refused: int) -> None:
    assert module._size_bound(size) == refused


# The way there.


@pytest.fixture
async def session() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


HTTP, SOCKS = "http://proxy:8080", "socks5://proxy:1080"


@pytest.mark.parametrize(
    ("url", "proxy", "connector", "left_to_aiohttp"),
    [
        ("wss://host/", None, TCPConnector, None),
        ("wss://host/", HTTP, TCPConnector, HTTP),
        ("wss://host/", "https://proxy", TCPConnector, "https://proxy"),
        ("wss://host/", SOCKS, Tunnel, None),
        ("ws://host/", None, TCPConnector, None),
        ("ws://host/", HTTP, Tunnel, None),
        ("ws://host/", SOCKS, Tunnel, None),
    ],
)
async def test_aiohttp_goes_through_the_proxies_that_it_can(
    url: str, proxy: str | None, connector: type, left_to_aiohttp: str | None
) -> None:
    options = ConnectOptions(proxy=proxy)
    session, passed_on = AiohttpAdapter()._session_for(url, options)
    async with session:
        assert type(session.connector) is connector
        assert passed_on == left_to_aiohttp
        assert not session.trust_env
        assert session.timeout.total is None


async def test_the_proxy_of_the_environment_is_the_one_for_https(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", HTTP)
    monkeypatch.setenv("no_proxy", "exempt")
    for host, proxy in (("host", HTTP), ("exempt", None)):
        session, passed_on = AiohttpAdapter()._session_for(f"wss://{host}/", ConnectOptions())
        async with session:
            assert passed_on == proxy


async def test_a_session_of_the_users_finds_its_proxy_itself(
    session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", HTTP)
    adapter = AiohttpAdapter(session=session)
    assert adapter._session_for("wss://host/", ConnectOptions()) == (session, None)
    through = ConnectOptions(proxy=HTTP)
    assert adapter._session_for("wss://host/", through) == (session, HTTP)
    with pytest.raises(ConfigError, match="give the session a connector"):
        adapter._session_for("ws://host/", through)


async def test_a_malformed_proxy_of_the_environment_is_told(
    session: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "all_proxy", "ws_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("http_proxy", "http://user:hunter2@proxy:port")
    with pytest.raises(ConfigError, match="the one that the environment names") as caught:
        await AiohttpAdapter().connect("ws://host/", ConnectOptions())
    assert "hunter2" not in str(caught.value)
    async with ClientSession(trust_env=True) as trusting:  # which looks for it itself
        with pytest.raises(ConnectError, match="a proxy that the environment names") as odd:
            await AiohttpAdapter(session=trusting).connect("ws://host/", ConnectOptions())
    assert "hunter2" not in str(odd.value)


def test_a_wrong_value_of_an_option_is_told_at_once() -> None:
    with pytest.raises(ConfigError, match=r"^params: must be what yarl takes for a query"):
        AiohttpAdapter(params=7)


@pytest.mark.parametrize("error", [TypeError("odd\ntwice"), ValueError("odd\ntwice")])
async def test_what_the_library_stumbles_over_is_dialled_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ws_connect(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(ClientSession, "ws_connect", ws_connect)
    with pytest.raises(ConnectError, match=r"\?t=\.\.\.: the dial failed \(odd\); ") as caught:
        await AiohttpAdapter().connect("ws://host/?t=hunter2", DIRECT)
    assert caught.value.__cause__ is error


async def test_an_attribute_that_is_gone_at_the_dial_is_fatal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def ws_connect(*_: Any, **__: Any) -> None:
        raise AttributeError("no attribute '_x'")

    monkeypatch.setattr(ClientSession, "ws_connect", ws_connect)
    with pytest.raises(MissingDependencyError, match=r"no attribute '_x'\); run: pip install"):
        await AiohttpAdapter().connect("ws://host/", DIRECT)


def test_an_attribute_that_is_gone_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(module._PARTS, ClientSession, ("_renamed",))
    with pytest.raises(MissingDependencyError, match=r"no attribute '_renamed'.*pip install"):
        AiohttpAdapter()


async def test_an_attribute_that_is_gone_in_the_connection_is_fatal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any) -> None:
        raise AttributeError("no attribute '_x'")

    closed: list[str] = []
    native: Any = SimpleNamespace(
        _response=SimpleNamespace(close=lambda: closed.append("the response"))
    )
    monkeypatch.setattr(module, "AiohttpConnection", fail)
    with pytest.raises(MissingDependencyError, match="no attribute '_x'"):
        AiohttpAdapter()._made_of(native, DIRECT, None)
    assert closed == ["the response"]


# Credentials.


def asked(url: str, headers: dict[str, str], **given: Any) -> dict[str, str]:
    return AiohttpAdapter(**given)._headers(parse_url(url), ConnectOptions(headers=headers))


def test_user_info_becomes_a_header_unless_one_is_given() -> None:
    assert asked("ws://u:\u03b1@host/", {}) == {"Authorization": "Basic dTrOsQ=="}
    bearer = {"authorization": "Bearer x"}
    assert asked("ws://u:p@host/", bearer) == bearer
    assert asked("ws://host/", {}, auth=None) == {}


async def test_credentials_stand_in_one_place() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        login = BasicAuth("user", "hunter2")
        async with ClientSession(auth=login) as session:
            for given in ({"auth": login}, {"session": session}):
                assert asked("ws://host/", {}, **given) == {}
                with pytest.raises(ConfigError, match="given to the adapter or its session"):
                    asked("ws://u:p@host/", {}, **given)
                with pytest.raises(ConfigError, match="given to the adapter or its session"):
                    asked("ws://host/", {"Authorization": "x"}, **given)


async def test_a_tls_context_is_for_wss_only() -> None:
    options = ConnectOptions(proxy=None, ssl=ssl.create_default_context())
    with pytest.raises(ConfigError, match="begins with ws://"):
        await AiohttpAdapter().connect("ws://host/", options)


async def test_a_session_that_is_closed_is_a_mistake(session: ClientSession) -> None:
    await session.close()
    with pytest.raises(ConfigError, match="it is closed"):
        await AiohttpAdapter(session=session).connect("ws://host/", DIRECT)


def test_the_library_gets_the_options_that_only_it_has() -> None:
    adapter = AiohttpAdapter(origin="https://x", heartbeat=5)
    assert adapter._library_options == {"origin": "https://x", "heartbeat": 5}
