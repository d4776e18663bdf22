"""The spans of the phases, made from changes of state alone."""

from __future__ import annotations

import logging
from functools import partial

from opentelemetry import trace

from wsengine import Close, EngineState
from wsengine.states import Lifecycle
from wsengine.telemetry.phases import Phases

from .told import Told

S = EngineState


def phases(told: Told, *, stops_by_itself: bool = False) -> tuple[Phases, Lifecycle]:
    made = Phases(lambda: told.tracer, "x", stops_by_itself=stops_by_itself)
    return made, Lifecycle("x")


def test_a_start_ends_when_the_session_is_open(told: Told) -> None:
    made, lifecycle = phases(told)
    enter = partial(made.follow, lifecycle.enter)
    enter(S.OPENING, "dialling")
    assert trace.get_current_span().is_recording()
    assert told.spans == []
    enter(S.OPEN, "open")
    assert trace.get_current_span() is trace.INVALID_SPAN
    assert told.tree() == ["start"]


def test_a_restart_says_why(told: Told) -> None:
    made, lifecycle = phases(told)
    enter = partial(made.follow, lifecycle.enter)
    for state in (S.OPENING, S.OPEN, S.CLOSING):
        enter(state, "x")
    made.session_ended(Close(1012), "closed")
    enter(S.WAITING, "wait", delay=2.5)
    enter(S.OPENING, "again")
    enter(S.OPEN, "open")
    restart = told.one("restart")
    assert dict(restart.attributes or {})["wsengine.reconnect.cause"] == "closed"
    [event] = restart.events
    assert dict(event.attributes or {}) == {"wsengine.state.reason": "wait", "wsengine.delay": 2.5}


def test_a_stop_has_the_parent_that_asked(told: Told) -> None:
    made, lifecycle = phases(told)
    enter = partial(made.follow, lifecycle.enter)
    enter(S.OPENING, "x")
    enter(S.OPEN, "x")
    with told.tracer.start_as_current_span("first"):
        made.asked_to_stop()
    with told.tracer.start_as_current_span("second"):
        made.asked_to_stop()
    enter(S.CLOSING, "x")
    enter(S.STOPPED, "exit")
    assert told.tree() == ["start", "first", "  stop", "second"]


def test_a_second_life_begins_anew(told: Told) -> None:
    made, lifecycle = phases(told)
    enter = partial(made.follow, lifecycle.enter)
    for _ in range(2):
        enter(S.OPENING, "x")
        made.asked_to_stop()
        enter(S.STOPPED, "exit")
    assert told.tree() == ["start", "  stop"] * 2 or len(told.named("stop")) == 2
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_without_a_tracer_nothing_is_made() -> None:
    made = Phases(lambda: None, "x", stops_by_itself=False)
    enter = partial(made.follow, Lifecycle("x").enter)
    made.asked_to_stop()
    for state in (S.OPENING, S.OPEN, S.CLOSING, S.STOPPED):
        enter(state, "x")
    assert trace.get_current_span() is trace.INVALID_SPAN


def test_the_line_in_the_log_is_written_inside_the_span(told: Told) -> None:
    """So that it has the trace's ids, where logging is hooked."""
    seen: list[int] = []

    class Hook(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(trace.get_current_span().get_span_context().span_id)

    made, lifecycle = phases(told)
    logger, hook = logging.getLogger("wsengine.states"), Hook()
    logger.addHandler(hook)
    logger.setLevel(logging.INFO)
    try:
        enter = partial(made.follow, lifecycle.enter)
        enter(S.OPENING, "x")
        enter(S.OPEN, "x")
    finally:
        logger.removeHandler(hook)
        logger.setLevel(logging.NOTSET)
    assert seen == [told.one("start").context.span_id] * 2
