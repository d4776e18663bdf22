"""Has a contestant play the cases of a running server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from websockets.asyncio.client import connect

from .contestants import Contestant, Play

CASE_TIMEOUT: Final = 300.0
"""Seconds after which a case is given up. The server itself gives its clients 120 at most."""


async def play_all(contestant: Contestant, url: str, tell: Callable[[str], None]) -> int:
    """Play every case, then have the server write its reports; return the number of cases."""
    play = contestant.prepare()
    count = int(await _ask(f"{url}/getCaseCount"))
    for number in range(1, count + 1):
        case = f"{url}/runCase?case={number}&agent={quote(contestant.name)}"
        problem = await _play(play, case)
        if problem:
            tell(f"{contestant.name}: case {number} of {count}: {problem}")
        elif number % 50 == 0 or number == count:
            tell(f"{contestant.name}: {number} of {count} cases")
    await _ask(f"{url}/updateReports?agent={quote(contestant.name)}")
    return count


async def _play(play: Play, url: str) -> str | None:
    """Play one case; return what went wrong on this side, if anything did."""
    try:
        async with asyncio.timeout(CASE_TIMEOUT):
            await play(url)
    except TimeoutError:
        return f"given up after {CASE_TIMEOUT:g} s"
    except Exception as error:  # the server's verdict counts; the next case is another connection
        return repr(error)
    return None


async def _ask(url: str) -> str:
    """Return the server's answer: its last message, or ""."""
    answer = ""
    async with asyncio.timeout(CASE_TIMEOUT), connect(url, proxy=None) as connection:
        async for message in connection:
            answer = str(message)
    return answer
