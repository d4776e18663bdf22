from __future__ import annotations

import dataclasses
import inspect
import math
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine import ConfigError, EngineConfig, ReconnectPolicy, conflate

SECONDS = ("open_timeout", "stop_timeout", "acknowledge_timeout")
SECONDS_OR_NONE = ("ping_interval", "ping_timeout", "idle_timeout", "blocked_after")
NOT_SECONDS = [0, -1, math.nan, math.inf, "5", True]

WRONG: dict[str, list[tuple[Any, str]]] = {
    "name": [(value, "must be a str with at least one character, or None") for value in ("", 7)],
    "workers": [
        (value, "must be a whole number of at least 1") for value in (0, -1, 1.5, "4", True)
    ],
    "reconnect": [(value, "must be ReconnectPolicy, or None") for value in (True, 5, "x")],
    "retry_start": [(value, "must be one of True, False") for value in (None, "yes", 2)],
    **{name: [(v, "must be a number above 0") for v in [*NOT_SECONDS, None]] for name in SECONDS},
    **{
        name: [(value, "must be a number above 0, or None") for value in NOT_SECONDS]
        for name in SECONDS_OR_NONE
    },
    "order_by": [(value, "must be a function of a message, or None") for value in ("key", 7)],
    "backlog_messages": [(v, "must be a whole number of at least 0") for v in (-1, 1.0, None)],
    "backlog_bytes": [(value, "must be a whole number of at least 1") for value in (0, 1e6, None)],
    "backlog_policy": [
        (value, "must be one of 'wait', 'drop_oldest', 'drop_newest'") for value in ("drop", None)
    ],
    "trace_messages": [
        (value, "must be 'all', 'off', or a share between 0 and 1")
        for value in ("some", None, True, -0.1, 1.1, math.nan)
    ],
    "extract": [(value, "must be a function of a message, or None") for value in ("x", 7)],
    "extract_as": [(value, "must be one of 'link', 'parent'") for value in ("root", None)],
    "subscription_max_rate": [(v, "must be a number above 0, or None") for v in NOT_SECONDS],
    "outbox_messages": [(v, "must be a whole number of at least 1") for v in (0, 1.0, None)],
    "outbox_policy": [
        (value, "must be one of 'drop_oldest', 'drop_newest', 'raise'") for value in ("drop", None)
    ],
    "on_endpoint_error": [
        (value, "must be one of 'continue', 'restart', 'exit'") for value in ("stop", None, True)
    ],
}
REFUSALS = [(field, value, rule) for field, cases in WRONG.items() for value, rule in cases]


def test_every_field_is_checked() -> None:
    assert {field.name for field in dataclasses.fields(EngineConfig)} == set(WRONG)


@pytest.mark.parametrize(("field", "value", "rule"), REFUSALS)
def test_an_error_names_field_value_and_rule(field: str, value: object, rule: str) -> None:
    with pytest.raises(ConfigError, match=f"^{re.escape(f'{field}={value!r}: {rule}')}$"):
        EngineConfig(**{field: value})  # type: ignore[arg-type]


def test_retrying_the_start_needs_a_policy() -> None:
    assert EngineConfig(retry_start=True).retry_start
    assert EngineConfig(reconnect=None).reconnect is None
    with pytest.raises(ConfigError, match=r"^retry_start=True: .*reconnect is None"):
        EngineConfig(retry_start=True, reconnect=None)


def test_keys_need_a_backlog() -> None:
    with pytest.raises(ConfigError, match=r"^backlog_messages=0: must be at least 1 with order_by"):
        EngineConfig(order_by=len, backlog_messages=0)


def test_dropping_needs_a_backlog_and_no_keys() -> None:
    assert EngineConfig(backlog_policy=conflate(len)).backlog_policy == conflate(len)
    for policy in ("drop_oldest", conflate(len)):
        with pytest.raises(ConfigError, match=r"^backlog_messages=0: must be at least 1"):
            EngineConfig(backlog_policy=policy, backlog_messages=0)
        with pytest.raises(ConfigError, match=r'^backlog_policy=.*: must be "wait" with order_by'):
            EngineConfig(backlog_policy=policy, order_by=len)


@settings(deadline=None)
@given(
    workers=st.integers(1),
    seconds=st.floats(0, exclude_min=True, allow_infinity=False),
    or_none=st.none() | st.floats(0, exclude_min=True, allow_infinity=False),
    messages=st.integers(0),
    size=st.integers(1),
)
def test_every_sensible_setting_is_kept(
    workers: int, seconds: float, or_none: float | None, messages: int, size: int
) -> None:
    given_settings: dict[str, Any] = {
        "workers": workers,
        "backlog_messages": messages,
        "backlog_bytes": size,
        **dict.fromkeys(SECONDS, seconds),
        **dict.fromkeys(SECONDS_OR_NONE, or_none),
    }
    config = EngineConfig(**given_settings)
    assert {name: getattr(config, name) for name in given_settings} == given_settings


def test_the_defaults_are_those_of_a_client() -> None:
    config = EngineConfig()
    assert (config.workers, config.retry_start, config.on_endpoint_error) == (1, False, "continue")
    assert config.reconnect == ReconnectPolicy()
    assert (config.open_timeout, config.stop_timeout) == (10, 10)
    assert (config.ping_interval, config.ping_timeout, config.idle_timeout) == (20, 20, None)
    assert (config.backlog_messages, config.backlog_bytes) == (1024, 16 * 1024 * 1024)


def test_it_does_not_change_and_takes_only_keywords() -> None:
    config = EngineConfig()
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.workers = 4  # type: ignore[misc]
    with pytest.raises(TypeError, match="positional"):
        EngineConfig("name")  # type: ignore[call-arg]


def test_a_misspelt_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="worker_count"):
        EngineConfig(worker_count=4)  # type: ignore[call-arg]


def test_every_setting_is_documented() -> None:
    for field in dataclasses.fields(EngineConfig):
        assert f"    {field.name}: " in str(inspect.getdoc(EngineConfig))
