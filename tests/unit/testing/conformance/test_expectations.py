"""What checks expect: each holds, or says what happened instead."""

from __future__ import annotations

import asyncio

import pytest

from wsengine import Close, ConnectError, ConnectionClosed
from wsengine.testing.conformance.expectations import (
    expect,
    expect_close,
    expect_closed,
    expect_equal,
    expect_refused,
    expect_sequence,
    show,
    within,
)
from wsengine.testing.conformance.registry import Mismatch


async def raising(error: Exception) -> None:
    raise error


async def returning(value: str) -> str:
    return value


def test_expect() -> None:
    expect(True, "this", "that")
    with pytest.raises(Mismatch) as caught:
        expect(False, "this", "that")
    assert (caught.value.expected, caught.value.happened) == ("this", "that")


@pytest.mark.parametrize(
    ("actual", "wanted"), [("a", "b"), (b"x", bytearray(b"x")), (1, True), (None, "")]
)
def test_expect_equal_compares_types_too(actual: object, wanted: object) -> None:
    expect_equal(actual, actual, "it")
    with pytest.raises(Mismatch, match="the thing is"):
        expect_equal(actual, wanted, "the thing")


@pytest.mark.parametrize(
    ("actual", "happened"),
    [
        (["a", "c"], "it is 'c'"),
        (["a", "c", "b"], "it is 'c'"),
        (["a"], "there are 1"),
        (["a", "b", "c", "c"], "there are 4"),
    ],
)
def test_expect_sequence_tells_the_first_difference(actual: list[str], happened: str) -> None:
    wanted = ["a", "b", "c"]
    expect_sequence(wanted, wanted, "letters")
    with pytest.raises(Mismatch) as caught:
        expect_sequence(actual, wanted, "letters")
    assert caught.value.happened == happened


async def test_expect_closed_returns_the_close() -> None:
    close = Close(4001, "bye")
    assert await expect_closed(raising(ConnectionClosed(close))) == close
    with pytest.raises(Mismatch, match=r"it raised ValueError\('odd'\)"):
        await expect_closed(raising(ValueError("odd")))
    with pytest.raises(Mismatch, match="it returned 'x'"):
        await expect_closed(returning("x"))


@pytest.mark.parametrize(
    ("code", "reason", "by_client"),
    [(4002, "bye", False), (4001, "other", False), (4001, "bye", True)],
)
async def test_expect_close_compares_all_of_it(code: int, reason: str, by_client: bool) -> None:
    error = ConnectionClosed(Close(4001, "bye"))
    await expect_close(raising(error), 4001, "bye", by_client=False)
    await expect_close(raising(error), 4001, by_client=False)
    with pytest.raises(Mismatch, match="it has Close"):
        await expect_close(raising(error), code, reason, by_client=by_client)


async def test_expect_refused_returns_the_error() -> None:
    error = ConnectError("no", status=503)
    assert await expect_refused(raising(error), "it must") is error
    with pytest.raises(Mismatch, match=r"it raised OSError\('down'\)"):
        await expect_refused(raising(OSError("down")), "it must")
    with pytest.raises(Mismatch, match="it returned a connection"):
        await expect_refused(returning("x"), "it must")


async def test_within_bounds_in_time() -> None:
    async with within(5, "it is done"):
        await asyncio.sleep(4)
    with pytest.raises(Mismatch, match="within 5 s, it is done"):
        async with within(5, "it is done"):
            await asyncio.sleep(6)


async def test_within_lets_other_time_outs_through() -> None:
    with pytest.raises(TimeoutError, match="of another kind"):
        async with within(5, "it is done"):
            await raising(TimeoutError("of another kind"))


def test_show_cuts_what_is_long() -> None:
    assert show("short") == "'short'"
    assert show(b"x" * 1000) == f"bytes of length 1000, {b'x' * 40!r}..."
