from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from wsengine import Close, ConnectError, ConnectionClosed, EngineFailedError, EngineStartError
from wsengine.cli.problems import advise, cannot_listen, explain, system_words

REFUSED = ConnectError("ws://x: connection refused; is the server running?")
DENIED = ConnectError("ws://x: the server refused the handshake with HTTP status 401", status=401)
CLOSED = ConnectionClosed(Close(1008, "no"))


def failed(cause: Exception) -> EngineFailedError:
    error = EngineFailedError("in the words of the API")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("cause", "retrying", "text"),
    [
        (REFUSED, False, "ws://x: connection refused; is the server running?"),
        (CLOSED, False, "connection closed by the server: 1008 POLICY_VIOLATION (no)"),
        (
            CLOSED,
            True,
            "connection closed by the server: 1008 POLICY_VIOLATION (no); "
            "trying again would not help",
        ),
        (
            DENIED,
            False,
            "ws://x: the server refused the handshake with HTTP status 401; "
            "give credentials with --header 'Authorization: ...'",
        ),
    ],
)
def test_the_cause_is_told(cause: Exception, retrying: bool, text: str) -> None:
    assert explain(failed(cause), retrying=retrying) == text


def test_the_advice_comes_last() -> None:
    assert explain(failed(DENIED), retrying=True) == (
        "ws://x: the server refused the handshake with HTTP status 401; "
        "trying again would not help; give credentials with --header 'Authorization: ...'"
    )


def test_an_error_without_a_cause_speaks_for_itself() -> None:
    assert explain(EngineStartError("asked to stop"), retrying=False) == "asked to stop"


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        (18, "; for a private authority give --cafile FILE"),  # self-signed
        (20, "; for a private authority give --cafile FILE"),  # no issuer
        (10, ""),  # expired
        (62, ""),  # another host name
    ],
)
def test_an_unknown_authority_is_made_known_by_an_option(code: int, advice: str) -> None:
    error = ConnectError("wss://x: not trusted (why); for a private authority give ConnectOptions")
    error.__cause__ = ssl.SSLCertVerificationError()
    error.__cause__.verify_code = code
    assert advise(error) == f"wss://x: not trusted (why){advice}"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(errno.EADDRINUSE, "error while attempting to bind"),
            os.strerror(errno.EADDRINUSE),
        ),
        (socket.gaierror(-2, "Name or service not known"), "Name or service not known"),
        (OSError("no number"), "no number"),
    ],
)
def test_what_is_wrong_with_an_address_is_told_in_the_systems_words(
    error: OSError, words: str
) -> None:
    assert system_words(error) == words
    told = str(cannot_listen("host", 80, error))
    assert told.startswith(f"cannot listen on host:80: {words}; choose another --host or --port")
