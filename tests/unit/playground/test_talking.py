from __future__ import annotations

import asyncio

from wsengine.testing import Accept

from .stage import made, subject


def echoes() -> int:
    return sum("echo_request" in str(message) for message in made[-1].connection.sent)


async def test_requests_are_sent_at_a_steady_rate() -> None:
    async with subject(rate=10) as sub:
        await sub.start()
        await asyncio.sleep(10)
        assert 98 <= echoes() <= 102
        sub.settings.rate = 0
        await asyncio.sleep(1)
        before = echoes()
        await asyncio.sleep(10)
        assert echoes() == before
        sub.settings.rate = 0.5
        await asyncio.sleep(10)
        assert 4 <= echoes() - before <= 6


async def test_what_was_missed_is_not_made_up_for() -> None:
    async with subject(Accept(), rate=10) as sub:
        await asyncio.sleep(100)
        await sub.start()
        await asyncio.sleep(1)
        assert 9 <= echoes() <= 13
