from __future__ import annotations

import copy
import pickle

import pytest

from wsengine import errors
from wsengine.close import Close
from wsengine.errors import (
    ConfigError,
    ConnectError,
    ConnectionClosed,
    DecodeError,
    EngineFailedError,
    EngineStartError,
    EngineStateError,
    MissingDependencyError,
    OpenTimeoutError,
    RequestFailed,
    RequestTimeoutError,
    WSEngineError,
)

BUILT_IN = {
    ConfigError: ValueError,
    MissingDependencyError: ImportError,
    EngineStateError: RuntimeError,
    ConnectError: ConnectionError,
    OpenTimeoutError: TimeoutError,
    ConnectionClosed: ConnectionError,
    DecodeError: ValueError,
    RequestTimeoutError: TimeoutError,
}
WITHOUT = {WSEngineError, EngineStartError, EngineFailedError, RequestFailed}


def test_every_error_has_the_one_root_and_stands_in_the_tree() -> None:
    defined = [value for value in vars(errors).values() if isinstance(value, type)]
    own = [error for error in defined if error.__module__ == errors.__name__]
    assert set(own) == {*WITHOUT, *BUILT_IN}
    for error in own:
        assert issubclass(error, WSEngineError)
        assert error.__name__ in str(errors.__doc__)
        assert error.__doc__


@pytest.mark.parametrize(("error", "base"), BUILT_IN.items())
def test_an_error_is_caught_as_what_python_calls_it(
    error: type[Exception], base: type[Exception]
) -> None:
    assert issubclass(error, base)


def test_a_dial_that_took_too_long_is_a_failed_dial() -> None:
    assert issubclass(OpenTimeoutError, ConnectError)


def test_a_failed_dial_carries_the_servers_answer() -> None:
    error = ConnectError("no", status=503, headers={"server": "x"}, retry_after=2.5)
    assert (str(error), error.status, error.headers, error.retry_after) == (
        "no",
        503,
        {"server": "x"},
        2.5,
    )


def test_a_failed_dial_without_an_answer() -> None:
    error = OpenTimeoutError("slow")
    assert (error.status, error.headers, error.retry_after) == (None, {}, None)


@pytest.mark.parametrize(
    ("close", "message"),
    [
        (Close(1000, "bye"), "connection closed by the server: 1000 NORMAL_CLOSURE (bye)"),
        (Close(1006), "connection lost: 1006 ABNORMAL_CLOSURE"),
        (
            Close(1001, client_initiated=True),
            "connection closed by the client: 1001 GOING_AWAY",
        ),
        (
            Close(1006, client_initiated=True),
            "connection closed by the client: 1006 ABNORMAL_CLOSURE",
        ),
    ],
)
def test_a_closed_connection_tells_how(close: Close, message: str) -> None:
    error = ConnectionClosed(close)
    assert error.close == close
    assert str(error) == message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("canary", "a text message of 6 bytes cannot be decoded: why"),
        ("cänäry", "a text message of 8 bytes cannot be decoded: why"),
        (b"canary", "a binary message of 6 bytes cannot be decoded: why"),
    ],
)
def test_a_message_that_cannot_be_decoded_is_kept_but_not_shown(
    message: str | bytes, shown: str
) -> None:
    error = DecodeError(message, "why")
    assert (error.message, error.why, str(error)) == (message, "why", shown)
    assert "canary" not in repr(error)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (RequestFailed({}), "see `reply`"),
        (RequestFailed({}, 404), "code 404"),
        (RequestFailed({}, message="two\nlines"), r"'two\nlines'"),
        (RequestFailed({}, 0, "no", {"secret": 1}), "code 0, 'no'"),
        (RequestFailed({}, message="x" * 1000), repr("x" * 200)),
    ],
)
def test_a_failed_request_tells_what_the_server_said(error: RequestFailed, shown: str) -> None:
    assert str(error) == f"the server answered with an error: {shown}"


def test_a_failed_request_has_the_reply() -> None:
    error = RequestFailed({"id": 1}, 404, "no", [1])
    assert (error.reply, error.code, error.message, error.detail) == ({"id": 1}, 404, "no", [1])


def test_a_request_that_took_too_long_tells_which_and_how_long() -> None:
    error = RequestTimeoutError("a-1", 2.5)
    assert str(error) == "no reply to request 'a-1' within 2.5 s"
    assert (error.request_id, error.age) == ("a-1", 2.5)


def test_a_request_that_took_too_long_tells_what_was_asked_for() -> None:
    assert str(RequestTimeoutError(1, 1.001, timeout=1)) == "no reply to request 1 within 1 s"
    unsent = RequestTimeoutError(1, 1.001, sent=False, timeout=1)
    assert str(unsent) == "no session was open within 1 s: request 1 was not sent"
    assert unsent.age == 1.001


@pytest.mark.parametrize("by", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
@pytest.mark.parametrize(
    "error",
    [
        ConnectionClosed(Close(4001, "bye")),
        ConnectError("no", status=429, headers={"a": "b"}, retry_after=1.0),
        DecodeError("{", "no end"),
        RequestFailed({"id": 1}, 404, "not found", {"what": "BTC"}),
        RequestTimeoutError("a-1", 2.5),
        RequestTimeoutError("a-1", 2.501, sent=False, timeout=2.5),
    ],
)
def test_errors_can_be_copied_and_sent_between_processes(error: Exception, by: object) -> None:
    assert callable(by)
    twin = by(error)
    assert type(twin) is type(error)
    assert str(twin) == str(error)
    assert vars(twin) == vars(error)
