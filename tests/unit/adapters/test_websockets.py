"""What the adapter makes of the library's objects; no socket is opened here."""

from __future__ import annotations

import itertools
import socket

import pytest
from websockets import frames
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed as LibraryConnectionClosed
from websockets.exceptions import (
    ConnectionClosedError,
    ConnectionClosedOK,
    InvalidMessage,
    InvalidProxy,
    InvalidProxyStatus,
    InvalidStatus,
)
from websockets.http11 import Response

from wsengine import Close, ConfigError, ConnectError, ConnectionClosed
from wsengine.adapters import websockets as module
from wsengine.adapters.websockets import WebsocketsAdapter, WebsocketsConnection

URL = "wss://user:hunter2@host/feed?token=hunter2"
SHOWN = "wss://...@host/feed?token=..."


def frame(code: int, reason: str = "") -> frames.Close:
    return frames.Close(code, reason)


def closed(
    received: frames.Close | None, sent: frames.Close | None, *, server_first: bool = False
) -> LibraryConnectionClosed:
    both = received is not None and sent is not None
    return ConnectionClosedError(received, sent, server_first if both else None)


def translated(error: LibraryConnectionClosed) -> ConnectionClosed:
    connection = object.__new__(WebsocketsConnection)  # translate() needs no connection
    result = connection.translate(error)
    assert isinstance(result, ConnectionClosed)
    assert result.__cause__ is error
    return result


# The end of a connection.


@pytest.mark.parametrize(
    ("received", "sent", "server_first", "close"),
    [
        # The server closes, and the library echoes.
        (frame(1000, "bye"), frame(1000, "bye"), True, Close(1000, "bye")),
        (frame(4001, "no"), frame(4001, "no"), True, Close(4001, "no")),
        (frame(1012), None, False, Close(1012)),
        (frame(1005), frame(1005), True, Close(1005)),
        # The client closes, and the server answers, also with another code.
        (frame(1000), frame(1001, "x"), False, Close(1001, "x", client_initiated=True)),
        (frame(1001), frame(1001), False, Close(1001, client_initiated=True)),
        # The server broke the protocol, so the library closes; an answer may never come.
        (None, frame(1002, "bad frame"), False, Close(1002, "bad frame", client_initiated=True)),
        *(
            (None, frame(code), False, Close(code, client_initiated=True))
            for code in (1003, 1007, 1009, 1010, 1011)
        ),
        (frame(1009), frame(1009, "too big"), False, Close(1009, "too big", client_initiated=True)),
        # The client closed, and the server never answered: as good as lost.
        (None, frame(1000), False, Close(1006)),
        (None, frame(1001), False, Close(1006)),
        # Lost.
        (None, None, False, Close(1006)),
    ],
)
def test_the_first_of_the_two_close_frames_tells(
    received: frames.Close | None, sent: frames.Close | None, server_first: bool, close: Close
) -> None:
    assert translated(closed(received, sent, server_first=server_first)).close == close


def test_a_good_end_is_translated_as_well() -> None:
    error = ConnectionClosedOK(frame(1000), frame(1000), rcvd_then_sent=True)
    assert translated(error).close == Close(1000)


def test_why_a_connection_was_lost_becomes_the_reason() -> None:
    error = closed(None, None)
    error.__cause__ = ConnectionResetError(104, "Connection reset by peer")
    assert translated(error).close == Close(1006, "[Errno 104] Connection reset by peer")


@pytest.mark.parametrize(
    ("received", "sent", "server_first"),
    [*itertools.product([None, frame(1000), frame(4999)], [None, frame(1002)], [False, True])],
)
def test_every_end_has_a_close(
    received: frames.Close | None, sent: frames.Close | None, server_first: bool
) -> None:
    close = translated(closed(received, sent, server_first=server_first)).close
    assert close.code in {1006, *(one.code for one in (received, sent) if one is not None)}


@pytest.mark.parametrize("error", [UnicodeDecodeError("utf-8", b"", 0, 1, "odd"), ValueError()])
def test_any_other_error_is_no_end(error: Exception) -> None:
    connection = object.__new__(WebsocketsConnection)
    assert connection.translate(error) is error


# A failed dial.


def response(status: int, *headers: tuple[str, str]) -> Response:
    return Response(status, "reason", Headers(headers))


def connect_error(error: Exception) -> ConnectError:
    result = module._connect_error(URL, error)
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


def test_a_wrong_proxy_is_not_shown() -> None:
    error = connect_error(InvalidProxy("http://user:hunter2@proxy:x", "odd port"))
    assert "the URL of the proxy is not valid" in str(error)


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
    assert WebsocketsAdapter()._library_options["ping_interval"] is None
    asked = WebsocketsAdapter(ping_interval=5, origin="https://x")._library_options
    assert (asked["ping_interval"], asked["origin"]) == (5, "https://x")
