"""What an endpoint must be: found out before the first dial."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from wsengine import ConfigError, Endpoint, Engine, SyncEndpoint
from wsengine.callbacks import CALLBACKS
from wsengine.checking import check_async_endpoint, check_endpoint


def anything(*_: object, **__: object) -> None:
    """Take whatever comes."""


def test_an_endpoint_needs_no_base_class() -> None:
    check_endpoint(Endpoint())
    check_endpoint(SimpleNamespace(**dict.fromkeys(CALLBACKS, anything)))


def test_a_class_is_not_an_endpoint() -> None:
    with pytest.raises(ConfigError, match=r"^endpoint=Endpoint: .* give an instance: Endpoint\(\)"):
        check_endpoint(Endpoint)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_missing_callback_is_named(name: str) -> None:
    endpoint = SimpleNamespace(**dict.fromkeys(CALLBACKS, anything))
    for lacking in (None, 7):
        setattr(endpoint, name, lacking)
        with pytest.raises(ConfigError, match=rf"lacks {name}; inherit from wsengine\.Endpoint"):
            check_endpoint(endpoint)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_that_yields_is_refused(name: str) -> None:
    async def asynchronous(*arguments: object, **named: object) -> AsyncIterator[int]:
        yield 1

    def plain(*arguments: object, **named: object) -> Iterator[int]:
        yield 1

    for generator in (asynchronous, plain):
        endpoint = type("Own", (Endpoint,), {name: generator})()
        with pytest.raises(ConfigError, match=rf"{name}=.*: has `yield`, .*session\.send"):
            check_endpoint(endpoint)


def test_all_missing_callbacks_are_named() -> None:
    with pytest.raises(ConfigError, match="lacks " + ", ".join(CALLBACKS)):
        check_endpoint(None)


def endpoint_with(**methods: Any) -> Endpoint:
    one: Endpoint = type("Own", (Endpoint,), methods)()
    return one


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("on_mesage", "on_message"),
        ("onMessage", "on_message"),
        ("on_messages", "on_message"),
        ("on_opened", "on_open"),
        ("onReadError", "on_read_error"),
        ("on_restart_errors", "on_restart_error"),
    ],
)
def test_a_slip_of_the_pen_is_refused(name: str, meant: str) -> None:
    with pytest.raises(ConfigError, match=rf"has {name}, .* did you mean {meant}\?"):
        check_endpoint(endpoint_with(**{name: lambda *_: None}))
    with pytest.raises(ConfigError, match=f"did you mean {meant}"):
        Engine("ws://host", endpoint_with(**{name: lambda *_: None}))


@pytest.mark.parametrize("name", ["on_mesage", "onMessage"])
def test_beside_the_callback_itself_it_is_a_method_of_the_programs(name: str) -> None:
    check_endpoint(endpoint_with(on_message=lambda *_: None, **{name: lambda *_: None}))


@pytest.mark.parametrize("name", ["on_trade", "once", "only", "on_opening_hours", "_on_mesage"])
def test_other_names_are_the_programs_own(name: str, caplog: pytest.LogCaptureFixture) -> None:
    check_endpoint(endpoint_with(**{name: lambda *_: None}))
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("name", "meant"), [("on_error", "on_read_error"), ("on_msg", "on_message")]
)
def test_names_of_other_libraries_are_told(
    name: str, meant: str, caplog: pytest.LogCaptureFixture
) -> None:
    check_endpoint(endpoint_with(**{name: lambda *_: None}))
    assert f"Own has {name}, which is no callback" in caplog.text
    assert f"did you mean {meant}?" in caplog.text


def test_a_callback_that_is_called_otherwise_is_refused() -> None:
    def on_close(self: Any, session: Any, code: int, reason: str) -> None:
        """As of websocket-client."""

    def on_open(self: Any, session: Any) -> None:
        """Without its keyword."""

    with pytest.raises(ConfigError, match=r"on_close=.*: is called as on_close\(session, close\)"):
        check_endpoint(endpoint_with(on_close=on_close))
    with pytest.raises(ConfigError, match=r"is called as on_open\(session, restarting=\.\.\.\)"):
        check_endpoint(endpoint_with(on_open=on_open))
    with pytest.raises(ConfigError, match=r"is called as on_message\(session, message\)"):
        check_endpoint(endpoint_with(on_message=lambda self, message: None))


def test_an_endpoint_for_threads_is_not_for_the_event_loop() -> None:
    class Ticker(SyncEndpoint):
        """Has none of its own."""

    check_endpoint(Ticker())
    with pytest.raises(ConfigError, match="is a SyncEndpoint; give it to a SyncEngine"):
        check_async_endpoint(Ticker())
    with pytest.raises(ConfigError, match="is a SyncEndpoint"):
        Engine("ws://host", Ticker())
