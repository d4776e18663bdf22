"""The names under which wsengine tells of itself.

OpenTelemetry has no conventions for WebSocket yet. So where one for HTTP, URLs, servers or
errors fits, it is used; all other names begin with `websocket.` (the protocol) or `wsengine.`
(this library), and are experimental: they may change with the conventions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

SCOPE: Final = "wsengine"
"""The instrumentation scope of all spans and metrics."""

ENGINE: Final = "wsengine.engine.name"
SESSION: Final = "wsengine.session.id"
ATTEMPT: Final = "wsengine.attempt"
RESTARTING: Final = "wsengine.restarting"
DELAY: Final = "wsengine.delay"
CALLBACK: Final = "wsengine.callback"
CAUSE: Final = "wsengine.reconnect.cause"
OUTCOME: Final = "wsengine.dial.outcome"
STATE: Final = "wsengine.engine.state"
STATE_REASON: Final = "wsengine.state.reason"

MESSAGE_TYPE: Final = "websocket.message.type"
MESSAGE_SIZE: Final = "websocket.message.size"
CLOSE_CODE: Final = "websocket.close.code"
CLOSE_REASON: Final = "websocket.close.reason"
CLOSED_BY: Final = "websocket.close.initiator"
SUBPROTOCOL: Final = "websocket.subprotocol"

FUNCTION: Final = "code.function.name"
DIRECTION: Final = "network.io.direction"
ERROR_TYPE: Final = "error.type"
STATUS: Final = "http.response.status_code"
URL_SCHEME: Final = "url.scheme"
URL_PATH: Final = "url.path"
SERVER_ADDRESS: Final = "server.address"
SERVER_PORT: Final = "server.port"


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Args:
        name: Its name.
        kind: Its instrument; all but histograms are observed when they are exported.
        unit: Its unit (UCUM).
        meaning: What it counts or measures.
        attributes: The attributes of its data points, besides the engine's name.
    """

    name: str
    kind: Literal["counter", "updowncounter", "gauge", "histogram"]
    unit: str
    meaning: str
    attributes: tuple[str, ...] = ()


MESSAGES = Metric(
    *("websocket.client.messages", "counter", "{message}"),
    "Messages that were received and sent, those of the closing handshake not included.",
    (DIRECTION, MESSAGE_TYPE),
)
IO = Metric(
    *("websocket.client.io", "counter", "By"),
    "Their payload, without the headers of frames and before compression.",
    (DIRECTION, MESSAGE_TYPE),
)
SESSIONS = Metric(
    *("websocket.client.sessions.open", "updowncounter", "{session}"), "Sessions that are open."
)
ENGINES = Metric(
    *("websocket.client.engines", "updowncounter", "{engine}"),
    "Engines in each state of the lifecycle.",
    (STATE,),
)
RECONNECTS = Metric(
    *("websocket.client.reconnects", "counter", "{reconnect}"),
    "Sessions that ended and are to be followed by another one: `lost` without a close frame, "
    "`closed` by the server, `violation` of the protocol by the server, `restart` asked for.",
    (CAUSE,),
)
DIALS = Metric(
    *("websocket.client.dials", "counter", "{dial}"),
    "Attempts to connect: `open`, `refused` by an HTTP status, `failed` otherwise, `timeout`, "
    "or `given_up` by an exit.",
    (OUTCOME, ERROR_TYPE),
)
BACKLOG = Metric(
    *("websocket.client.backlog.messages", "updowncounter", "{message}"),
    "Messages that were read ahead and not yet handled.",
)
BACKLOG_SIZE = Metric(
    *("websocket.client.backlog.size", "updowncounter", "By"), "Their size in bytes."
)
DROPPED = Metric(
    *("websocket.client.messages.dropped", "counter", "{message}"),
    "Messages that came and were never handled, because of an exit, a restart or the backlog's "
    "policy.",
)
OUTBOX_DROPPED = Metric(
    *("websocket.client.outbox.dropped", "counter", "{message}"),
    "Messages of the outbox that were never sent: there was no room, or the engine stopped.",
)
SUBSCRIPTION_FAILURES = Metric(
    *("websocket.client.subscriptions.failures", "counter", "{message}"),
    "Messages of subscriptions that could not be sent, were refused, or were not acknowledged "
    "in time.",
)
REQUESTS = Metric(
    *("websocket.client.requests.pending", "updowncounter", "{request}"),
    "Requests that wait for their reply.",
)
REPLIES_UNMATCHED = Metric(
    *("websocket.client.replies.unmatched", "counter", "{message}"),
    "Messages that looked like a reply, but for which no request waited.",
)
CALLBACK_ERRORS = Metric(
    *("websocket.client.callback.errors", "counter", "{error}"),
    "Callbacks that raised an exception, or took too long.",
    (CALLBACK,),
)
BUSY_WORKERS = Metric(
    *("websocket.client.workers.busy", "updowncounter", "{worker}"),
    "Workers whose handler has begun and is suspended.",
)
DIAL_DURATION = Metric(
    *("websocket.client.dial.duration", "histogram", "s"),
    "How long an attempt to connect took, handshake included.",
    (OUTCOME, ERROR_TYPE),
)
SESSION_DURATION = Metric(
    *("websocket.client.session.duration", "histogram", "s"),
    "How long a session was open.",
    (CLOSE_CODE, CLOSED_BY),
)
PING_DURATION = Metric(
    *("websocket.client.ping.duration", "histogram", "s"),
    "The round trip of a ping, those of the keepalive included.",
)
HANDLER_DURATION = Metric(
    *("websocket.client.handler.duration", "histogram", "s"),
    "How long `on_message` took, decoding included; a sample of the calls, at most ten a second.",
)
LOOP_BLOCKED = Metric(
    *("websocket.client.loop.blocked", "histogram", "s"),
    "How long the event loop was blocked, where that was longer than `blocked_after`.",
    (FUNCTION,),
)

METRICS: Final = (
    *(MESSAGES, IO, SESSIONS, ENGINES, RECONNECTS, DIALS, BACKLOG, BACKLOG_SIZE),
    *(DROPPED, OUTBOX_DROPPED, SUBSCRIPTION_FAILURES, REQUESTS, REPLIES_UNMATCHED),
    *(CALLBACK_ERRORS, BUSY_WORKERS),
    *(DIAL_DURATION, SESSION_DURATION, PING_DURATION, HANDLER_DURATION, LOOP_BLOCKED),
)
"""All metrics."""
