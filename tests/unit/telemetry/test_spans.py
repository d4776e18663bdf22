"""Making spans, and what they may say."""

from __future__ import annotations

import asyncio

import pytest
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from wsengine import Close, ConnectError
from wsengine.telemetry.spans import (
    close_attributes,
    current_span,
    error_type,
    recording_tracer,
    shown_subprotocol,
    url_attributes,
)

from .told import Told


def test_a_tracer_of_the_sdk_records(told: Told) -> None:
    assert recording_tracer(told.tracers, "1") is not None
    assert recording_tracer(trace.NoOpTracerProvider(), "1") is None
    assert recording_tracer(trace.ProxyTracerProvider(), "1") is None
    assert recording_tracer(None, "1") is None


def test_a_span_is_current_and_ends(told: Told) -> None:
    with current_span(told.tracer, "outer") as outer:
        assert trace.get_current_span() is outer
        with current_span(told.tracer, "inner"):
            pass
    assert told.tree() == ["outer", "  inner"]
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_what_is_raised_is_recorded(told: Told) -> None:
    with pytest.raises(ValueError, match="odd"), current_span(told.tracer, "fails"):
        raise ValueError("odd")
    span = told.one("fails")
    assert (span.status.status_code, span.status.description) == (
        StatusCode.ERROR,
        "ValueError: odd",
    )
    assert [event.name for event in span.events] == ["exception"]


@pytest.mark.parametrize("ending", [asyncio.CancelledError, KeyboardInterrupt, SystemExit])
def test_being_ended_is_no_fault(told: Told, ending: type[BaseException]) -> None:
    with pytest.raises(ending), current_span(told.tracer, "ended"):
        raise ending
    span = told.one("ended")
    assert span.status.status_code is StatusCode.UNSET
    assert str(dict(span.attributes or {})["error.type"]).endswith(ending.__name__)


def test_the_type_of_an_error_has_its_module() -> None:
    assert error_type(ValueError()) == "ValueError"
    assert error_type(ConnectError("x")) == "wsengine.errors.ConnectError"


@pytest.mark.parametrize(
    ("url", "port", "path"),
    [
        ("ws://host", 80, "/"),
        ("wss://host", 443, "/"),
        ("wss://user:secret@host:99/a/b?token=secret", 99, "/a/b"),
    ],
)
def test_a_url_is_told_without_its_secrets(url: str, port: int, path: str) -> None:
    attributes = url_attributes(url)
    assert attributes["server.address"] == "host"
    assert attributes["server.port"] == port
    assert attributes["url.path"] == path
    assert "secret" not in str(attributes)


def test_what_is_no_url_is_not_told() -> None:
    assert url_attributes("ws://host:secret/") == {}


@pytest.mark.parametrize(
    ("close", "initiator"),
    [
        (Close(1000), "server"),
        (Close(1001, client_initiated=True), "client"),
        (Close(1006), "network"),
    ],
)
def test_a_close_tells_who_began_it(close: Close, initiator: str) -> None:
    assert close_attributes(close) == {
        "websocket.close.code": int(close.code),
        "websocket.close.initiator": initiator,
    }


@pytest.mark.parametrize(
    "name", ["chat", "v1.feed", "graphql-transport-ws", "ocpp1.6", "v4.channel.k8s.io", "mqtt"]
)
def test_the_name_of_a_subprotocol_is_shown(name: str) -> None:
    assert shown_subprotocol(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "bearer.eyJhbGciOiJIUzI1NiJ9",
        "dXNlcjpwYXNz",
        "0123456789abcdef",
        "token." + "a1" * 10,
        "a" * 40,
    ],
)
def test_what_looks_like_a_token_is_not(name: str) -> None:
    assert shown_subprotocol(name) == "(hidden)"
