"""What the handshake asks for, and what becomes of a failed one; no socket is opened here."""

from __future__ import annotations

import socket
from typing import Any, Literal

import pytest
from picows import WSHandshakeError, WSInvalidStatusError
from picows.websockets import InvalidHandshake
from python_socks import ProxyError
from websockets.uri import parse_uri

from wsengine import ConfigError, ConnectError, ConnectOptions
from wsengine.adapters.picows_handshake import (
    connect_error,
    proxy_url,
    request_headers,
)

URL = "wss://user:hunter2@host/feed?token=hunter2"
SHOWN = "wss://...@host/feed?token=..."
PROXY_VARIABLES = ("all_proxy", "http_proxy", "https_proxy", "no_proxy", "ws_proxy", "wss_proxy")

# What is asked for.


def asked(url: str = "ws://host/", **options: Any) -> dict[str, str]:
    pairs = request_headers(parse_uri(url), ConnectOptions(**options))
    assert len({name.lower() for name, _ in pairs}) == len(pairs)
    return dict(pairs)


def test_the_library_names_itself_unless_a_user_agent_is_given() -> None:
    assert "picows" in asked()["User-Agent"]
    assert asked(headers={"user-agent": "mine/1"})["user-agent"] == "mine/1"


def test_user_info_becomes_a_header_unless_one_is_given() -> None:
    assert asked("ws://us%40er:pass@host/")["Authorization"] == "Basic dXNAZXI6cGFzcw=="
    given = asked("ws://user:pass@host/", headers={"authorization": "Bearer x"})
    assert given["authorization"] == "Bearer x"


def test_subprotocols_and_compression_are_offered_where_they_are_wanted() -> None:
    wanted = asked(subprotocols=("b", "a"), compression="deflate")
    assert wanted["Sec-WebSocket-Protocol"] == "b, a"
    assert wanted["Sec-WebSocket-Extensions"].startswith("permessage-deflate")
    assert asked(compression=None).keys() == {"User-Agent"}


# The proxy.


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that names no proxy."""
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    return monkeypatch


def proxy(given: str | Literal[True] | None, url: str = "ws://host/") -> str | None:
    return proxy_url(parse_uri(url), given)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (None, None),
        ("http://proxy:3128", "http://proxy:3128"),
        ("http://user:p%40ss@proxy", "http://user:p%40ss@proxy:80"),
        ("https://proxy/", "https://proxy:443/"),
        ("socks5://proxy:1080", "socks5://proxy:1080"),
        ("socks5h://user:pass@proxy:1080", "socks5://user:pass@proxy:1080"),
        ("socks4://proxy:1080", "socks4://proxy:1080"),
        ("http://[::1]", "http://[::1]:80"),
        ("http://proxy:", "http://proxy:80"),
    ],
)
def test_the_library_gets_a_proxy_with_a_port(given: str | None, url: str | None) -> None:
    assert proxy(given) == url


def test_a_proxy_that_the_library_does_not_know_is_refused() -> None:
    with pytest.raises(ConfigError, match="socks4a"):
        proxy("socks4a://proxy:1080")


def test_the_proxy_of_the_environment_is_taken(environment: pytest.MonkeyPatch) -> None:
    assert proxy(True) is None
    environment.setenv("http_proxy", "http://plain:1")
    environment.setenv("https_proxy", "http://secure:2")
    assert proxy(True, "wss://host/") == "http://secure:2"
    assert proxy(None, "wss://host/") is None


def test_no_proxy_is_heeded(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("https_proxy", "http://secure:2")
    environment.setenv("no_proxy", "host")
    assert proxy(True, "wss://host/") is None
    assert proxy(True, "wss://other/") == "http://secure:2"


@pytest.mark.parametrize("odd", ["proxy:8080", "http://user:pa/ss@proxy", "ftp://proxy"])
def test_a_wrong_proxy_of_the_environment_is_told(
    odd: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("https_proxy", odd)
    with pytest.raises(ConfigError, match="the one that the environment names"):
        proxy(True, "wss://host/")


# A failed dial.


def failed(error: Exception) -> ConnectError:
    result = connect_error(URL, error)
    assert type(result) is ConnectError
    assert "hunter2" not in str(result)
    assert str(result).startswith(SHOWN)
    return result


def refusal(head: str) -> WSHandshakeError:
    return WSInvalidStatusError("refused", head.replace("\n", "\r\n").encode("latin-1"), b"")


def test_a_refused_handshake_keeps_status_headers_and_retry_after() -> None:
    head = "HTTP/1.1 503 Busy\nRetry-After: 7\nSet-Cookie: a\nset-cookie:b\nX:  1"
    error = failed(refusal(head))
    assert (error.status, error.retry_after) == (503, 7.0)
    assert error.headers == {"retry-after": "7", "set-cookie": "a, b", "x": "1"}
    assert "the server refused the handshake with HTTP status 503" in str(error)


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("HTTP/1.1 404 Not Found", 404),
        ("HTTP/1.1 200 OK", 200),
        # What the library takes for garbage:
        ("HTTP/1.0 503 Service Unavailable", 503),
        ("HTTP/1.1 520 Web Server Returned an Unknown Error", 520),
        ("HTTP/1.1 502", 502),
        # Garbage:
        ("HTTP/1.1 101 Switching Protocols", None),
        ("HTTP/1.1 5030 Odd", None),
        ("SSH-2.0-OpenSSH_9.6", None),
        ("", None),
    ],
)
def test_a_status_counts_even_where_the_library_does_not_know_it(
    line: str, status: int | None
) -> None:
    error = failed(refusal(line))
    assert error.status == status
    assert ("the handshake failed" in str(error)) == (status is None)


def test_a_proxy_that_cannot_be_reached_is_named() -> None:
    result = connect_error(URL, ConnectionRefusedError("refused"), "http://proxy:1")
    assert "cannot connect to the proxy, or through it (refused)" in str(result)


def test_a_redirect_is_named_without_its_secrets() -> None:
    error = failed(refusal("HTTP/1.1 302 Found\nLocation: wss://other/?token=hunter2"))
    assert error.status == 302
    assert "it redirects to wss://other/?token=..., dial that" in str(error)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("HTTP proxy rejected connection with status 407", 407),
        ("HTTP proxy closed the connection before replying", None),
        ("Connection not allowed by ruleset", None),
    ],
)
def test_a_proxy_that_refuses_is_named(text: str, status: int | None) -> None:
    error = failed(ProxyError(text))
    assert error.status == status
    assert f"the proxy refused ({text})" in str(error)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ConnectionRefusedError(), "connection refused"),
        (socket.gaierror(-2, "unknown"), "cannot be resolved"),
        (EOFError("the connection ended before the answer"), "ended before the answer"),
        (InvalidHandshake("unsupported subprotocol"), "speak WebSocket here"),
        (WSHandshakeError("no header at all"), "speak WebSocket here"),
    ],
)
def test_a_dial_that_failed_below_http_has_no_status(error: Exception, words: str) -> None:
    result = failed(error)
    assert words in str(result)
    assert (result.status, result.retry_after, result.headers) == (None, None, {})
