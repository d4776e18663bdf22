"""Requests and replies that are arrays, as in OCPP-J and WAMP."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, ClassVar

from ..errors import RequestFailed
from ..validation import check_whole
from .fields import as_id, member
from .json import id_maker


class PositionalCorrelator:
    """Matches arrays whose first member tells what they are.

    As it stands it is OCPP-J: a call is `[2, id, action, payload]`, its reply
    `[3, id, payload]`, or `[4, id, code, description, details]` for an error. A call is sent
    as a list; give `None` as the id to have one filled in.

    Positions count from 0.

    Args:
        call: The type of a call.
        result: The type of a good reply.
        error: The type of a reply that tells of an error.
        type_at: Where the type is.
        id_at: Where the id is.
        result_at: Where a good reply has what `request` returns. Left out: the whole reply.
        error_id_at: Where the id of the request is in an error, if elsewhere.
        code_at: Where an error has its code.
        message_at: Where an error has its text.
        detail_at: Where an error has its details.
        new_id: Called for an id where a call has none. Left out: "1", "2", "3", ...

    Raises:
        ConfigError: A position is not a whole number of at least 0, or `new_id` cannot be
            called.
    """

    needs_codec: ClassVar[bool] = True

    def __init__(
        self,
        *,
        call: Any = 2,
        result: Any = 3,
        error: Any = 4,
        type_at: int = 0,
        id_at: int = 1,
        result_at: int | None = None,
        error_id_at: int | None = None,
        code_at: int = 2,
        message_at: int = 3,
        detail_at: int = 4,
        new_id: Callable[[], Any] | None = None,
    ) -> None:
        self._call, self._result, self._failure = call, result, error
        self._type_at, self._id_at = type_at, id_at
        self._result_at = result_at
        self._error_id_at = id_at if error_id_at is None else error_id_at
        self._code_at, self._message_at, self._detail_at = code_at, message_at, detail_at
        check_whole("type_at", type_at, least=0)
        check_whole("id_at", id_at, least=0)
        check_whole("result_at", result_at, least=0, optional=True)
        check_whole("error_id_at", error_id_at, least=0, optional=True)
        check_whole("code_at", code_at, least=0)
        check_whole("message_at", message_at, least=0)
        check_whole("detail_at", detail_at, least=0)
        count = id_maker(new_id)
        self._new_id = count if new_id is not None else lambda: str(count())

    def request_id(self, message: Any, /) -> Hashable | None:
        """Return the id of a call."""
        if member(message, self._type_at) != self._call:
            return None
        return as_id(member(message, self._id_at))

    def response_id(self, message: Any, /) -> Hashable | None:
        """Return the id that a result or error answers."""
        kind = member(message, self._type_at)
        if kind == self._result:
            return as_id(member(message, self._id_at))
        if kind == self._failure:
            return as_id(member(message, self._error_id_at))
        return None

    def prepare(self, message: Any, /) -> Any:
        """Return the message, or a copy with a new id where it is a call with the id `None`."""
        wanted = (
            member(message, self._type_at) == self._call
            and len(message) > self._id_at
            and message[self._id_at] is None
        )
        if not wanted:
            return message
        copy = list(message)
        copy[self._id_at] = self._new_id()
        return copy

    def error(self, message: Any, /) -> RequestFailed | None:
        """Return the error that a reply tells of, or `None`."""
        if member(message, self._type_at) != self._failure:
            return None
        text = member(message, self._message_at)
        return RequestFailed(
            message,
            code=member(message, self._code_at),
            message=text if isinstance(text, str) else "",
            detail=member(message, self._detail_at),
        )

    def result(self, message: Any, /) -> Any:
        """Return what a good reply brings: the member that was asked for, or all of it."""
        return message if self._result_at is None else member(message, self._result_at)
