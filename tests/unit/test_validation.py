from __future__ import annotations

import contextlib
import functools
import math
import re
from collections.abc import AsyncIterator, Iterator
from enum import StrEnum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.errors import ConfigError
from wsengine.validation import (
    check_choice,
    check_name,
    check_not_awaited,
    check_number,
    check_timeout,
    check_type,
    check_whole,
    is_generator_function,
    refuse,
)

NOT_NUMBERS: list[object] = [
    "1",
    None,
    True,
    False,
    [],
    1j,
    math.nan,
    math.inf,
    -math.inf,
    10**400,
    -(10**400),
]


def message(field: str, value: object, rule: str) -> str:
    return f"^{re.escape(f'{field}={value!r}: {rule}')}$"


def test_a_refusal_names_field_value_and_rule() -> None:
    assert str(refuse("workers", "4", "must be a whole number")) == (
        "workers='4': must be a whole number"
    )


# Numbers.


@settings(deadline=None)
@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**300), 10**300))
def test_a_finite_number_is_accepted(value: float) -> None:
    check_number("x", value)


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_no_finite_number_is_refused(value: object) -> None:
    with pytest.raises(ConfigError, match=message("x", value, "must be a number")):
        check_number("x", value)


@settings(deadline=None)
@given(st.floats(-10, 10), st.floats(-10, 10))
def test_above_excludes_the_bound_and_least_includes_it(value: float, bound: float) -> None:
    above, least = f"must be a number above {bound:g}", f"must be a number of at least {bound:g}"
    if value > bound:
        check_number("x", value, above=bound)
    else:
        with pytest.raises(ConfigError, match=message("x", value, above)):
            check_number("x", value, above=bound)
    if value >= bound:
        check_number("x", value, least=bound)
    else:
        with pytest.raises(ConfigError, match=message("x", value, least)):
            check_number("x", value, least=bound)


def test_none_is_accepted_only_where_it_is_optional() -> None:
    check_number("x", None, above=0, optional=True)
    check_whole("x", None, least=1, optional=True)
    with pytest.raises(ConfigError, match=message("x", None, "must be a number above 0")):
        check_number("x", None, above=0)
    with pytest.raises(
        ConfigError, match=message("x", None, "must be a whole number of at least")[:-1]
    ):
        check_whole("x", None, least=1)


def test_the_rule_tells_that_none_would_do() -> None:
    with pytest.raises(ConfigError, match=r"above 0, or None$"):
        check_number("x", 0, above=0, optional=True)
    with pytest.raises(ConfigError, match=r"at least 1, or None$"):
        check_whole("x", 0, least=1, optional=True)


@settings(deadline=None)
@given(st.integers(), st.integers(-10, 10))
def test_a_whole_number_is_at_least_the_bound(value: int, least: int) -> None:
    if value >= least:
        check_whole("x", value, least=least)
    else:
        rule = f"must be a whole number of at least {least}"
        with pytest.raises(ConfigError, match=message("x", value, rule)):
            check_whole("x", value, least=least)


@pytest.mark.parametrize("value", [1.0, "1", True, None, math.nan])
def test_what_is_no_whole_number_is_refused(value: object) -> None:
    rule = "must be a whole number of at least 0"
    with pytest.raises(ConfigError, match=message("x", value, rule)):
        check_whole("x", value, least=0)


# Names, types, choices.


@pytest.mark.parametrize("value", [None, "feed", " "])
def test_a_name_is_text_or_none(value: str | None) -> None:
    check_name("name", value)


@pytest.mark.parametrize("value", ["", 1, b"feed"])
def test_what_is_no_name_is_refused(value: object) -> None:
    rule = "must be a str with at least one character, or None"
    with pytest.raises(ConfigError, match=message("name", value, rule)):
        check_name("name", value)


def test_a_type_or_none() -> None:
    check_type("x", None, dict)
    check_type("x", {}, dict)
    with pytest.raises(ConfigError, match=message("x", [], "must be dict, or None")):
        check_type("x", [], dict)


def test_one_of_the_choices() -> None:
    class Mode(StrEnum):
        A = "a"

    check_choice("x", "a", ("a", "b"))
    check_choice("x", Mode.A, ("a", "b"))
    check_choice("x", None, ("a", None))


@pytest.mark.parametrize("value", ["A", "", None, 1, ["a"]])
def test_none_of_the_choices(value: object) -> None:
    with pytest.raises(ConfigError, match=message("x", value, "must be one of 'a', 'b'")):
        check_choice("x", value, ("a", "b"))


@pytest.mark.parametrize("value", [0, 1, 0.0, 1.0, "True", None])
def test_a_number_is_neither_true_nor_false(value: object) -> None:
    check_choice("x", True, (True, False))
    with pytest.raises(ConfigError, match=message("x", value, "must be one of True, False")):
        check_choice("x", value, (True, False))


def test_what_has_yield() -> None:
    def plain() -> Iterator[int]:
        yield 1

    async def asynchronous() -> AsyncIterator[int]:
        yield 1

    class Callable:
        __call__ = staticmethod(plain)

    for function in (plain, asynchronous, Callable(), functools.partial(plain)):
        assert is_generator_function(function)
    for other in (len, lambda: plain(), contextlib.contextmanager(plain), object(), None):
        assert not is_generator_function(other)


def test_what_would_have_to_be_awaited() -> None:
    class Waiting:
        async def decode(self, message: object) -> object:
            return message

        async def each(self) -> AsyncIterator[int]:
            yield 1

        def plain(self) -> None: ...

    value = Waiting()
    check_not_awaited("codec", value, ("plain", "missing"))
    for name in ("decode", "each"):
        with pytest.raises(ConfigError, match=rf"codec=.*: its {name} is an `async def`.* plain"):
            check_not_awaited("codec", value, ("plain", name))


@pytest.mark.parametrize("good", [None, 5, 0.001, 1e9])
def test_a_time_out_is_a_number_above_0_or_none(good: float | None) -> None:
    check_timeout(good)


@pytest.mark.parametrize("bad", [0, 0.0, -1.0, math.inf, math.nan, True, "5"])
def test_what_is_no_time_out(bad: object) -> None:
    with pytest.raises(ConfigError, match=r"^timeout=.*: must be a number above 0, or None"):
        check_timeout(bad)
