"""All that one engine tells, and all that one of its sessions tells."""

from __future__ import annotations

import importlib.metadata
import uuid
from functools import cache
from typing import Any

from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import Link, Tracer, TracerProvider
from opentelemetry.util.types import AttributeValue

from ..adapter import Adapter, Connection
from ..blockage import unwatch, watch
from ..close import Close
from ..config import EngineConfig
from ..options import ConnectOptions
from ..states import EngineState
from . import names
from .callbacks import Callback, TracedEndpoint, traced
from .connection import ObservedConnection
from .dialling import Dialling
from .metrics import instruments_of, is_recorded
from .phases import Enter, Phases
from .sampling import HandlerSampling
from .spans import closed_by, recording_tracer
from .tally import Live, Tally


@cache
def _version() -> str:
    try:
        return importlib.metadata.version("wsengine")
    except importlib.metadata.PackageNotFoundError:  # run from its sources, not installed
        return ""


class Telemetry:
    """What one engine tells.

    Args:
        name: The engine's name.
        config: Its settings.
        tracer_provider: Where to make spans; `None` is the global provider.
        meter_provider: Where to make metrics; `None` is the global provider.
    """

    __slots__ = (
        "__weakref__",
        "_tracer_provider",
        "attempt",
        "config",
        "instruments",
        "meter_provider",
        "phases",
        "tally",
    )

    def __init__(
        self,
        name: str,
        config: EngineConfig,
        tracer_provider: TracerProvider | None,
        meter_provider: MeterProvider | None,
    ) -> None:
        self.config = config
        self.meter_provider = meter_provider
        self._tracer_provider = tracer_provider
        self.tally = Tally(name)
        self.instruments = instruments_of(meter_provider, _version())
        self.instruments.register(self.tally, self)
        self.attempt = 0
        self.phases = Phases(self.tracer, name, stops_by_itself=config.reconnect is None)

    @property
    def attributes(self) -> dict[str, str]:
        """The attributes that all it tells has."""
        return {names.ENGINE: self.tally.engine}

    def tracer(self) -> Tracer | None:
        """Return the tracer to use now, or `None` where nobody listens."""
        return recording_tracer(self._tracer_provider, _version())

    def follow(
        self, enter: Enter, state: EngineState, reason: str, *, delay: float | None = None
    ) -> None:
        """Change the state, count it, and make the spans of the phases."""
        self.phases.follow(enter, state, reason, delay=delay)
        self.tally.state = state
        if state in (EngineState.OPEN, EngineState.STOPPED):
            self.attempt = 0
        if state is EngineState.STOPPED:
            unwatch(self)
        else:
            watch(self, self.config.blocked_after)

    def session(self, endpoint: Any) -> SessionTelemetry:
        """Return what one attempt to open a session, and that session, will tell."""
        self.attempt += 1
        return SessionTelemetry(self, endpoint, self.tracer())

    def reconnecting(self, close: Close, *, wanted: bool) -> None:
        """Note that a session ended and is to be followed by another one."""
        cause = "restart" if wanted else _CAUSES[closed_by(close)]
        self.tally.reconnects[cause] += 1
        self.phases.session_ended(close, cause)

    def callback_failed(self, name: str) -> None:
        """Count a callback that raised."""
        self.tally.callback_errors[name] += 1

    def loop_blocked(self, seconds: float, function: str) -> None:
        """Tell how long a function has blocked the event loop."""
        attributes = {**self.attributes, names.FUNCTION: function}
        self.instruments.loop_blocked.record(seconds, attributes)

    def traced(self, endpoint: Any, name: str) -> Callback:
        """Return a callback of the endpoint that makes a span; for those without a session."""
        callback: Callback = getattr(endpoint, name)
        tracer = self.tracer()
        return callback if tracer is None else traced(callback, name, tracer, self.attributes)


_CAUSES = {"client": "violation", "server": "closed", "network": "lost"}


class SessionTelemetry:
    """What one session tells, from its dial on. Whether anybody listens is decided here.

    Args:
        owner: What its engine tells.
        endpoint: The user's endpoint.
        tracer: Where to make spans, or `None`.
    """

    __slots__ = (
        "_metered",
        "_owner",
        "_tracer",
        "endpoint",
        "session_id",
        "traces_messages",
    )

    def __init__(self, owner: Telemetry, endpoint: Any, tracer: Tracer | None) -> None:
        self.session_id = uuid.uuid4().hex
        """A fresh identifier, for the session that is to be."""
        self.endpoint = endpoint
        """The endpoint to call: the user's own, or one that makes spans."""
        self.traces_messages = False
        """Whether its `on_message` takes the message as it came, besides its value."""
        self._owner = owner
        self._tracer = tracer
        self._metered = is_recorded(owner.meter_provider)

    async def connect(self, adapter: Adapter, url: str, options: ConnectOptions) -> Connection:
        """Dial; see `wsengine.adapter.Adapter.connect`."""
        owner, tracer = self._owner, self._tracer
        attributes: dict[str, AttributeValue] = {
            **owner.attributes,
            names.SESSION: self.session_id,
        }
        duration = owner.instruments.dial_duration
        attempt = {**attributes, names.ATTEMPT: owner.attempt}
        dialling = Dialling(owner.tally, duration, tracer, attempt)
        connection = await dialling.connect(adapter, url, options)
        if tracer is not None:
            owner.phases.last_dial = dial = dialling.span_context
            links = () if dial is None else (Link(dial),)
            self.endpoint = TracedEndpoint(self.endpoint, tracer, owner.config, attributes, links)
            self.traces_messages = owner.config.trace_messages != "off"
        if tracer is None and not self._metered:
            return connection
        ping_duration = owner.instruments.ping_duration
        return ObservedConnection(connection, tracer, ping_duration, attributes)

    def sampling(self, on_message: Callback) -> HandlerSampling | None:
        """Return what times a handler now and then, or `None` where nobody wants to know."""
        if not self._metered:
            return None
        duration = self._owner.instruments.handler_duration
        return HandlerSampling(on_message, duration, dict(self._owner.attributes))

    def began(self, session: Live) -> None:
        """Note that the session is open."""
        self._owner.tally.begin(session)

    def abandoned(self, session: Live) -> None:
        """Note that the session was never opened; what passed on its connection counts."""
        self._owner.tally.end(session)

    def ended(self, session: Live, close: Close, seconds: float) -> None:
        """Note that the session is over."""
        self._owner.tally.end(session)
        attributes: dict[str, AttributeValue] = {
            **self._owner.attributes,
            names.CLOSE_CODE: int(close.code),
            names.CLOSED_BY: closed_by(close),
        }
        self._owner.instruments.session_duration.record(seconds, attributes)
