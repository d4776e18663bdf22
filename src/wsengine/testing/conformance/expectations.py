"""What checks expect, with messages that tell what happened instead."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from typing import Any, TypeVar

from ...close import Close
from ...errors import ConnectError, ConnectionClosed
from .registry import CheckSkipped, Mismatch

T = TypeVar("T")


def expect(condition: object, expected: str, happened: str) -> None:
    """Check a condition.

    Raises:
        Mismatch: It does not hold.
    """
    if not condition:
        raise Mismatch(expected, happened)


def expect_equal(actual: T, wanted: T, what: str) -> None:
    """Check that two values are equal, and of the same type.

    Raises:
        Mismatch: They are not.
    """
    if type(actual) is not type(wanted) or actual != wanted:
        raise Mismatch(f"{what} is {show(wanted)}", f"it is {show(actual)}")


def expect_sequence(actual: list[Any], wanted: list[Any], what: str) -> None:
    """Check that everything came once and in order.

    Raises:
        Mismatch: It did not; tells where the first difference is.
    """
    for number, (one, other) in enumerate(zip(actual, wanted, strict=False)):
        if one != other:
            raise Mismatch(f"{what} number {number} is {show(other)}", f"it is {show(one)}")
    if len(actual) != len(wanted):
        raise Mismatch(f"{len(wanted)} of {what}", f"there are {len(actual)}")


@contextlib.asynccontextmanager
async def within(seconds: float, expected: str) -> AsyncIterator[None]:
    """Bound a part of a check in time.

    Raises:
        Mismatch: It took longer.
    """
    try:
        async with asyncio.timeout(seconds) as bound:
            yield
    except TimeoutError as error:
        if not bound.expired():
            raise
        raise Mismatch(f"within {seconds:g} s, {expected}", "it took longer") from error


async def expect_closed(awaitable: Awaitable[object], what: str = "receive()") -> Close:
    """Check that something raises `ConnectionClosed`, and return its `close`.

    Raises:
        Mismatch: It does not.
    """
    expected = f"{what} raises ConnectionClosed"
    try:
        result = await awaitable
    except ConnectionClosed as error:
        return error.close
    except Exception as error:
        raise Mismatch(expected, f"it raised {error!r}") from error
    raise Mismatch(expected, f"it returned {show(result)}")


async def expect_close(
    awaitable: Awaitable[object],
    code: int,
    reason: str | None = None,
    *,
    by_client: bool,
    what: str = "receive()",
) -> None:
    """Check that something raises `ConnectionClosed` with a close like this.

    Args:
        awaitable: What raises it.
        code: The close's code.
        reason: Its reason; `None` stands for any.
        by_client: Its `client_initiated`.
        what: What the awaitable is called in messages.

    Raises:
        Mismatch: It does not.
    """
    close = await expect_closed(awaitable, what)
    wanted = Close(code, close.reason if reason is None else reason, client_initiated=by_client)
    if close != wanted:
        raise Mismatch(f"{what} raises ConnectionClosed with {wanted!r}", f"it has {close!r}")


async def expect_refused(awaitable: Awaitable[object], why: str) -> ConnectError:
    """Check that a dial raises `ConnectError`, and return it.

    Raises:
        Mismatch: It does not.
    """
    expected = f"connect() raises ConnectError: {why}"
    try:
        await awaitable
    except ConnectError as error:
        return error
    except CheckSkipped:
        raise
    except Exception as error:
        raise Mismatch(expected, f"it raised {error!r}") from error
    raise Mismatch(expected, "it returned a connection")


def show(value: object) -> str:
    """Return a value for a message, cut where it is long."""
    if isinstance(value, str | bytes | bytearray) and len(value) > 60:
        return f"{type(value).__name__} of length {len(value)}, {value[:40]!r}..."
    return repr(value)
