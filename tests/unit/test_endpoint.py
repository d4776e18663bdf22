from __future__ import annotations

import dataclasses
import inspect

import pytest

from wsengine import Close, Endpoint, RestartFailure
from wsengine.callbacks import CALLBACKS


def test_it_has_the_six_callbacks_and_nothing_else() -> None:
    public = [name for name in vars(Endpoint) if not name.startswith("_")]
    assert sorted(public) == sorted(CALLBACKS)
    assert len(public) == 6


def test_every_callback_is_documented() -> None:
    assert all(getattr(Endpoint, name).__doc__ for name in CALLBACKS)


def test_by_default_nothing_happens() -> None:
    endpoint = Endpoint()
    results = [
        endpoint.on_open(None, restarting=False),  # type: ignore[arg-type]
        endpoint.on_message(None, "text"),  # type: ignore[arg-type]
        endpoint.on_read_error(None, OSError()),  # type: ignore[arg-type]
        endpoint.on_close(None, Close(1000)),  # type: ignore[arg-type]
        endpoint.on_close_error(None, OSError()),  # type: ignore[arg-type]
        endpoint.on_restart_error(None, RestartFailure(OSError(), 1, None)),  # type: ignore[arg-type]
    ]
    assert results == [None] * 6


def test_it_has_no_state_of_its_own() -> None:
    class Forgetful(Endpoint):
        def __init__(self) -> None:
            """Forget to call the base class; nothing depends on it."""

    assert vars(Forgetful()) == {}


def test_restarting_is_given_by_name() -> None:
    parameter = inspect.signature(Endpoint.on_open).parameters["restarting"]
    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY


def test_a_restart_failure_tells_what_and_when_and_does_not_change() -> None:
    error = OSError("no")
    failure = RestartFailure(error, attempt=3, next_delay=None)
    assert (failure.error, failure.attempt, failure.next_delay) == (error, 3, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        failure.attempt = 4  # type: ignore[misc]
