from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from wsengine import Close, ConnectError, RestartFailure, StateChange
from wsengine.playground.history import History
from wsengine.states import EngineState

S = EngineState
SESSION: Any = SimpleNamespace(id="abc")


class Clock:
    now = 0.0


def made() -> tuple[History, Clock]:
    clock = Clock()
    return History(lambda: clock.now), clock


def test_a_session_has_its_begin_end_and_cause() -> None:
    history, clock = made()
    history.changed(StateChange(S.OPENING, S.OPEN, "open"), SESSION, "websockets, 2 workers")
    (entry,) = history.entries
    assert (entry["kind"], entry["number"], entry["ended"]) == ("session", 1, None)
    clock.now = 3.0
    history.changed(StateChange(S.OPEN, S.CLOSING, "1012 (deploying)"), None, "")
    history.closed(SESSION, Close(1012, "deploying"))
    (entry,) = history.entries
    assert (entry["began"], entry["ended"]) == (0.0, 3.0)
    assert (entry["code"], entry["name"]) == (1012, "SERVICE_RESTART")
    assert (entry["cause"], entry["by"]) == ("deploying", "server")
    assert entry["about"] == "websockets, 2 workers"


def test_failed_dials_in_a_row_are_one_entry() -> None:
    history, clock = made()
    for attempt in (1, 2):
        clock.now += 1
        history.failed(RestartFailure(ConnectError(f"no {attempt}"), attempt, 0.5))
    (entry,) = history.entries
    assert (entry["kind"], entry["dials"], entry["cause"]) == ("attempt", 2, "no 2")
    assert entry["began"] == 1


def test_short_sessions_are_no_failed_dials() -> None:
    history, _ = made()
    for _ in range(2):
        history.changed(StateChange(S.OPENING, S.OPEN, "open"), SESSION, "")
        history.changed(StateChange(S.OPEN, S.CLOSING, "lost"), None, "")
    history.failed(RestartFailure(ConnectError("404", status=404), 3, None))  # the third attempt
    entry = history.entries[-1]
    assert (entry["dials"], entry["attempt"]) == (1, 3)


def test_each_change_is_noted_with_its_delay() -> None:
    history, _ = made()
    history.changed(StateChange(S.CLOSING, S.WAITING, "lost", 0.7), None, "")
    history.changed(StateChange(S.WAITING, S.STOPPED, "exit"), None, "")
    assert [(each["state"], each["delay"]) for each in history.changes.since(0)] == [
        ("waiting", 0.7),
        ("stopped", None),
    ]
    assert history.entries[-1]["kind"] == "stop"


def test_a_new_engine_is_idle_once() -> None:
    history, _ = made()
    history.exchanged()
    history.exchanged()
    assert [each["state"] for each in history.changes.since(0)] == ["idle"]


def test_what_was_told_does_not_change_afterwards() -> None:
    history, _ = made()
    history.changed(StateChange(S.OPENING, S.OPEN, "open"), SESSION, "")
    before = history.entries
    history.changed(StateChange(S.OPEN, S.CLOSING, "over"), None, "")
    assert before[0]["ended"] is None


def test_a_close_of_an_unknown_session_is_left_alone() -> None:
    history, _ = made()
    history.closed(SESSION, Close(1000))
    assert history.entries == []
