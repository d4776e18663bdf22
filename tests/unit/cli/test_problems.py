from __future__ import annotations

import pytest

from wsengine import Close, ConnectError, ConnectionClosed, EngineFailedError, EngineStartError
from wsengine.cli.problems import explain

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


def test_an_error_without_a_cause_speaks_for_itself() -> None:
    assert explain(EngineStartError("asked to stop"), retrying=False) == "asked to stop"
