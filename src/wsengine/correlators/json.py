"""Requests and replies that carry an id in a field."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable
from typing import Any, ClassVar

from ..errors import ConfigError, RequestFailed
from .fields import Path, as_id, fill, path_of, read


class JsonCorrelator:
    """Matches by a field of decoded messages: mappings, structs, dataclasses, models.

    A message with the field is a request when you send it by `request`, and a reply when it
    comes in while a request with that id waits.

    Args:
        field: The field with the id; nested ones with dots: "meta.reqId".
        response_field: The field with the request's id in a reply, where it is another one.
        error_field: The field by which a reply tells of an error. Where it is there, and
            neither null nor false, `request` raises `RequestFailed`.
        result_field: The field of a good reply that `request` returns; `None` where the reply
            lacks it. Left out: the whole reply.
        new_id: Called for an id where a request has none. Left out: 1, 2, 3, ...

    Raises:
        ConfigError: A field is no name, or `new_id` cannot be called.
    """

    needs_codec: ClassVar[bool] = True

    def __init__(
        self,
        field: str = "id",
        *,
        response_field: str | None = None,
        error_field: str | None = None,
        result_field: str | None = None,
        new_id: Callable[[], Any] | None = None,
    ) -> None:
        self._request = path_of("field", field)
        self._response = self._request
        if response_field is not None:
            self._response = path_of("response_field", response_field)
        self._error = None if error_field is None else path_of("error_field", error_field)
        self._result = None if result_field is None else path_of("result_field", result_field)
        self._new_id = id_maker(new_id)
        # One field of a dictionary is the usual case, and each of these functions has it apart.
        self._name = _only(self._request)
        self._reply_name = _only(self._response)

    def request_id(self, message: Any, /) -> Hashable | None:
        """Return the id of a request."""
        if self._name is not None and type(message) is dict:
            value = message.get(self._name)
            return value if type(value) is int else as_id(value)
        return as_id(read(message, self._request))

    def response_id(self, message: Any, /) -> Hashable | None:
        """Return the id that a reply answers."""
        if self._reply_name is not None and type(message) is dict:
            value = message.get(self._reply_name)
            return value if type(value) is int else as_id(value)
        return as_id(read(message, self._response))

    def prepare(self, message: Any, /) -> Any:
        """Return the message, or a copy with a new id where it has none.

        Raises:
            TypeError: It has no id, and no place for one.
        """
        name = self._name
        if name is not None and type(message) is dict:
            return message if message.get(name) is not None else {**message, name: self._new_id()}
        if read(message, self._request) is not None:
            return message
        return fill(message, self._request, self._new_id())

    def error(self, message: Any, /) -> RequestFailed | None:
        """Return the error that a reply tells of, or `None`."""
        if self._error is None:
            return None
        told = read(message, self._error)
        return None if told is None or told is False else failed(message, told)

    def result(self, message: Any, /) -> Any:
        """Return what a good reply brings: the field that was asked for, or all of it."""
        return message if self._result is None else read(message, self._result)


def _only(path: Path) -> str | None:
    """Return the one name of a path, or `None` where it has more."""
    return path[0] if len(path) == 1 else None


def id_maker(new_id: Any) -> Callable[[], Any]:
    """Return the function that makes ids: the user's, or a counter.

    Raises:
        ConfigError: The user's cannot be called.
    """
    if new_id is None:
        return itertools.count(1).__next__
    if not callable(new_id):
        raise ConfigError(f"new_id={new_id!r}: must be a function that returns a new id")
    maker: Callable[[], Any] = new_id
    return maker


def failed(reply: Any, told: Any) -> RequestFailed:
    """Return the error that a reply tells of by a text, a code, or an object with both."""
    if isinstance(told, str):
        return RequestFailed(reply, message=told)
    if isinstance(told, int):
        return RequestFailed(reply, code=told)
    words = read(told, ("message",))
    detail = read(told, ("data",))
    return RequestFailed(
        reply,
        code=read(told, ("code",)),
        message=words if isinstance(words, str) else "",
        detail=told if detail is None else detail,
    )
