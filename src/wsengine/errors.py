"""Every error that wsengine raises.

    WSEngineError
    |-- ConfigError (ValueError)             a value that you gave is wrong; raised at once
    |-- MissingDependencyError (ImportError) a library of an extra is not installed
    |-- EngineStateError (RuntimeError)      the engine or session is not in a state for this call
    |-- EngineStartError                     start() failed; the cause tells why
    |-- EngineFailedError                    the engine stopped by itself; the cause tells why
    |-- ConnectError (ConnectionError)       a dial failed: refused, garbled, unreachable
    |   `-- OpenTimeoutError (TimeoutError)  dial and on_open took longer than open_timeout
    |-- ConnectionClosed (ConnectionError)   the connection is closed; `close` tells how
    |-- DecodeError (ValueError)             the codec cannot decode a message; `message` has it
    |-- RequestFailed                        the server answered a request with an error
    `-- RequestTimeoutError (TimeoutError)   no reply to a request came in time

Each is raised `from` its cause, and each message says what to do next.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from .message import Message, message_size

if TYPE_CHECKING:
    from .close import Close


TOOK_TOO_LONG: Final = "took too long"
"""What the `CancelledError` says with which a time-out ends a dial or a callback."""


class WSEngineError(Exception):
    """The root of all errors of wsengine."""


class ConfigError(WSEngineError, ValueError):
    """A given value breaks a rule; the message names the field, the value and the rule."""


class MissingDependencyError(WSEngineError, ImportError):
    """An optional library is not installed; the message has the exact `pip install` line."""


class EngineStateError(WSEngineError, RuntimeError):
    """The call does not fit the present state, such as `start()` on a running engine."""


class EngineStartError(WSEngineError):
    """`Engine.start()` failed, and nothing is left running. `__cause__` is the reason."""


class EngineFailedError(WSEngineError):
    """The engine stopped by itself: a fatal end, attempts used up, or reconnection off.

    `__cause__` is the `ConnectError`, `ConnectionClosed` or callback's error behind it.
    """


class ConnectError(WSEngineError, ConnectionError):
    """A dial failed.

    Args:
        message: What failed, and what to do.
        status: The HTTP status of the refused handshake, or `None` where no response came.
        headers: The headers of that response, names in lower case.
        retry_after: Seconds that the server asked to wait (RFC 9110 section 10.2.3), or `None`.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers: Mapping[str, str] = headers or {}
        self.retry_after = retry_after


class OpenTimeoutError(ConnectError, TimeoutError):
    """Dial and `on_open` together took longer than `EngineConfig.open_timeout`."""


class ConnectionClosed(WSEngineError, ConnectionError):
    """The connection is closed.

    Args:
        close: Code, reason and who began it; code 1006 where no close frame came.
    """

    def __init__(self, close: Close) -> None:
        side = "by the client" if close.client_initiated else "by the server"
        lost = close.code == 1006 and not close.client_initiated
        super().__init__(f"connection {'lost' if lost else 'closed ' + side}: {close}")
        self.close = close

    def __reduce__(self) -> tuple[Any, ...]:
        # An exception is copied by its `args`: here a message, but the class wants the close.
        return type(self), (self.close,), self.__dict__


class DecodeError(WSEngineError, ValueError):
    """The codec cannot decode a message.

    Its text holds nothing of the message, which may be secret. `__cause__` is the codec's own
    error, which may quote the message: think of it where you log tracebacks.

    Args:
        message: The message as it came: `str` for text, `bytes` for binary.
        why: What is wrong with it, without quoting it.
    """

    def __init__(self, message: Message, why: str) -> None:
        kind = "text" if isinstance(message, str) else "binary"
        size = message_size(message)
        super().__init__(f"a {kind} message of {size} bytes cannot be decoded: {why}")
        self.message = message
        self.why = why

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.why), self.__dict__


class RequestFailed(WSEngineError):
    """The server answered a request with an error.

    Args:
        reply: The whole reply, decoded.
        code: The error's code, or `None`.
        message: The server's words, or "".
        detail: What else the server tells about the error, or `None`.
    """

    def __init__(self, reply: Any, code: Any = None, message: str = "", detail: Any = None) -> None:
        told = [f"code {code!r}"] * (code is not None) + [repr(message[:200])] * bool(message)
        super().__init__(f"the server answered with an error: {', '.join(told) or 'see `reply`'}")
        self.reply = reply
        self.code = code
        self.message = message
        self.detail = detail

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.reply, self.code, self.message, self.detail), self.__dict__


class RequestTimeoutError(WSEngineError, TimeoutError):
    """No reply to a request came in time. The reply may still come, and is then a message.

    Args:
        request_id: What the correlator took the request's id to be.
        age: Seconds since the request was made.
        sent: Whether it was sent; or `False`: no session was open in all that time.
        timeout: The seconds that were asked for, which the text tells in place of `age`.
    """

    def __init__(
        self, request_id: Any, age: float, *, sent: bool = True, timeout: float | None = None
    ) -> None:
        seconds = age if timeout is None else timeout
        super().__init__(
            f"no reply to request {request_id!r} within {seconds:g} s"
            if sent
            else f"no session was open within {seconds:g} s: request {request_id!r} was not sent"
        )
        self.request_id = request_id
        self.age = age
        self.sent = sent
        self._timeout = timeout

    def __reduce__(self) -> tuple[Any, ...]:
        made = functools.partial(type(self), sent=self.sent, timeout=self._timeout)
        return made, (self.request_id, self.age), self.__dict__
