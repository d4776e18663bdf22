"""Waiting for a change."""

from __future__ import annotations

import asyncio

from wsengine.change import Change

from .tools import settle


async def test_all_who_wait_are_woken_once() -> None:
    change, woken = Change(), []

    async def wait(name: str) -> None:
        await change.wait()
        woken.append(name)

    tasks = [asyncio.create_task(wait(name)) for name in "ab"]
    await settle()
    assert woken == []
    change.tell()
    change.tell()
    await settle()
    assert sorted(woken) == ["a", "b"]
    await asyncio.gather(*tasks)


async def test_nobody_need_wait() -> None:
    change = Change()
    change.tell()
    waiting = asyncio.create_task(change.wait())
    await settle()
    assert not waiting.done()  # what was told before is over
    waiting.cancel()
    await settle()
    assert waiting.cancelled()
    change.tell()


async def test_one_may_be_called_instead_of_waiting() -> None:
    change, told = Change(), []
    change.told = lambda: told.append("told")
    change.tell()
    change.tell()
    assert told == ["told", "told"]
    change.told = None
    change.tell()
    assert len(told) == 2
