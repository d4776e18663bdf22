from __future__ import annotations

import logging

import pytest

from wsengine.states import TRANSITIONS, EngineState, Lifecycle, StateChange

PAIRS = [(previous, state) for previous in EngineState for state in EngineState]


def lifecycle_in(state: EngineState) -> Lifecycle:
    lifecycle = Lifecycle("feed")
    lifecycle.state = state
    return lifecycle


def reachable_from(start: EngineState) -> set[EngineState]:
    reached: set[EngineState] = set()
    frontier = {start}
    while frontier:
        frontier = {to for since, to in TRANSITIONS if since in frontier} - reached
        reached |= frontier
    return reached


# The table.


def test_every_state_can_be_reached_from_the_first() -> None:
    assert reachable_from(EngineState.IDLE) == set(EngineState) - {EngineState.IDLE}


@pytest.mark.parametrize("state", [state for state in EngineState if state is not EngineState.IDLE])
def test_an_engine_can_stop_from_every_state(state: EngineState) -> None:
    assert EngineState.STOPPED in reachable_from(state)


def test_an_open_session_always_ends_by_closing() -> None:
    assert [state for since, state in TRANSITIONS if since is EngineState.OPEN] == [
        EngineState.CLOSING
    ]


def test_an_idle_engine_has_never_run() -> None:
    assert not any(state is EngineState.IDLE for _, state in TRANSITIONS)


def test_every_transition_says_what_causes_it() -> None:
    assert all(cause.strip() for cause in TRANSITIONS.values())


# The setter.


def test_a_lifecycle_begins_idle() -> None:
    assert Lifecycle("feed").state is EngineState.IDLE


@pytest.mark.parametrize(("previous", "state"), sorted(TRANSITIONS, key=str))
def test_a_transition_of_the_table_changes_the_state(
    previous: EngineState, state: EngineState
) -> None:
    lifecycle = lifecycle_in(previous)
    lifecycle.enter(state, "because")
    assert lifecycle.state is state


@pytest.mark.parametrize(("previous", "state"), [pair for pair in PAIRS if pair not in TRANSITIONS])
def test_any_other_transition_is_a_bug_and_changes_nothing(
    previous: EngineState, state: EngineState, caplog: pytest.LogCaptureFixture
) -> None:
    lifecycle = lifecycle_in(previous)
    heard: list[StateChange] = []
    lifecycle.listeners.append(heard.append)
    caplog.set_level(logging.INFO, "wsengine")
    with pytest.raises(RuntimeError, match=f"no transition from {previous.name} to {state.name}"):
        lifecycle.enter(state, "because")
    assert lifecycle.state is previous
    assert not heard
    assert not caplog.records


# Who is told.


def test_every_change_is_logged_at_info(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "wsengine")
    Lifecycle("feed").enter(EngineState.OPENING, "dialling")
    assert caplog.record_tuples == [
        ("wsengine.states", logging.INFO, "feed: idle -> opening: dialling")
    ]


def test_listeners_hear_of_every_change_after_it_happened() -> None:
    lifecycle = lifecycle_in(EngineState.OPENING)
    heard: list[tuple[StateChange, EngineState]] = []
    lifecycle.listeners.append(lambda change: heard.append((change, lifecycle.state)))
    lifecycle.enter(EngineState.WAITING, "refused", delay=1.5)
    lifecycle.enter(EngineState.STOPPED, "exit")
    assert heard == [
        (
            StateChange(EngineState.OPENING, EngineState.WAITING, "refused", delay=1.5),
            EngineState.WAITING,
        ),
        (StateChange(EngineState.WAITING, EngineState.STOPPED, "exit"), EngineState.STOPPED),
    ]


def test_a_listener_that_fails_stops_nobody(caplog: pytest.LogCaptureFixture) -> None:
    lifecycle = Lifecycle("feed")
    heard: list[StateChange] = []

    def fail(change: StateChange) -> None:
        raise LookupError(change.reason)

    lifecycle.listeners += [fail, heard.append]
    lifecycle.enter(EngineState.OPENING, "start()")
    assert lifecycle.state is EngineState.OPENING
    assert [change.reason for change in heard] == ["start()"]
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info
    assert isinstance(record.exc_info[1], LookupError)


def test_a_listener_may_leave_while_it_is_called() -> None:
    lifecycle = Lifecycle("feed")
    heard: list[str] = []

    def once(change: StateChange) -> None:
        heard.append("once")
        lifecycle.listeners.remove(once)

    lifecycle.listeners += [once, lambda change: heard.append("always")]
    lifecycle.enter(EngineState.OPENING, "start()")
    lifecycle.enter(EngineState.OPEN, "on_open is done")
    assert heard == ["once", "always", "always"]


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_a_listener_that_ends_the_process_may(error: type[BaseException]) -> None:
    def leave(change: StateChange) -> None:
        raise error

    lifecycle = Lifecycle("feed")
    lifecycle.listeners.append(leave)
    with pytest.raises(error):
        lifecycle.enter(EngineState.OPENING, "start()")
