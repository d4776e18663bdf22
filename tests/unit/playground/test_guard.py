from __future__ import annotations

import pytest

from wsengine import ConfigError
from wsengine.playground.guard import Guard

LOOPBACK = "127.0.0.1"


@pytest.mark.parametrize("host", ["127.0.0.1:8700", "localhost:8700", "[::1]:8700", "LOCALHOST"])
def test_its_own_address_is_let_in(host: str) -> None:
    guard = Guard(LOOPBACK)
    assert guard.objection(host, None, LOOPBACK) is None
    assert guard.objection(host, f"http://{host}", LOOPBACK) is None


@pytest.mark.parametrize(
    "host", [None, "", "evil.example", "evil.example:8700", "a@127.0.0.1", "["]
)
def test_another_host_is_not(host: str | None) -> None:
    objection = Guard(LOOPBACK).objection(host, None, LOOPBACK)
    assert objection is not None
    assert "Host" in objection


@pytest.mark.parametrize(
    "origin",
    [
        *("https://evil.example", "null", "", "http://127.0.0.1:3000", "http://localhost:8700"),
        *("https://127.0.0.1:8700", "file://", "http://[", "http://127.0.0.1:8700.evil.example"),
    ],
)
def test_another_origin_is_not(origin: str) -> None:
    objection = Guard(LOOPBACK).objection("127.0.0.1:8700", origin, LOOPBACK)
    assert objection is not None
    assert "Origin" in objection


def test_on_every_address_the_dialled_one_is_right_and_a_strange_name_is_not() -> None:
    guard = Guard("0.0.0.0")
    assert guard.objection("192.0.2.7:8700", None, "192.0.2.7") is None
    assert guard.objection("evil.example:8700", None, "192.0.2.7") is not None


def test_further_names_can_be_given() -> None:
    guard = Guard(LOOPBACK, ["demo.example"])
    assert guard.objection("demo.example:8700", "http://demo.example:8700", LOOPBACK) is None
    with pytest.raises(ConfigError, match="allowed_hosts"):
        Guard(LOOPBACK, ["demo.example:8700"])
