"""The contract between the engine and a codec, which turns messages into values and back."""

from __future__ import annotations

from typing import Any, Protocol, cast

from .errors import ConfigError, DecodeError
from .message import Message
from .validation import check_not_awaited


class Codec(Protocol):
    """What travels as text or bytes, and is a value of yours in `on_message` and `send`.

    It may have `explain(error) -> str` besides: what went wrong in `decode`, in words that
    quote nothing of the message. Without it a `DecodeError` names only the error's type.
    """

    def encode(self, value: Any, /) -> Message:
        """Return a value as a message: `str` is sent as text, `bytes` as binary.

        Raises:
            Exception: Anything: `send` raises it, and nothing has been sent.
        """

    def decode(self, message: Message, /) -> Any:
        """Return the value of a message, text or binary.

        Called once for each message, and once more for each of these that is so: it is read ahead
        while a request waits; a pilot has put it back; `order_by` or `conflate(key)` looks at it
        for its key. It must return the same for the same message.

        Raises:
            Exception: Anything: the engine makes a `DecodeError` of it, so a codec needs no
                frame of its own around its library's function.
        """


def check_codec(codec: object) -> Codec:
    """Return a codec as it is, checked.

    Raises:
        ConfigError: It is a class, has no `encode` or `decode`, or has one that is an `async def`.
    """
    if isinstance(codec, type):
        name = codec.__name__
        raise ConfigError(f"codec={name}: is a class; give an instance: {name}()")
    missing = [name for name in ("encode", "decode") if not callable(getattr(codec, name, None))]
    if missing:
        raise ConfigError(
            f"codec={codec!r}: lacks {' and '.join(missing)}; a codec has encode(value) and "
            "decode(message), as wsengine.codecs.JsonCodec() has"
        )
    check_not_awaited("codec", codec, ("encode", "decode", "explain"))
    return cast("Codec", codec)


def decode_error(codec: Codec, message: Message, error: Exception) -> DecodeError:
    """Return what `codec.decode(message)` raised as a `DecodeError`, with it as the cause."""
    why = type(error).__name__
    explain = getattr(codec, "explain", None)
    if explain is not None:
        try:
            why += f": {explain(error)}"
        except Exception as raised:
            why += f" (and explain() raised {type(raised).__name__})"
    failure = DecodeError(message, why)
    failure.__cause__ = error
    return failure
