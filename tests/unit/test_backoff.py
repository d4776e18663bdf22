"""The policy at work: `Backoff` counts, resets, and gives up."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine import (
    Close,
    ConfigError,
    ConnectError,
    ConnectionClosed,
    EngineFailedError,
    Fatal,
    ReconnectPolicy,
    Retry,
)
from wsengine.backoff import Backoff, Ending
from wsengine.reconnect import TRY_LATER_DELAY

LOST = Close(1006)
BY_US = Close(1001, client_initiated=True)


def doubling(**settings: int) -> ReconnectPolicy:
    """Bounds 1, 2, 4, ... without jitter; a session of 5 s counts as good."""
    return ReconnectPolicy(
        initial_delay=1,
        factor=2,
        max_delay=1000,
        jitter=0,
        min_uptime=5,
        max_attempts=settings.get("max_attempts"),
    )


def answering(answer: Callable[[Exception | Close], object]) -> ReconnectPolicy:
    return ReconnectPolicy(classify=answer)  # type: ignore[arg-type]


# Counting.


def test_failed_opens_wait_ever_longer() -> None:
    backoff = Backoff(doubling())
    assert [backoff.after_failure(OSError()) for _ in range(4)] == [1, 2, 4, 8]
    assert backoff.failures == 4


def test_a_session_that_lasted_begins_anew() -> None:
    backoff = Backoff(doubling())
    backoff.after_failure(OSError())
    backoff.after_failure(OSError())
    assert backoff.after_session(LOST, uptime=5, ending=Ending.LOST) == 1
    assert backoff.failures == 0
    assert backoff.after_failure(OSError()) == 2
    assert backoff.failures == 1


def test_a_flapping_server_is_dialled_ever_more_slowly() -> None:
    backoff = Backoff(doubling())
    delays = [backoff.after_session(Close(1000), uptime=4.9, ending=Ending.LOST) for _ in range(4)]
    assert delays == [1, 2, 4, 8]
    assert backoff.failures == 4


def test_short_sessions_and_failed_opens_count_together() -> None:
    backoff = Backoff(doubling())
    assert backoff.after_session(LOST, uptime=0.1, ending=Ending.LOST) == 1
    assert backoff.after_failure(OSError()) == 2
    assert backoff.after_session(LOST, uptime=0.1, ending=Ending.LOST) == 4


def test_a_wanted_restart_comes_at_once() -> None:
    backoff = Backoff(doubling())
    assert [backoff.after_session(BY_US, 5, Ending.ASKED) for _ in range(3)] == [
        0,
        0,
        0,
    ]


def test_wanted_restarts_in_quick_succession_are_slowed_down() -> None:
    backoff = Backoff(doubling())
    assert [backoff.after_session(BY_US, 1, Ending.ASKED) for _ in range(3)] == [
        1,
        2,
        4,
    ]


def test_the_jitter_is_drawn_anew_for_each_delay() -> None:
    draws = iter([0.5, 0.25, 0.0])
    policy = ReconnectPolicy(initial_delay=8, factor=1, max_delay=8)
    backoff = Backoff(policy, draw=lambda: next(draws))
    assert [backoff.after_failure(OSError()) for _ in range(3)] == [4, 2, 0]


# What the server asks for.


@settings(deadline=None)
@given(st.floats(0, 1e9), st.integers(1, 5))
def test_retry_after_is_a_minimum(retry_after: float, attempts: int) -> None:
    backoff = Backoff(ReconnectPolicy(initial_delay=1, factor=2, max_delay=16))
    for _ in range(attempts):
        delay = backoff.after_failure(ConnectError("no", status=503, retry_after=retry_after))
        least = min(retry_after, 3600)
        assert least <= delay <= least + 16


def test_a_server_that_restarts_is_given_a_while() -> None:
    for code in (1012, 1013):
        delay = Backoff(doubling()).after_session(Close(code), uptime=9, ending=Ending.LOST)
        assert delay == TRY_LATER_DELAY + 1


# Giving up.


def test_attempts_used_up_after_failed_opens() -> None:
    backoff = Backoff(doubling(max_attempts=2))
    errors = [OSError(str(number)) for number in range(3)]
    assert [backoff.after_failure(error) for error in errors[:2]] == [1, 2]
    with pytest.raises(EngineFailedError, match=r"^2; gave up after 2 .*max_attempts") as caught:
        backoff.after_failure(errors[2])
    assert caught.value.__cause__ is errors[2]


def test_attempts_used_up_by_short_sessions() -> None:
    backoff = Backoff(doubling(max_attempts=1))
    backoff.after_session(LOST, uptime=0, ending=Ending.LOST)
    with pytest.raises(EngineFailedError, match=r"connection lost: 1006.*gave up") as caught:
        backoff.after_session(LOST, uptime=0, ending=Ending.LOST)
    assert isinstance(caught.value.__cause__, ConnectionClosed)
    assert caught.value.__cause__.close is LOST


def test_sessions_that_last_use_up_no_attempts() -> None:
    backoff = Backoff(doubling(max_attempts=1))
    assert [backoff.after_session(LOST, uptime=5, ending=Ending.LOST) for _ in range(5)] == [1] * 5


def test_a_fatal_refusal_is_the_end() -> None:
    error = ConnectError("HTTP status 401", status=401)
    with pytest.raises(EngineFailedError, match=r"^HTTP status 401; dialling again") as caught:
        Backoff(doubling()).after_failure(error)
    assert caught.value.__cause__ is error


def test_a_fatal_close_is_the_end_also_of_a_long_session() -> None:
    banned = Close(1008, "banned")
    with pytest.raises(EngineFailedError, match=r"1008 POLICY_VIOLATION \(banned\)") as caught:
        Backoff(doubling()).after_session(banned, uptime=3600, ending=Ending.LOST)
    assert isinstance(caught.value.__cause__, ConnectionClosed)
    assert caught.value.__cause__.close is banned


def test_a_wanted_restart_is_never_judged() -> None:
    backoff = Backoff(answering(lambda end: Fatal()))
    assert backoff.after_session(BY_US, uptime=0, ending=Ending.ASKED) >= 0
    assert backoff.after_session(BY_US, uptime=9, ending=Ending.ASKED) == 0


def test_without_a_policy_every_end_is_the_last() -> None:
    for error in (OSError("no"), ConnectError("no", status=503, retry_after=1)):
        with pytest.raises(EngineFailedError, match=r"^no; reconnect=None") as caught:
            Backoff(None).after_failure(error)
        assert caught.value.__cause__ is error
    with pytest.raises(EngineFailedError, match="reconnect=None"):
        Backoff(None).after_session(LOST, uptime=3600, ending=Ending.LOST)


def test_without_a_policy_a_wanted_restart_still_comes() -> None:
    assert Backoff(None).after_session(BY_US, uptime=9, ending=Ending.ASKED) == 0


@pytest.mark.parametrize("ending", [Ending.ASKED, Ending.FAILED])
def test_without_a_policy_wanted_restarts_in_quick_succession_are_slowed_down(
    ending: Ending,
) -> None:
    backoff = Backoff(None, draw=lambda: 1.0)
    assert [backoff.after_session(BY_US, 0, ending) for _ in range(4)] == [0.5, 1, 2, 4]


def test_sessions_that_callbacks_end_are_attempts() -> None:
    backoff = Backoff(doubling(max_attempts=2))
    assert [backoff.after_session(BY_US, 0, Ending.FAILED) for _ in range(2)] == [1, 2]
    with pytest.raises(EngineFailedError, match="gave up after 2 attempts") as failed:
        backoff.after_session(BY_US, 0, Ending.FAILED)
    assert isinstance(failed.value.__cause__, ConnectionClosed)
    assert backoff.after_session(BY_US, 9, Ending.FAILED) == 0


# A classify of the user's own.


def test_the_verdict_of_classify_counts() -> None:
    seen: list[Exception | Close] = []

    def classify(end: Exception | Close) -> Retry:
        seen.append(end)
        return Retry(after=100)

    error = OSError()
    backoff = Backoff(answering(classify))
    assert 100 <= backoff.after_failure(error) <= 130
    assert 100 <= backoff.after_session(LOST, uptime=9, ending=Ending.LOST) <= 130
    assert seen == [error, LOST]


def test_a_classify_that_raises_ends_the_engine_with_its_error() -> None:
    fault = KeyError("oops")

    def classify(end: Exception | Close) -> Retry:
        raise fault

    with pytest.raises(EngineFailedError, match=r"no; and classify failed: KeyError") as caught:
        Backoff(answering(classify)).after_failure(OSError("no"))
    assert caught.value.__cause__ is fault


def test_a_classify_with_a_wrong_answer_ends_the_engine() -> None:
    with pytest.raises(EngineFailedError, match="classify answered 5") as caught:
        Backoff(answering(lambda end: 5)).after_failure(OSError())
    assert isinstance(caught.value.__cause__, ConfigError)
