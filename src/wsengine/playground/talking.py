"""Echo requests at a steady rate, whatever engine is there."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from typing import TYPE_CHECKING, Final

from ..errors import ConnectionClosed

if TYPE_CHECKING:
    from .subject import Subject

LOOK: Final = 0.1
"""Seconds until it is looked again whether there is something to do."""

CLOSE_ENOUGH: Final = 0.001
"""Seconds; no timer is better than that, and to wait for less would be to spin."""


async def talk(subject: Subject) -> None:
    """Send echo requests on the open session until cancelled."""
    loop = asyncio.get_running_loop()
    numbers = itertools.count(1)
    last = loop.time()
    while True:
        rate, session = subject.settings.rate, subject.session
        wait = LOOK
        if rate and session is not None and session.closed is None:
            wait = last + 1 / rate - loop.time()
        if session is None or wait > CLOSE_ENOUGH:
            await asyncio.sleep(min(wait, LOOK))
            continue
        last = max(last + 1 / rate, loop.time() - 1 / rate)  # what was missed is not made up for
        number = str(next(numbers))
        request = {"type": "echo_request", "echo": f"tick {number}", "err": False, "reqId": number}
        with contextlib.suppress(ConnectionClosed):
            await session.send(request)
