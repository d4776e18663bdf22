"""What a page may ask for, and what such a message must look like."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from ..errors import ConfigError
from ..loading import ADAPTERS
from ..validation import check_choice, check_number, check_whole, refuse

Check = Callable[[str, Any], None]

NUMBER: Final = "id"
"""The field by which a page knows its answer again."""


@dataclass(frozen=True, slots=True)
class Command:
    """One checked message of a page.

    Args:
        name: What is to be done.
        values: With what.
    """

    name: str
    values: Mapping[str, Any]


def parse(text: str) -> Command:
    """Return the command of a message.

    Raises:
        ConfigError: It is none; the message names the field, the value and the rule.
    """
    message = _object(text)
    name = message.pop("command", None)
    check_whole(NUMBER, message.pop(NUMBER, None), least=0, optional=True)
    fields = COMMANDS.get(name) if isinstance(name, str) else None
    if fields is None:
        raise refuse("command", name, f"must be one of {', '.join(COMMANDS)}")
    if strange := sorted(message.keys() - fields.keys()):
        raise refuse(strange[0], message[strange[0]], f"is no field of {name}")
    for field, check in fields.items():
        check(field, message.get(field))
    return Command(name, {field: message.get(field) for field in fields})


def number_of(text: str) -> int | None:
    """Return the number of a message, which may be no command, or `None`."""
    try:
        number: Any = _object(text).get(NUMBER)
        check_whole(NUMBER, number, least=0, optional=True)
    except ConfigError:
        return None
    return None if number is None else int(number)


def _object(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError("a command is a JSON object, and this is no JSON") from error
    if not isinstance(message, dict):
        raise ConfigError("a command is a JSON object")
    return message


# How fields are checked.


def _whole(least: int, most: int, *, optional: bool = False) -> Check:
    def check(field: str, value: Any) -> None:
        check_whole(field, value, least=least, optional=optional)
        if value is not None and value > most:
            raise refuse(field, value, f"must be at most {most}")

    return check


def _number(most: float) -> Check:
    def check(field: str, value: Any) -> None:
        check_number(field, value, least=0)
        if value > most:
            raise refuse(field, value, f"must be at most {most:g}")

    return check


def _one_of(*choices: str) -> Check:
    def check(field: str, value: Any) -> None:
        if not isinstance(value, str):  # only what can be hashed and compared
            raise refuse(field, value, "must be a str")
        check_choice(field, value, choices)

    return check


def _yes_or_no(field: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise refuse(field, value, "must be true or false")


def _text(field: str, value: Any) -> None:
    if value is not None and not isinstance(value, str):
        raise refuse(field, value, "must be a text, or null")


SWITCHES: Final = ("drop_on_accept", "stop_reading", "ignore_pings")
"""The faults that are either on or off."""

ENGINE_COMMANDS: Final[dict[str, dict[str, Check]]] = {
    "start": {},
    "stop": {},
    "exit": {},
    "restart": {},
    "pause": {},
    "resume": {},
    "workers": {"count": _whole(1, 32)},
    "adapter": {"name": _one_of(*ADAPTERS)},
    "rate": {"per_second": _number(200)},
    "work": {"seconds": _number(5)},
}
"""What is asked of the engine."""

SERVER_COMMANDS: Final[dict[str, dict[str, Check]]] = {
    "server_start": {},
    "server_stop": {},
    "interrupt": {"code": _whole(0, 65535, optional=True), "reason": _text},
    "refuse": {
        "status": _whole(400, 599),
        "retry_after": _whole(0, 3600, optional=True),
        "times": _whole(1, 1000, optional=True),
    },
    "admit": {},
    "fault": {"name": _one_of(*SWITCHES), "on": _yes_or_no},
    "delay": {"seconds": _number(30)},
    "garble": {},
    "flood": {"messages": _whole(1, 100_000), "size": _whole(100, 65_536)},
    "reset": {},
}
"""What is asked of the demo server: the faults, and its life."""

COMMANDS: Final = {**ENGINE_COMMANDS, **SERVER_COMMANDS}
"""Each command with its fields, and their checks."""
