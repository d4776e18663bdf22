"""Pydantic's models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..errors import ConfigError
from ..message import Message
from .libraries import find, missing


class PydanticCodec:
    """JSON, decoded to and checked by Pydantic.

    Any value that Pydantic can write as JSON can be sent, not only those of the model; models
    are written with their aliases, and NaN as null.

    Args:
        model: A model, or any type that Pydantic's `TypeAdapter` takes: `Trade | Quote`.
        binary: Whether to send binary messages. Both kinds are decoded in either case.

    Attributes:
        decode: Returns the value of a message. Pydantic's own function: nothing is around it.

    Raises:
        MissingDependencyError: Pydantic is not installed.
        ConfigError: Pydantic cannot decode to that model.
    """

    decode: Callable[[Message], Any]

    def __init__(self, model: Any, *, binary: bool = False) -> None:
        pydantic, core = find("pydantic"), find("pydantic_core")
        if pydantic is None or core is None:
            raise missing("pydantic", "PydanticCodec")
        self.model = model
        self.binary = binary
        self._to_json: Callable[..., bytes] = core.to_json
        try:
            self.decode = pydantic.TypeAdapter(model).validator.validate_json
        except (pydantic.PydanticUserError, TypeError, NameError) as error:
            raise ConfigError(f"model={model!r}: cannot be decoded: {error}") from error

    def __repr__(self) -> str:
        return f"PydanticCodec({getattr(self.model, '__name__', repr(self.model))})"

    def encode(self, value: Any, /) -> Message:
        """Return a value as JSON, without spaces.

        Raises:
            pydantic_core.PydanticSerializationError: It holds what JSON cannot.
        """
        encoded = self._to_json(value, inf_nan_mode="null")
        return encoded if self.binary else encoded.decode()

    def explain(self, error: Exception, /) -> str:
        """Return what is wrong with a message: Pydantic's names for it, such as "int_parsing".

        Its texts and places may quote the message; `DecodeError.__cause__` has them.
        """
        errors = getattr(error, "errors", None)
        if errors is None:
            return "see its cause"
        found = errors(include_url=False, include_context=False, include_input=False)
        return ", ".join(dict.fromkeys(one["type"] for one in found))
