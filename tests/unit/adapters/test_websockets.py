"""What the adapter makes of options and of failed dials; no socket is opened here."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import pytest
from websockets.datastructures import Headers
from websockets.exceptions import (
    InvalidMessage,
    InvalidProxyStatus,
    InvalidStatus,
)
from websockets.http11 import Response

from wsengine import ConfigError, ConnectError, ConnectOptions, MissingDependencyError
from wsengine.adapters import websockets as module
from wsengine.adapters.websockets import WebsocketsAdapter

URL = "wss://user:hunter2@host/feed?token=hunter2"
SHOWN = "wss://...@host/feed?token=..."

# A failed dial.


def response(status: int, *headers: tuple[str, str]) -> Response:
    return Response(status, "reason", Headers(headers))


def connect_error(error: Exception) -> ConnectError:
    result = module._failure(URL, error, None, asked=False)
    assert type(result) is ConnectError
    assert "hunter2" not in str(result)
    assert str(result).startswith(SHOWN)
    return result


def test_a_refused_handshake_keeps_status_headers_and_retry_after() -> None:
    headers = [("Retry-After", "7"), ("Set-Cookie", "a"), ("set-cookie", "b"), ("X", "1")]
    error = connect_error(InvalidStatus(response(503, *headers)))
    assert (error.status, error.retry_after) == (503, 7.0)
    assert error.headers == {"retry-after": "7", "set-cookie": "a, b", "x": "1"}
    assert "the server refused the handshake with HTTP status 503" in str(error)


def test_a_proxy_that_refuses_is_named() -> None:
    error = connect_error(InvalidProxyStatus(response(407)))
    assert (error.status, error.retry_after, error.headers) == (407, None, {})
    assert "the proxy refused the handshake with HTTP status 407" in str(error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(), "connection refused"),
        (socket.gaierror(-2, "unknown"), "cannot be resolved"),
        (TimeoutError(), "timed out"),
        (EOFError("connection closed while reading HTTP status line"), "the handshake failed"),
        (InvalidMessage("did not receive a valid HTTP response"), "speak WebSocket here"),
    ],
)
def test_a_dial_that_failed_below_http_has_no_status(error: Exception, words: str) -> None:
    result = connect_error(error)
    assert words in str(result)
    assert (result.status, result.retry_after) == (None, None)


def untrusted() -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "CERTIFICATE_VERIFY_FAILED")
    error.verify_message, error.verify_code = "self-signed certificate", 18
    return error


def test_a_certificate_that_is_not_trusted_is_no_wrong_option() -> None:
    assert isinstance(untrusted(), ValueError)
    assert "certificate is not trusted" in str(connect_error(untrusted()))


@pytest.mark.parametrize("error", [TypeError("an odd one"), ValueError("an odd one")])
def test_what_the_library_makes_of_a_wrong_option_is_told(error: Exception) -> None:
    result = module._failure(URL, error, None, asked=False)
    assert isinstance(result, ConfigError)
    assert str(result) == "an option given to WebsocketsAdapter is wrong: an odd one"


@pytest.mark.parametrize("error", [TypeError("an odd one"), ValueError("an odd one")])
def test_once_the_server_was_asked_no_option_is_to_blame(error: Exception) -> None:
    result = module._failure(URL, error, None, asked=True)
    assert type(result) is ConnectError
    assert "the handshake failed (an odd one)" in str(result)


def test_a_redirect_tells_where_to() -> None:
    error = InvalidStatus(response(302, ("Location", "ws://other/?token=hunter2")))
    result = connect_error(error)
    assert result.status == 302
    assert str(result).endswith("it redirects to ws://other/?token=..., dial that")


async def test_a_redirect_is_not_followed() -> None:
    error = InvalidStatus(response(302, ("Location", "ws://other/")))
    assert module._Dial("ws://host/").process_redirect(error) is error


def test_a_proxy_that_cannot_be_reached_is_named() -> None:
    result = module._failure(URL, ConnectionRefusedError("refused"), "http://proxy:1", asked=True)
    assert "cannot connect to the proxy, or through it (refused)" in str(result)


# What is dialled.


class Dialled(Exception):
    """Stands for the library's connection."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the library's connect() is called with."""
    asked: dict[str, Any] = {}

    async def dial(url: str, **options: Any) -> None:
        asked.update(options, url=url)
        raise Dialled

    async def open_socket(host: str, port: int) -> socket.socket:
        asked.update(host=host, port=port)
        asked["opened"] = opened = socket.socket()
        return opened

    monkeypatch.setattr(module, "_Dial", dial)
    monkeypatch.setattr(module, "open_socket", open_socket)
    return asked


async def dial(url: str, options: ConnectOptions, **library_options: Any) -> None:
    with pytest.raises(Dialled):
        await WebsocketsAdapter(**library_options).connect(url, options)


async def test_the_adapter_connects_and_closes_what_the_library_did_not_take(
    asked: dict[str, Any],
) -> None:
    await dial("wss://host/", ConnectOptions(proxy=None))
    assert (asked["host"], asked["port"]) == ("host", 443)
    assert asked["sock"] is asked["opened"]
    assert asked["sock"].fileno() == -1


@pytest.mark.parametrize(
    "given",
    [{"sock": object()}, {"local_addr": ("127.0.0.1", 0)}, {"unix": True}, {"host": "other"}],
)
async def test_the_library_connects_where_it_is_told_how(
    asked: dict[str, Any], given: dict[str, Any]
) -> None:
    await dial("ws://host/", ConnectOptions(proxy=None), **given)
    assert "opened" not in asked
    assert asked.items() >= given.items()


async def test_the_library_connects_through_a_proxy(asked: dict[str, Any]) -> None:
    await dial("ws://host/", ConnectOptions(proxy="http://proxy:1"))
    assert asked["proxy"] == "http://proxy:1"
    assert not asked.keys() & {"opened", "sock"}


async def test_an_attribute_that_is_gone_is_fatal(monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone(*_: Any, **__: Any) -> None:
        raise AttributeError("no attribute '_x'")

    monkeypatch.setattr(module, "open_socket", gone)
    adapter = WebsocketsAdapter()
    with pytest.raises(MissingDependencyError, match=r"no attribute '_x'\); run: pip install"):
        await adapter.connect("ws://host/", ConnectOptions(proxy=None))
    monkeypatch.setitem(module._PARTS, object, ("_renamed",))
    with pytest.raises(MissingDependencyError, match="no attribute '_renamed'"):
        WebsocketsAdapter()


async def test_a_tls_context_is_for_wss_only(asked: dict[str, Any]) -> None:
    context = ssl.create_default_context()
    await dial("wss://host/", ConnectOptions(proxy=None, ssl=context))
    assert asked["ssl"] is context
    asked.clear()
    with pytest.raises(ConfigError, match="begins with ws://"):
        await WebsocketsAdapter().connect("ws://host/", ConnectOptions(proxy=None, ssl=context))
    assert not asked
    await dial("wss://host/", ConnectOptions(proxy=None))
    assert "ssl" not in asked


async def test_the_proxy_of_the_environment_is_found_before_the_dial(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "exempt")
    for url, proxy in (("wss://host/", "http://proxy:3128"), ("wss://exempt/", None)):
        await dial(url, ConnectOptions())
        assert asked["proxy"] == proxy


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy"])
async def test_a_malformed_proxy_of_the_environment_is_told(
    name: str, asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for other in ("all_proxy", "https_proxy", "ws_proxy", "no_proxy"):
        monkeypatch.delenv(other, raising=False)
        monkeypatch.delenv(other.upper(), raising=False)
    monkeypatch.setenv(name, "http://user:hunter2@proxy:port")
    with pytest.raises(ConfigError, match="the one that the environment names") as caught:
        await WebsocketsAdapter().connect("ws://host/", ConnectOptions())
    assert "hunter2" not in str(caught.value)
    assert not asked


async def test_a_socket_of_the_users_needs_no_proxy(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:port")
    await dial("wss://host/", ConnectOptions(), unix=True, path="/run/feed")
    assert (asked["proxy"], asked["unix"], asked["path"]) == (None, True, "/run/feed")
    with socket.socket() as sock:
        await dial("wss://host/", ConnectOptions(), sock=sock)


# Options of the library.


@pytest.mark.parametrize(
    ("name", "instead"),
    [
        ("additional_headers", "ConnectOptions(headers=...)"),
        ("subprotocols", "ConnectOptions(subprotocols=...)"),
        ("ssl", "ConnectOptions(ssl=...)"),
        ("proxy", "ConnectOptions(proxy=...)"),
        ("compression", "ConnectOptions(compression=...)"),
        ("max_size", "ConnectOptions(max_message_size=...)"),
        ("open_timeout", "EngineConfig(open_timeout=...)"),
    ],
)
def test_what_all_adapters_have_in_common_is_not_given_here(name: str, instead: str) -> None:
    with pytest.raises(ConfigError) as caught:
        WebsocketsAdapter(**{name: None})
    assert str(caught.value) == f"{name}: is common to all adapters; give {instead}"


def test_the_librarys_keepalive_is_off_unless_it_is_asked_for() -> None:
    assert WebsocketsAdapter()._dial_options()["ping_interval"] is None
    asked = WebsocketsAdapter(ping_interval=5, origin="https://x")._dial_options()
    assert (asked["ping_interval"], asked["origin"]) == (5, "https://x")


@pytest.mark.parametrize(
    "name", ["origin", "local_addr", "unix", "path", "proxy_ssl", "proxy_local_addr", "logger"]
)
def test_what_only_the_library_has_is_taken(name: str) -> None:
    value = object()
    assert WebsocketsAdapter(**{name: value})._library_options[name] is value


@pytest.mark.parametrize(
    ("name", "instead"),
    [("create_connection", "its own"), ("reconnect_delays", "EngineConfig(reconnect=...)")],
)
def test_what_would_break_the_adapter_or_do_nothing_is_refused(name: str, instead: str) -> None:
    with pytest.raises(ConfigError) as caught:
        WebsocketsAdapter(**{name: None})
    assert str(caught.value).startswith(f"{name}: cannot be set here; ")
    assert instead in str(caught.value)


@pytest.mark.parametrize("name", ["max_queu", "uri", "kwargs", "protocol_factory"])
def test_a_misspelt_option_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=f"^{name}: is no option of websockets' connect"):
        WebsocketsAdapter(**{name: 7})


@pytest.mark.parametrize(
    "wrong",
    [{"max_queue": "x"}, {"close_timeout": -1}, {"close_timeout": None}, {"write_limit": "a"}],
)
def test_a_wrong_value_is_refused_at_once(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=f"^{next(iter(wrong))}="):
        WebsocketsAdapter(**wrong)
