"""What the demo server and its clients say to each other: JSON, in text messages."""

from __future__ import annotations

import enum
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn, TypeAlias

Reply: TypeAlias = dict[str, Any]

HEARTBEAT = "heartbeat"
"""The one topic, and the type of what is published on it."""

REQUESTS = ("subscribe_request", "unsubscribe_request", "echo_request")
"""The types of messages that a client sends."""

SMALLEST_FLOOD = 100
"""Bytes; a message of a flood has at least that many."""


class Code(enum.StrEnum):
    """What is wrong with a request."""

    ALREADY_SUBSCRIBED = "ALREADY_SUBSCRIBED"
    NOT_SUBSCRIBED = "NOT_SUBSCRIBED"
    TOPIC_NOT_FOUND = "TOPIC_NOT_FOUND"
    ASKED_BY_CLIENT = "ASKED_BY_CLIENT"
    UNKNOWN_MESSAGE_TYPE = "UNKNOWN_MESSAGE_TYPE"
    BAD_REQUEST = "BAD_REQUEST"


class RequestError(Exception):
    """A request that cannot be fulfilled.

    Args:
        code: What is wrong, for programs.
        message: The same for people.
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(slots=True)
class Request:
    """One message of a client, as far as it was understood.

    Attributes:
        kind: Its type, if that is one of `REQUESTS`; else "".
        req_id: Its `reqId`, if that can be one.
        fields: All its fields.
        problem: Why it is no request, or `None`.
    """

    kind: str = ""
    req_id: str | int | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    problem: RequestError | None = None

    @property
    def texts(self) -> dict[str, str]:
        """The fields that are texts: the context of a trace may be among them."""
        return {name: value for name, value in self.fields.items() if isinstance(value, str)}

    def text(self, name: str) -> str:
        """Return a field that must be there, and be a text.

        Raises:
            RequestError: It is not.
        """
        value: str = _field(self.fields, name, str, "a string")
        return value

    def flag(self, name: str) -> bool:
        """Return a field that must be true or false, and is false where it is not there.

        Raises:
            RequestError: It is something else.
        """
        value: bool = _field({name: False, **self.fields}, name, bool, "true or false")
        return value


def parse(message: str | bytes) -> Request:
    """Return what a client says. Raises nothing: what is wrong with it stands in `problem`."""
    request = Request()
    try:
        request.fields = _object(message)
        req_id = request.fields.get("reqId")
        if req_id is not None and (isinstance(req_id, bool) or not isinstance(req_id, str | int)):
            raise _bad("the field 'reqId' must be a string or a whole number")
        request.req_id = req_id
        kind = request.text("type")
        if kind not in REQUESTS:
            raise RequestError(
                Code.UNKNOWN_MESSAGE_TYPE,
                f"{kind[:50]!r} is none of the types {', '.join(REQUESTS)}",
            )
        request.kind = kind
    except RequestError as error:
        request.problem = error
    return request


def _object(message: str | bytes) -> Mapping[str, Any]:
    if isinstance(message, bytes):
        raise _bad("a message must be text, and this one was binary")
    try:
        value = json.loads(message, parse_constant=_no_json)
    except json.JSONDecodeError as error:
        raise _bad(f"not JSON: {error.msg}, at character {error.pos}") from error
    except (ValueError, RecursionError) as error:  # a number too long, brackets too deep
        raise _bad("JSON that is longer or deeper than what is read here") from error
    if not isinstance(value, dict):
        raise _bad("a message must be a JSON object")
    return value


def _no_json(constant: str) -> NoReturn:
    raise json.JSONDecodeError(f"{constant} is not a value of JSON", "", 0)


def _field(fields: Mapping[str, Any], name: str, kind: type[Any], what: str) -> Any:
    if name not in fields:
        raise _bad(f"the field {name!r} is missing")
    if not isinstance(fields[name], kind):
        raise _bad(f"the field {name!r} must be {what}")
    return fields[name]


def _bad(message: str) -> RequestError:
    return RequestError(Code.BAD_REQUEST, message)


class Dialogue:
    """The server's side of the talk with one client.

    Attributes:
        subscribed: The topics that the client is subscribed to.
    """

    def __init__(self) -> None:
        self.subscribed: set[str] = set()

    def answer(self, request: Request) -> tuple[Reply, Code | None]:
        """Return the reply to a request, and what was wrong with the request, if anything."""
        try:
            if request.problem is not None:
                raise request.problem
            return _response(request, status="OK", data=self._fulfil(request)), None
        except RequestError as error:
            told = {"message": error.message, "code": error.code}
            if request.kind:
                return _response(request, status="ERROR", error=told), error.code
            return {"type": "error", **_its_id(request), **told}, error.code

    def _fulfil(self, request: Request) -> dict[str, Any]:
        if request.kind == "echo_request":
            return _echo(request)
        topic = request.text("topic")
        if topic != HEARTBEAT:
            raise RequestError(
                Code.TOPIC_NOT_FOUND, f"there is no topic {topic[:50]!r}, only {HEARTBEAT!r}"
            )
        if request.kind == "subscribe_request":
            self._subscribe(topic)
        else:
            self._unsubscribe(topic)
        return {"topic": topic}

    def _subscribe(self, topic: str) -> None:
        if topic in self.subscribed:
            raise RequestError(Code.ALREADY_SUBSCRIBED, f"already subscribed to {topic!r}")
        self.subscribed.add(topic)

    def _unsubscribe(self, topic: str) -> None:
        if topic not in self.subscribed:
            raise RequestError(Code.NOT_SUBSCRIBED, f"not subscribed to {topic!r}")
        self.subscribed.remove(topic)


def _echo(request: Request) -> dict[str, Any]:
    echo, fail = request.text("echo"), request.flag("err")
    if fail:
        raise RequestError(Code.ASKED_BY_CLIENT, "the error that the client asked for")
    return {"echo": echo}


def _response(request: Request, **outcome: Any) -> Reply:
    return {"type": request.kind.replace("_request", "_response"), **_its_id(request), **outcome}


def _its_id(request: Request) -> Reply:
    return {} if request.req_id is None else {"reqId": request.req_id}


def heartbeat(uptime: float) -> Reply:
    """Return a publication on the topic `heartbeat`.

    Args:
        uptime: Seconds since the client connected.
    """
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return {"type": HEARTBEAT, "timestamp": now, "uptime_seconds": round(uptime, 3)}


def flooding(number: int, total: int, size: int) -> str:
    """Return one message of a flood, of exactly `size` bytes, at least `SMALLEST_FLOOD`."""
    head = {"type": "flood", "number": number, "of": total, "padding": ""}
    text = encode(head)
    return text.replace('"padding":""', f'"padding":"{"x" * (size - len(text))}"')


def encode(reply: Reply) -> str:
    """Return a message of the server as text. ASCII: characters are bytes."""
    return json.dumps(reply, separators=(",", ":"))
