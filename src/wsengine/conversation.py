"""What the messages of one session mean: values, by the codec; replies, by the correlator."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from .codec import Codec, decode_error
from .correlator import Correlation
from .errors import DecodeError
from .interruption import current_task
from .message import SENDABLE, Message, SendableMessage, check_sendable
from .requests import RAISED, Requests

logger = logging.getLogger(__name__)

Handler: TypeAlias = Callable[[Any, Any], Any]


class Conversation:
    """Translates between messages and values, and knows which message is a reply.

    Args:
        codec: Encodes and decodes, or `None`: values are messages.
        correlation: Knows the ids of requests and replies, or `None`: nothing is a reply.
        on_read_error: The endpoint's callback, for what cannot be decoded.
        failed: Told of `on_read_error` when that raises.

    Attributes:
        codec: What was given.
        requests: The requests in flight, or `None`.
        undecoded: Messages that could not be decoded.
    """

    __slots__ = (
        "_decode",
        "_failed",
        "_on_read_error",
        "codec",
        "requests",
        "undecoded",
    )

    def __init__(
        self,
        codec: Codec | None = None,
        correlation: Correlation | None = None,
        *,
        on_read_error: Callable[[Any, Exception], Any] | None = None,
        failed: Callable[[str, BaseException], object] | None = None,
    ) -> None:
        self.requests = None if correlation is None else Requests(correlation)
        self.undecoded = 0
        self.codec = codec
        self._decode: Callable[[Message], Any] = _as_it_is if codec is None else codec.decode
        self._on_read_error = on_read_error
        self._failed = failed

    def decode(self, message: Message) -> Any:
        """Return the value of a message.

        Raises:
            DecodeError: The codec cannot decode it.
        """
        try:
            return self._decode(message)
        except Exception as error:
            raise self._decode_error(message, error) from error

    @property
    def sift(self) -> Callable[[Message], bool] | None:
        """What takes replies out of messages that are read ahead; `None` if there are none."""
        return None if self.requests is None else self._sift

    def _sift(self, message: Message) -> bool:
        requests = self.requests
        if requests is None or not requests.in_flight:
            return False
        try:
            value = self._decode(message)
        except RAISED:
            return False  # whoever handles it will find out, and tell
        return requests.take(value, ahead=True)

    # What is called with each message.

    def handler(self, on_message: Callable[..., Any], *, with_raw: bool) -> Handler:
        """Return what to call with each value: `on_message`, which sees no replies.

        Args:
            on_message: The endpoint's callback.
            with_raw: Whether to call it with the message as it came, besides; what is returned
                takes that, and decodes it itself.
        """
        take = _no_reply if self.requests is None else self.requests.take

        def sifted(session: Any, value: Any) -> Any:
            return None if take(value) else on_message(session, value)

        def traced(session: Any, message: Message) -> Any:
            try:
                value = self._decode(message)
            except Exception as error:
                return self.undecodable(session, message, error)
            return None if take(value) else on_message(session, value, message)

        if self.codec is not None and with_raw:
            return traced
        return on_message if self.requests is None else sifted

    def decoder(self, *, with_raw: bool) -> Callable[[Message], Any] | None:
        """Return what makes of a message what the handler takes; `None`: it takes messages.

        The codec's own function: it costs nothing to have none, and one call to have one.
        """
        return None if self.codec is None or with_raw else self._decode

    def undecodable(self, session: Any, message: Message, error: Exception) -> Awaitable[None]:
        """Count a message that the decoder raised an error for, and tell `on_read_error`."""
        self.undecoded += 1
        told = self._decode_error(message, error)
        level = logging.WARNING if self.undecoded == 1 else logging.DEBUG  # it may be each of them
        logger.log(level, "%r: a message is not handled: %s", session, told)
        return self._tell(session, told)

    async def _tell(self, session: Any, error: DecodeError) -> None:
        if self._on_read_error is None or self._failed is None:
            raise error
        try:
            result = self._on_read_error(session, error)
            if inspect.isawaitable(result):
                await result
        except asyncio.CancelledError as raised:
            if current_task().cancelling():
                raise  # the task is being cancelled; the callback only passed it on
            self._failed("on_read_error", raised)
        except Exception as raised:
            self._failed("on_read_error", raised)

    def _decode_error(self, message: Message, error: Exception) -> DecodeError:
        if self.codec is None:  # then nothing is decoded
            raise error
        return decode_error(self.codec, message, error)


def encoded(codec: Codec | None, value: Any) -> SendableMessage:
    """Return a value as a message.

    Raises:
        TypeError: It is none, and there is no codec; or the codec made none of it.
        Exception: What the codec raises.
    """
    message: Any = value if codec is None else codec.encode(value)
    if not isinstance(message, SENDABLE):
        if codec is None:
            check_sendable(value)
        raise TypeError(
            f"{codec!r}.encode() returned {type(message).__name__}: "
            "it must return str (text) or bytes (binary)"
        )
    return message


def _as_it_is(message: Message) -> Message:
    return message


def _no_reply(_message: Any) -> bool:
    return False
