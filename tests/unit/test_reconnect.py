from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wsengine import (
    Close,
    CloseCode,
    ConfigError,
    ConnectError,
    ConnectionClosed,
    Fatal,
    MissingDependencyError,
    OpenTimeoutError,
    ReconnectPolicy,
    Retry,
)
from wsengine.reconnect import TRY_LATER_DELAY, default_classify

HUGE = 1.7e308
POLICIES = st.builds(
    lambda initial, more, factor, jitter: ReconnectPolicy(
        initial_delay=initial, max_delay=initial + more, factor=factor, jitter=jitter
    ),
    initial=st.floats(0, 1e6),
    more=st.floats(0, 1e6),
    factor=st.floats(1, HUGE),
    jitter=st.floats(0, 1),
)
RETRY_AFTER = st.none() | st.floats(0, 1e6)
FATAL_CODES = {1008, 1010, 3000, 3003}
LATER_CODES = {1012, 1013}


def no_jitter(**settings: float) -> ReconnectPolicy:
    return ReconnectPolicy(jitter=0, min_uptime=5, **settings)  # type: ignore[arg-type]


def first(count: int, policy: ReconnectPolicy, draw: Callable[[], float]) -> list[float]:
    return list(itertools.islice(policy.delays(draw), count))


# Delays.


@settings(deadline=None)
@given(POLICIES, st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=40))
@example(ReconnectPolicy(factor=HUGE, initial_delay=HUGE, max_delay=HUGE), [0.5] * 5)
def test_each_delay_lies_below_its_bound_by_the_jitter_at_most(
    policy: ReconnectPolicy, draws: list[float]
) -> None:
    bound = policy.initial_delay
    for delay in first(len(draws), policy, iter(draws).__next__):
        slack = 1e-9 * bound
        assert bound * (1 - policy.jitter) - slack <= delay <= bound
        bound = min(bound * policy.factor, policy.max_delay)


@settings(deadline=None)
@given(POLICIES, st.floats(0, 1, exclude_max=True))
def test_delays_grow_to_the_cap_and_stay_finite(policy: ReconnectPolicy, drawn: float) -> None:
    delays = first(50, policy, lambda: drawn)
    assert delays == sorted(delays)
    assert all(math.isfinite(delay) and 0 <= delay <= policy.max_delay for delay in delays)


@settings(deadline=None)
@given(st.integers(1, 50))
def test_there_are_max_attempts_delays(attempts: int) -> None:
    assert len(list(ReconnectPolicy(max_attempts=attempts).delays())) == attempts


def test_without_max_attempts_delays_never_end() -> None:
    assert len(first(10_000, ReconnectPolicy(), lambda: 0.5)) == 10_000


def test_without_jitter_delays_are_their_bounds() -> None:
    policy = no_jitter(initial_delay=0.5, factor=3, max_delay=10)
    assert first(5, policy, lambda: 0.123) == [0.5, 1.5, 4.5, 10, 10]


def test_full_jitter_is_the_default_and_draws_below_the_bound() -> None:
    policy = ReconnectPolicy(initial_delay=1, factor=2, max_delay=4)
    draws = iter([0.0, 0.5, 0.999, 0.25])
    assert first(4, policy, lambda: next(draws)) == pytest.approx([0, 1, 3.996, 1])


def test_generators_of_one_policy_know_nothing_of_each_other() -> None:
    policy = no_jitter(initial_delay=1, factor=2, max_delay=100)
    delays = policy.delays()
    assert [next(delays), next(delays)] == [1, 2]
    assert next(policy.delays()) == 1


def test_clients_that_lost_one_server_together_spread_out() -> None:
    bounds = ReconnectPolicy(initial_delay=1.0, max_delay=1.0)
    together = [next(bounds.delays()) for _ in range(50)]
    assert len(set(together)) == 50


@pytest.mark.parametrize(
    ("base", "max_exponent", "delays"),
    [
        (5, 1, [1, 5, 5, 5, 5]),
        (2, 3, [1, 2, 4, 8, 8]),
        (7, 0, [1, 1, 1, 1, 1]),
        (1.5, 2, [1, 1.5, 2.25, 2.25, 2.25]),
    ],
)
def test_the_formula_of_gowse(base: float, max_exponent: int, delays: list[float]) -> None:
    assert first(5, ReconnectPolicy.gowse(base, max_exponent), lambda: 0.9) == delays


def test_gowses_own_delays_are_those_of_its_defaults() -> None:
    assert first(4, ReconnectPolicy.gowse(), lambda: 0.9) == [1, 5, 5, 5]


# Settings.


def test_the_defaults_and_that_they_do_not_change() -> None:
    policy = ReconnectPolicy()
    assert (policy.initial_delay, policy.factor, policy.max_delay) == (0.5, 2, 30)
    assert (policy.jitter, policy.max_attempts, policy.min_uptime) == (1, None, 5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        policy.max_delay = 3600  # type: ignore[misc]


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("initial_delay", -0.1, "a number of at least 0"),
        ("initial_delay", math.nan, "a number"),
        ("factor", 0.99, "a number of at least 1"),
        ("factor", math.inf, "a number"),
        ("max_delay", -1, "a number of at least 0"),
        ("max_delay", 0.1, r"at least initial_delay \(0\.5\)"),
        ("jitter", -0.1, "a number of at least 0"),
        ("jitter", 1.1, "a share between 0 and 1"),
        ("max_attempts", 0, "a whole number of at least 1, or None"),
        ("max_attempts", 2.0, "a whole number"),
        ("min_uptime", -1, "a number of at least 0"),
        ("classify", None, "a function"),
    ],
)
def test_a_wrong_setting_is_refused(field: str, value: object, rule: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{field}={value!r}: must be {rule}"):
        ReconnectPolicy(**{field: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "base", "max_exponent"),
    [("base", 0.5, 1), ("max_exponent", 5, -1), ("max_exponent", 2, 1025)],
)
def test_a_wrong_formula_is_refused(field: str, base: float, max_exponent: int) -> None:
    with pytest.raises(ConfigError, match=rf"^{field}=.*: must"):
        ReconnectPolicy.gowse(base, max_exponent)


@pytest.mark.parametrize("after", [-1, math.nan, math.inf, "3", None])
def test_a_verdict_with_a_wrong_delay_is_refused(after: object) -> None:
    with pytest.raises(ConfigError, match=r"^after=.*: must be a number of at least 0"):
        Retry(after)  # type: ignore[arg-type]


# Classification.


@settings(deadline=None)
@given(st.sampled_from([408, 425, 429, 499, 500, 599]) | st.integers(100, 599), RETRY_AFTER)
@example(408, None)
@example(500, None)
def test_a_refused_handshake(status: int, retry_after: float | None) -> None:
    verdict = default_classify(ConnectError("no", status=status, retry_after=retry_after))
    if status < 200 or status >= 500 or status in (408, 425, 429):
        assert verdict == Retry(after=retry_after or 0.0)
    else:
        assert verdict == Fatal()


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 407, 410])
def test_these_statuses_are_fatal(status: int) -> None:
    assert default_classify(ConnectError("no", status=status, retry_after=1)) == Fatal()


@pytest.mark.parametrize("status", [100, 102, 103, 199])
def test_an_interim_answer_decides_nothing(status: int) -> None:
    assert default_classify(ConnectError("no", status=status)) == Retry()


@settings(deadline=None)
@given(st.integers(0, 65535))
def test_a_servers_close(code: int) -> None:
    verdict = default_classify(Close(code))
    if code in FATAL_CODES:
        assert verdict == Fatal()
    else:
        assert verdict == Retry(after=TRY_LATER_DELAY if code in LATER_CODES else 0.0)
    assert default_classify(ConnectionClosed(Close(code))) == verdict


@settings(deadline=None)
@given(st.integers(0, 65535))
def test_a_close_of_ours_is_never_fatal(code: int) -> None:
    assert isinstance(default_classify(Close(code, client_initiated=True)), Retry)


@pytest.mark.parametrize("error", [ConfigError("wrong"), MissingDependencyError("pip install x")])
def test_what_dialling_cannot_mend_is_fatal(error: Exception) -> None:
    assert default_classify(error) == Fatal()


@pytest.mark.parametrize(
    "error",
    [
        ConnectError("refused"),
        OpenTimeoutError("slow"),
        ConnectionRefusedError(),
        TimeoutError(),
        OSError("unreachable"),
        LookupError("from on_open"),
    ],
)
def test_the_network_and_ones_own_callbacks_are_retried(error: Exception) -> None:
    assert default_classify(error) == Retry()


def test_a_policys_own_verdict_comes_first_and_none_asks_for_the_default() -> None:
    def classify(end: Exception | Close) -> Retry | Fatal | None:
        return Fatal() if isinstance(end, Close) and end.reason == "banned" else None

    policy = ReconnectPolicy(classify=classify)
    assert policy.judge(Close(1000, "banned")) == Fatal()
    assert policy.judge(Close(1000)) == Retry()
    assert policy.judge(Close(CloseCode.POLICY_VIOLATION)) == Fatal()


@pytest.mark.parametrize("answer", [True, 5.0, Retry, "retry"])
def test_an_answer_that_is_no_verdict_is_refused(answer: object) -> None:
    policy = ReconnectPolicy(classify=lambda end: answer)  # type: ignore[arg-type, return-value]
    with pytest.raises(ConfigError, match=r"^classify answered .*: it must answer Retry\(\)"):
        policy.judge(Close(1000))


@pytest.mark.parametrize("answer", [None, default_classify])
def test_a_server_cannot_ask_for_more_than_an_hour(answer: Any) -> None:
    policy = ReconnectPolicy(classify=answer or (lambda end: None))
    assert policy.judge(ConnectError("busy", status=503, retry_after=10**9)) == Retry(after=3600)
    assert policy.judge(ConnectError("busy", status=503, retry_after=60)) == Retry(after=60)
    short = ReconnectPolicy(max_retry_after=5)
    assert short.judge(ConnectError("busy", status=503, retry_after=60)) == Retry(after=5)


def test_what_you_ask_for_yourself_is_not_bounded() -> None:
    policy = ReconnectPolicy(classify=lambda end: Retry(after=86_400))
    assert policy.judge(Close(1000)) == Retry(after=86_400)
