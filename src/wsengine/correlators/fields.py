"""Fields of decoded messages, whatever they were decoded to: mappings, structs, models."""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Hashable, Mapping
from typing import Any, TypeAlias

from ..errors import ConfigError

Path: TypeAlias = tuple[str, ...]
"""Where a field is: its name, below the names of the fields that it is nested in."""

_MAPPINGS = (dict, Mapping)  # a dict, the usual case, is found faster than by Mapping alone
_ARRAYS = (list, tuple)
_WITHOUT_FIELDS = (str, bytes, bool, int, float, list, type(None))


def path_of(setting: str, field: Any) -> Path:
    """Return the path that a user gave, such as "meta.reqId".

    Raises:
        ConfigError: It is none.
    """
    path = tuple(field.split(".")) if isinstance(field, str) else ()
    if not path or not all(path):
        raise ConfigError(
            f"{setting}={field!r}: must be the name of a field, such as 'id' or 'meta.reqId'"
        )
    return path


def read(message: Any, path: Path) -> Any:
    """Return a field, or `None` where it is not there or was not set."""
    for name in path:
        if isinstance(message, _MAPPINGS):
            message = message.get(name)
        elif isinstance(message, _WITHOUT_FIELDS):
            return None
        else:
            message = getattr(message, name, None)
            # msgspec marks an optional field that did not come by UNSET.
            if type(message).__name__ == "UnsetType":
                return None
    return message


def as_id(value: Any) -> Hashable | None:
    """Return a value as an id, or `None` where it can be none.

    `True` is none: it would be the same as 1. Nor is a method, which an object may have in
    place of a field of that name.
    """
    if type(value) is int or type(value) is str:
        return value  # the usual ids
    if value is None or isinstance(value, bool) or callable(value):
        return None
    try:
        hash(value)
    except TypeError:
        return None
    return value  # type: ignore[no-any-return]  # it is Hashable: hash() has just taken it


def fill(message: Any, path: Path, value: Any) -> Any:
    """Return a copy of a message with a field set; the message itself stays as it is.

    What the field is nested in is copied too, and made where a mapping lacks it.

    Raises:
        TypeError: The message is of a type that cannot be copied with a change.
    """
    name, *below = path
    if below:
        inner = read(message, (name,))
        value = fill({} if inner is None else inner, tuple(below), value)
    return replace(message, {name: value})


def replace(message: Any, changes: dict[str, Any]) -> Any:
    """Return a copy of a message with some fields changed.

    Raises:
        TypeError: The message is of a type that cannot be copied with a change.
    """
    kind = type(message)
    if isinstance(message, Mapping):
        return {**message, **changes}
    if hasattr(kind, "__struct_fields__"):
        return importlib.import_module("msgspec.structs").replace(message, **changes)
    if dataclasses.is_dataclass(message):
        # A dataclass, or its class: `replace` refuses the latter itself.
        return dataclasses.replace(message, **changes)  # type: ignore[type-var]
    if changes.keys() <= getattr(kind, "model_fields", {}).keys():  # Pydantic's copy checks none
        return message.model_copy(update=changes)
    raise TypeError(
        f"{kind.__name__} has no place for an id that is filled in: give the message its id "
        f"yourself ({', '.join(changes)}), or use a dict, a dataclass, a struct or a model"
    )


def member(message: Any, position: int) -> Any:
    """Return the member of an array at a position, or `None` where it is too short or none."""
    if not isinstance(message, _ARRAYS) or position >= len(message):
        return None
    return message[position]
