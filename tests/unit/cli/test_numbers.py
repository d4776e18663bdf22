from __future__ import annotations

import pytest

from wsengine.cli.numbers import WrongNumber, as_typed, number, whole


def test_numbers_are_made_of_what_was_typed() -> None:
    assert whole("port", 0, 65535)("65535") == 65535
    assert number("seconds", 1)("1.5") == 1.5
    assert number("linger")("inf") == float("inf")


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        ("two", "must be a whole number from 1 to 32"),
        ("1.5", "must be a whole number from 1 to 32"),
        ("", "must be a whole number from 1 to 32"),
        ("0", "must be a whole number from 1 to 32"),
        ("33", "must be a whole number from 1 to 32"),
    ],
)
def test_what_is_no_such_whole_number_is_refused(typed: str, rule: str) -> None:
    with pytest.raises(WrongNumber, match=f"^workers='{typed}': {rule}$"):
        whole("workers", 1, 32)(typed)


@pytest.mark.parametrize("typed", ["x", "0.5", "-inf"])
def test_what_is_no_such_number_is_refused(typed: str) -> None:
    with pytest.raises(WrongNumber, match=f"^seconds='{typed}': must be a number of at least 1$"):
        number("seconds", 1)(typed)


@pytest.mark.parametrize(
    ("message", "arguments", "told"),
    [
        ("open_timeout=0.0: no", ["--timeout", "0"], "--timeout '0': no"),
        ("open_timeout=0.0: no", ["--open-timeout=0", "x"], "--open-timeout '0': no"),
        ("within=0.0: no", ["--within", "1", "--within", "0"], "--within '0': no"),
        ("workers='a: b': no", ["--workers", "a: b"], "--workers 'a: b': no"),
        ("within=0.0: no", ["--send", "--within"], "--within '': no"),
        ("url='ws://x': no", ["connect", "ws://x"], "url='ws://x': no"),
        ("heartbeat=0.0: no", ["demo-server"], "heartbeat=0.0: no"),
        ("--send number 1 is not text", ["--send", "x"], "--send number 1 is not text"),
    ],
)
def test_an_option_is_named_as_it_was_typed(message: str, arguments: list[str], told: str) -> None:
    assert as_typed(message, arguments) == told
