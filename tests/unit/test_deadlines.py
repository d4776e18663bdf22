"""Many time-outs with one timer."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import patch

import pytest

from wsengine.deadlines import Deadlines

from .tools import now


class One:
    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.expired: float | None = None

    def expire(self) -> None:
        self.expired = now()


def watched(*deadlines: float) -> tuple[Deadlines, list[One]]:
    waiting = [One(deadline) for deadline in deadlines]
    watch = Deadlines(lambda: [one for one in waiting if one.expired is None])
    for one in waiting:
        watch.watch(one.deadline)
    return watch, waiting


async def test_each_expires_in_its_time() -> None:
    _, waiting = watched(3, 1, 2, 2)
    await asyncio.sleep(10)
    assert [one.expired for one in waiting] == pytest.approx([3, 1, 2, 2], abs=1e-4)


async def test_what_is_done_before_does_not_expire() -> None:
    watch, waiting = watched(1, 2)
    done = waiting.pop(0)
    await asyncio.sleep(10)
    assert done.expired is None
    assert waiting[0].expired == pytest.approx(2, abs=1e-4)
    late = One(now() + 1)
    waiting.append(late)
    watch.watch(late.deadline)
    await asyncio.sleep(2)
    assert late.expired == pytest.approx(11, abs=1e-4)


async def test_nothing_expires_after_clear() -> None:
    watch, waiting = watched(1)
    watch.clear()
    await asyncio.sleep(10)
    assert waiting[0].expired is None


async def test_later_deadlines_need_no_timer_of_their_own() -> None:
    loop: Any = asyncio.get_running_loop()
    with patch.object(loop, "call_at", wraps=loop.call_at) as call_at:
        watched(1, *range(2, 1000))
        assert call_at.call_count == 1


async def test_thousands_that_expire_one_by_one_do_not_keep_the_loop_busy() -> None:
    count, looks = 5_000, 0
    waiting = {number: One(1 + number * 1e-7) for number in range(count)}

    def all_waiting() -> list[One]:
        nonlocal looks
        looks += 1
        return [one for one in waiting.values() if one.expired is None]

    watch = Deadlines(all_waiting)
    for one in waiting.values():
        watch.watch(one.deadline)
    await asyncio.sleep(5)
    assert all(one.expired is not None for one in waiting.values())
    assert looks < 10
