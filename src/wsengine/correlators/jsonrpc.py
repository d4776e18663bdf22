"""JSON-RPC 2.0: calls, notifications and batches."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, ClassVar

from ..errors import ConfigError, RequestFailed
from .fields import as_id, read, replace
from .json import failed, id_maker

_ID, _METHOD, _ERROR, _RESULT = ("id",), ("method",), ("error",), ("result",)


class Notification(dict[str, Any]):
    """A JSON-RPC message that wants no reply: one for `send`, or a member of a batch.

    It is the dictionary that goes out, marked by its type: a plain one without an id, given to
    `request`, gets one.

    Args:
        method: What to call.
        params: Its arguments: a list, or a dictionary.
    """

    def __init__(self, method: str, params: list[Any] | dict[str, Any] | None = None) -> None:
        super().__init__(jsonrpc="2.0", method=method)
        if params is not None:
            self["params"] = params


class JsonRpcCorrelator:
    """Matches JSON-RPC 2.0 messages.

    - A call is `{"method": ..., "params": ...}`; `request` fills `jsonrpc` and `id` in.
    - A batch is a list of calls, each of which may be a `Notification`. Its reply is the list of
      replies, in the server's order and with the errors among them.
    - A message with a method is never a reply, even if its id is that of a request that waits:
      the server's own calls come to `on_message`. `reply` and `refuse` make what answers them.

    Args:
        unwrap: Whether `request` returns the `result` of a reply, instead of all of it. The reply
            to a batch is the list of replies all the same.
        new_id: Called for an id where a call has none. Left out: 1, 2, 3, ...

    Raises:
        ConfigError: `new_id` cannot be called.
    """

    needs_codec: ClassVar[bool] = True

    def __init__(self, *, unwrap: bool = False, new_id: Callable[[], Any] | None = None) -> None:
        self._unwrap = unwrap
        self._new_id = id_maker(new_id)

    def request_id(self, message: Any, /) -> Hashable | None:
        """Return the id of a call, the set of ids of a batch, or `None` for a notification."""
        return _id_of(message, _call_id)

    def response_id(self, message: Any, /) -> Hashable | None:
        """Return the id that a reply answers; for a batch's reply the set of them."""
        return _id_of(message, _reply_id)

    def prepare(self, message: Any, /) -> Any:
        """Return a copy of a call or batch with `jsonrpc` and the ids filled in.

        Raises:
            ConfigError: An id stands twice in a batch; or `new_id` returns none but such.
            TypeError: It lacks an id, and has no place for one.
        """
        if not isinstance(message, list):
            return self._prepare(message, self._new_id)
        ids = _ids_of(message)

        def new_id() -> Any:
            made = (self._new_id() for _ in range(len(message) + 1))  # one more than there may be
            for each in made:
                if as_id(each) not in ids:
                    ids.add(as_id(each))
                    return each
            raise ConfigError(f"new_id={self._new_id!r}: returns no id that is not in the batch")

        return [self._prepare(member, new_id) for member in message]

    def error(self, message: Any, /) -> RequestFailed | None:
        """Return the error that a reply tells of; for a batch `None`."""
        told = None if isinstance(message, list) else read(message, _ERROR)
        return None if told is None else failed(message, told)

    def result(self, message: Any, /) -> Any:
        """Return what a good reply brings: all of it, or its `result` with `unwrap`."""
        whole = not self._unwrap or isinstance(message, list)
        return message if whole else read(message, _RESULT)

    @staticmethod
    def reply(call: Any, result: Any) -> dict[str, Any] | None:
        """Return the message that answers a call of the server's, to be sent.

        `None` for a notification, which wants no answer; nothing is sent for a handler that
        returns that.

        Args:
            call: The call, decoded; of a batch one member.
            result: What it has come to.
        """
        return _answer(call, {"result": result})

    @staticmethod
    def refuse(call: Any, code: int, message: str, data: Any = None) -> dict[str, Any] | None:
        """Return the message that answers a call of the server's with an error, to be sent.

        `None` for a notification, as `reply`. What is no call at all is answered with the id null.

        Args:
            call: The call, decoded; of a batch one member.
            code: What went wrong. -32601 means that there is no such method, -32602 that the
                params are wrong.
            message: The same in a short sentence.
            data: Details, unless they are `None`.
        """
        error = {"code": code, "message": message}
        return _answer(call, {"error": error if data is None else {**error, "data": data}})

    @staticmethod
    def _prepare(call: Any, new_id: Callable[[], Any]) -> Any:
        if isinstance(call, Notification):
            return call
        changes = {"jsonrpc": "2.0"} if isinstance(call, dict) else {}
        if read(call, _ID) is None:
            changes["id"] = new_id()
        return replace(call, changes) if changes else call


def _answer(call: Any, outcome: dict[str, Any]) -> dict[str, Any] | None:
    call_id = read(call, _ID)
    if call_id is None and read(call, _METHOD) is not None:
        return None
    return {"jsonrpc": "2.0", "id": call_id, **outcome}


def _id_of(message: Any, one: Callable[[Any], Hashable | None]) -> Hashable | None:
    if not isinstance(message, list):
        return one(message)
    return frozenset(found for found in map(one, message) if found is not None) or None


def _ids_of(batch: list[Any]) -> set[Hashable | None]:
    """Return the ids that the calls of a batch have already.

    Raises:
        ConfigError: One of them stands there twice.
    """
    ids: set[Hashable | None] = set()
    for found in map(_call_id, batch):
        if found is not None and found in ids:
            raise ConfigError(
                f"id={found!r}: stands twice in the batch; the ids of calls must differ"
            )
        ids.add(found)
    return ids


def _call_id(message: Any) -> Hashable | None:
    return None if read(message, _METHOD) is None else as_id(read(message, _ID))


def _reply_id(message: Any) -> Hashable | None:
    return None if read(message, _METHOD) is not None else as_id(read(message, _ID))
