"""JSON, by msgspec where it is installed and by the standard library otherwise."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, NoReturn

from ..errors import ConfigError
from ..message import Message
from .libraries import find, missing

# What msgspec says of the form of a message; its other words quote a name or value of it.
_OF_THE_FORM = re.compile(
    r"(Expected `|Object missing required field `|JSON is malformed: |Input data was truncated"
    r"|Invalid (RFC3339|ISO8601|UUID|base64|decimal|epoch)"
    r"|(Number|Integer value|Duration is|Timestamp is) out of range)"
)
_OF_A_VALUE = re.compile(r"Invalid (enum )?value .*['\"\d](?P<place> - at `[^'\"]*`)$", re.DOTALL)


class JsonCodec:
    """Values as JSON.

    With msgspec installed (`pip install "wsengine[msgspec]"`) it encodes and decodes dataclasses,
    `TypedDict`, enums, dates and msgspec's own structs; without it what the standard library
    does: dictionaries, lists, strings, numbers.

    Args:
        model: What to decode to, checked as it comes in: a type that msgspec knows, or a union
            of them: `JsonCodec(Trade | Quote)`. Left out: plain Python values.
        binary: Whether to send binary messages. Both kinds are decoded in either case.

    Attributes:
        decode: Returns the value of a message. msgspec's own function: nothing is around it.

    Raises:
        MissingDependencyError: A model was given, and msgspec is not installed.
        ConfigError: msgspec cannot decode to that model.
    """

    decode: Callable[[Message], Any]

    def __init__(self, model: Any = Any, *, binary: bool = False) -> None:
        self.model = model
        self.binary = binary
        self._encode: Callable[[Any], bytes]
        msgspec = find("msgspec")
        if msgspec is not None:
            self._encode = msgspec.json.Encoder().encode
            try:
                self.decode = msgspec.json.Decoder(model).decode
            except TypeError as error:
                raise ConfigError(f"model={model!r}: cannot be decoded: {error}") from error
        elif model is Any:
            self._encode, self.decode = _encode, _decode
        else:
            raise missing("msgspec", "JsonCodec with a model")

    def __repr__(self) -> str:
        shown = "" if self.model is Any else getattr(self.model, "__name__", repr(self.model))
        return f"JsonCodec({shown})"

    def encode(self, value: Any, /) -> Message:
        """Return a value as JSON, without spaces.

        Raises:
            TypeError: It holds what JSON cannot.
            ValueError: Likewise: without msgspec a NaN, which msgspec sends as null.
        """
        encoded = self._encode(value)
        return encoded if self.binary else encoded.decode()

    def explain(self, error: Exception, /) -> str:
        """Return what is wrong with a message, and where, without quoting it."""
        if isinstance(error, json.JSONDecodeError):
            return f"{error.msg.partition(': ')[0]}, at character {error.pos}"
        if isinstance(error, UnicodeDecodeError):
            return f"{error.reason}, at byte {error.start}"
        text = str(error)
        if _OF_THE_FORM.match(text):
            return text
        of_a_value = _OF_A_VALUE.match(text)
        return "not what the model allows" + (of_a_value["place"] if of_a_value else "")


def _encode(value: Any) -> bytes:
    compact = (",", ":")
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=compact)
    return text.encode()


def _no_json(constant: str) -> NoReturn:
    raise json.JSONDecodeError(f"{constant} is no JSON", "", 0)


_STANDARD = json.JSONDecoder(parse_constant=_no_json)


def _decode(message: Message) -> Any:
    return _STANDARD.decode(message if isinstance(message, str) else message.decode())
