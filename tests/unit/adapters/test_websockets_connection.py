"""What a connection makes of the library's end; no socket is opened here."""

from __future__ import annotations

import itertools

import pytest
from websockets import frames
from websockets.exceptions import ConnectionClosed as LibraryConnectionClosed
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK

from wsengine import Close, ConnectionClosed
from wsengine.adapters.websockets_connection import WebsocketsConnection


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
