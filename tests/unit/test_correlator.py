from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import pytest

from wsengine.correlator import Correlator, check_correlator
from wsengine.correlators import JsonCorrelator
from wsengine.errors import ConfigError


class Prefixed:
    """Text messages such as "7:hello"; it needs no codec, and has only what it must."""

    def request_id(self, message: Any) -> Hashable | None:
        number, colon, _ = message.partition(":")
        return number if colon else None

    def response_id(self, message: Any) -> Hashable | None:
        return self.request_id(message)


class Whole(Prefixed):
    needs_codec = True

    def prepare(self, message: Any) -> Any:
        return f"1:{message}"

    def error(self, message: Any) -> Exception | None:
        return LookupError(message) if "not found" in message else None

    def result(self, message: Any) -> Any:
        return message.partition(":")[2]


class Odd(Prefixed):
    prepare = "text"


class OddResult(Prefixed):
    result = "text"


def test_what_a_correlator_leaves_out_is_filled_in() -> None:
    own: Correlator = Prefixed()
    correlation = check_correlator(own)
    message = ["as it is"]
    assert correlation.request_id("7:hello") == correlation.response_id("7:bye") == "7"
    assert correlation.prepare(message) is message
    assert correlation.error("7:not found") is None
    assert correlation.result(message) is message
    assert correlation.needs_codec is False


def test_what_it_has_is_used() -> None:
    correlation = check_correlator(Whole())
    assert correlation.prepare("hello") == "1:hello"
    assert isinstance(correlation.error("1:not found"), LookupError)
    assert correlation.error("1:found") is None
    assert correlation.result("1:found") == "found"
    assert correlation.needs_codec is True


@pytest.mark.parametrize("name", ["request_id", "response_id", "prepare", "error", "result"])
def test_what_would_have_to_be_awaited_is_refused(name: str) -> None:
    async def waiting(self: Any, message: Any) -> Any:
        return message

    correlator = type("Waiting", (Whole,), {name: waiting})()
    with pytest.raises(ConfigError, match=rf"its {name} is an `async def`.*plain `def`"):
        check_correlator(correlator)


@pytest.mark.parametrize(
    ("correlator", "message"),
    [
        (Prefixed, r"correlator=Prefixed: is a class; give an instance: Prefixed\(\)"),
        (JsonCorrelator, r"is a class; give an instance: JsonCorrelator\(\)"),
        (None, "correlator=None: lacks request_id and response_id; a correlator has"),
        (Odd(), "its prepare cannot be called"),
        (OddResult(), "its result cannot be called"),
    ],
)
def test_what_is_no_correlator_is_refused(correlator: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_correlator(correlator)
