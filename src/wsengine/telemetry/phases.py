"""The spans of an engine's start, restarts and stop, made by following its changes of state."""

from __future__ import annotations

import time
from typing import Any, Protocol

from opentelemetry import context as context_api
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import Link, Span, SpanContext, Status, StatusCode

from ..close import Close
from ..states import EngineState
from . import names
from .guarding import end_span
from .spans import close_attributes

_AT_REST = (EngineState.IDLE, EngineState.STOPPED)


class Enter(Protocol):
    """Changes the state of an engine; see `wsengine.states.Lifecycle.enter`."""

    def __call__(self, state: EngineState, reason: str, *, delay: float | None = None) -> None:
        """Change the state."""


class Phases:
    """Makes a span for each phase of one life of an engine.

    `start` lasts from `start()` to the first open session, `restart` from the end of one session
    to the next, `stop` from the asking to the end. All that the supervisor does meanwhile (dials,
    `on_open`, `on_close`, `on_restart_error`) happens inside, so these are their parents.

    A restart has no parent, as nobody waits for it: it is linked to the dial of the session that
    ended. The supervisor's task is the only caller, so the current context is the supervisor's.

    Args:
        tracer_of: Returns the tracer to use now, or `None`.
        engine: The engine's name.
        stops_by_itself: Whether the end of a session is the end of the engine.
    """

    __slots__ = (
        "_asked",
        "_engine",
        "_name",
        "_span",
        "_state",
        "_stops_by_itself",
        "_token",
        "_tracer_of",
        "last_dial",
    )

    def __init__(self, tracer_of: Any, engine: str, *, stops_by_itself: bool) -> None:
        self.last_dial: SpanContext | None = None
        """The dial of the last session."""
        self._tracer_of = tracer_of
        self._engine = engine
        self._stops_by_itself = stops_by_itself
        self._state = EngineState.IDLE
        self._name = ""
        self._span: Span | None = None
        self._token: Any = None
        self._asked: tuple[Context, int] | None = None

    def follow(
        self, enter: Enter, state: EngineState, reason: str, *, delay: float | None = None
    ) -> None:
        """Change the state, and make the spans."""
        if state is EngineState.OPENING and self._state in _AT_REST:
            self._begin("start", context_api.get_current())
        elif state is EngineState.CLOSING:
            self._begin_the_end()
        enter(state, reason, delay=delay)  # inside the span, for its line in the log
        self._state = state
        if state is EngineState.WAITING:
            self._note("waiting", reason, delay)
        elif state is EngineState.OPEN:
            self._end()
        elif state is EngineState.STOPPED:
            self._stopped(reason)

    def asked_to_stop(self) -> None:
        """Note that an exit was asked for, and from where: that is the parent of the stop."""
        self._asked = self._asked or (context_api.get_current(), time.time_ns())

    def session_ended(self, close: Close, cause: str) -> None:
        """Tell on the restart's span why there is one."""
        if self._span is not None:
            self._span.set_attributes({names.CAUSE: cause, **close_attributes(close)})

    def _begin_the_end(self) -> None:
        if self._asked is not None:
            self._begin("stop", *self._asked)
        elif self._stops_by_itself:
            self._begin("stop", self._without_parent())
        else:
            self._begin("restart", self._without_parent())

    def _without_parent(self) -> Context:
        """Return the supervisor's context without a span; its baggage stays."""
        return trace.set_span_in_context(trace.INVALID_SPAN, context_api.get_current())

    def _begin(self, name: str, context: Context, since: int | None = None) -> None:
        tracer = self._tracer_of()
        if tracer is None:
            return
        links = () if self.last_dial is None or name == "start" else (Link(self.last_dial),)
        self._name = name
        self._span = tracer.start_span(
            f"websocket {name}",
            context,
            attributes={names.ENGINE: self._engine},
            links=links,
            start_time=since,
        )
        self._token = context_api.attach(trace.set_span_in_context(self._span, context))

    def _note(self, event: str, reason: str, delay: float | None = None) -> None:
        if self._span is not None:
            attributes: dict[str, Any] = {names.STATE_REASON: reason}
            if delay is not None:
                attributes[names.DELAY] = delay
            self._span.add_event(event, attributes)

    def _end(self) -> None:
        if self._span is not None:
            context_api.detach(self._token)
            end_span(self._span)
            self._span = None

    def _stopped(self, reason: str) -> None:
        asked, self._asked = self._asked, None
        if self._span is not None and self._name != "stop":
            if asked is None:
                self._span.set_status(Status(StatusCode.ERROR, reason))
            else:
                self._note("stop", "asked for")
        stopping = self._span is not None and self._name == "stop"
        self._end()
        if asked is not None and not stopping:  # there was no session to be closed
            self._begin("stop", *asked)
            self._end()
