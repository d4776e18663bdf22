"""Checks of configuration values, with errors that name the field, the value and the rule."""

from __future__ import annotations

import inspect
import math
from typing import Any

from .errors import ConfigError


def refuse(field: str, value: object, rule: str) -> ConfigError:
    """Return the error for a value that breaks a rule."""
    return ConfigError(f"{field}={value!r}: {rule}")


def check_number(
    field: str,
    value: Any,
    *,
    above: float | None = None,
    least: float | None = None,
    optional: bool = False,
) -> None:
    """Check that a value is a finite number, more than `above` and at least `least`.

    Raises:
        ConfigError: It is not.
    """
    if value is None and optional:
        return
    if isinstance(value, int | float) and not isinstance(value, bool) and _is_finite(value):
        above_it, enough = above is None or value > above, least is None or value >= least
        if above_it and enough:
            return
    rule = "must be a number"
    if above is not None:
        rule += f" above {above:g}"
    if least is not None:
        rule += f" of at least {least:g}"
    if optional:
        rule += ", or None"
    raise refuse(field, value, rule)


def check_timeout(value: Any) -> None:
    """Check that a time-out is a number above 0, or `None`; quickly, where it is.

    Raises:
        ConfigError: It is not.
    """
    if type(value) is not float or not 0.0 < value < math.inf:
        check_number("timeout", value, above=0, optional=True)


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number that no float holds
        return False


def check_whole(field: str, value: Any, *, least: int, optional: bool = False) -> None:
    """Check that a value is a whole number of at least `least`.

    Raises:
        ConfigError: It is not.
    """
    if value is None and optional:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        or_none = ", or None" if optional else ""
        raise refuse(field, value, f"must be a whole number of at least {least}{or_none}")


def check_name(field: str, value: Any) -> None:
    """Check that a value is a name, or `None`.

    Raises:
        ConfigError: It is neither.
    """
    if value is not None and (not isinstance(value, str) or not value):
        raise refuse(field, value, "must be a str with at least one character, or None")


def check_type(field: str, value: Any, wanted: type) -> None:
    """Check that a value is of a type, or `None`.

    Raises:
        ConfigError: It is neither.
    """
    if value is not None and not isinstance(value, wanted):
        raise refuse(field, value, f"must be {wanted.__name__}, or None")


def check_choice(field: str, value: Any, choices: tuple[object, ...]) -> None:
    """Check that a value is one of the choices.

    Raises:
        ConfigError: It is not.
    """
    alike = [choice for choice in choices if isinstance(choice, bool) is isinstance(value, bool)]
    if value not in alike:  # 1 is equal to True, and not what was asked for
        listed = ", ".join(repr(choice) for choice in choices)
        raise refuse(field, value, f"must be one of {listed}")


def check_share(field: str, value: Any, words: tuple[str, ...]) -> None:
    """Check that a value is a share between 0 and 1, or one of the words.

    Raises:
        ConfigError: It is neither.
    """
    if isinstance(value, str) and value in words:
        return
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value <= 1:
        listed = ", ".join(repr(word) for word in words)
        raise refuse(field, value, f"must be {listed}, or a share between 0 and 1")


def check_method(field: str, value: Any, method: str) -> None:
    """Check that a value is `None`, or has a method.

    Raises:
        ConfigError: It is neither.
    """
    if value is not None and not callable(getattr(value, method, None)):
        raise refuse(field, value, f"must have a method {method}(), or be None for the global one")


def is_generator_function(function: Any) -> bool:
    """Return whether a function, or an object that can be called, has `yield`."""
    checks = (inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    return any(check(each) for check in checks for each in (function, type(function).__call__))


def check_not_awaited(field: str, value: Any, methods: tuple[str, ...]) -> None:
    """Check that no method that a value has would have to be awaited.

    Raises:
        ConfigError: One is an `async def`.
    """
    for name in methods:
        method = getattr(value, name, None)
        if inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method):
            raise refuse(
                field,
                value,
                f"its {name} is an `async def`, and what it returns is used at once, for each "
                "message; make it a plain `def`",
            )
