"""Numbers among the options: a wrong one is told by the option, and both as they were typed.

What typer says of one differs from version to version, and is not for who types.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

Number = TypeVar("Number", int, float)

_ALSO = {"--open-timeout": "--timeout"}
"""Options with a second name."""

_FIELD = re.compile(r"""(\w+)=(?:'[^']*'|"[^"]*"|[-+.\w]+): """)
"""How a message about the value of a field begins; see `wsengine.validation.refuse`."""


class WrongNumber(Exception):
    """A number breaks its rule. No `ValueError`: typer would put words of its own around it."""


def whole(field: str, least: float = -math.inf, most: float = math.inf) -> Callable[[str], int]:
    """Return a function that makes a whole number of what was typed.

    Args:
        field: The name of the option's parameter.
        least: The smallest that is allowed.
        most: The largest that is allowed.
    """
    return _parser(int, field, "must be a whole number", least, most)


def number(field: str, least: float = -math.inf) -> Callable[[str], float]:
    """Return a function that makes a number of what was typed; see `whole`."""
    return _parser(float, field, "must be a number", least, math.inf)


def _parser(
    kind: Callable[[str], Number], field: str, rule: str, least: float, most: float
) -> Callable[[str], Number]:
    if most < math.inf:
        rule += f" from {least} to {most}"
    elif least > -math.inf:
        rule += f" of at least {least}"

    def parse(typed: str) -> Number:
        try:
            value = kind(typed)
        except ValueError:
            value = None
        if value is None or value < least or value > most:  # nan is left to who knows the option
            raise WrongNumber(f"{field}={typed!r}: {rule}")
        return value

    return parse


def as_typed(message: str, arguments: Sequence[str]) -> str:
    """Return a message that names an option, where it names what the option became.

    Args:
        message: The message, such as "open_timeout=0.0: must be a number above 0".
        arguments: What was typed, such as "--timeout" and "0".
    """
    found = _FIELD.match(message)
    if found is None:
        return message
    option = "--" + found[1].replace("_", "-")
    for argument, following in reversed([*zip(arguments, [*arguments[1:], ""], strict=True)]):
        name, equals, value = argument.partition("=")
        if name in (option, _ALSO.get(option)):
            typed = value if equals else following
            return f"{name} {typed!r}: {message[found.end() :]}"
    return message
