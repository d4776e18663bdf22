"""The exchange of close frames, at the end of a session."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from .adapter import CLOSE_TIMEOUT
from .bounds import StopSchedule, reap
from .close import Close, CloseCode
from .errors import ConnectionClosed

if TYPE_CHECKING:
    from .serving import Serving

logger = logging.getLogger(__name__)

DEAD_CLOSE_TIMEOUT: Final = 0.1
"""Seconds for closing a connection that is lost: nobody will answer."""


async def close_connection(
    serving: Serving, close: Close, answer: Close, schedule: StopSchedule
) -> Exception | None:
    """Close the connection of a session; return what failed.

    Args:
        serving: The session.
        close: How it ended.
        answer: What to send.
        schedule: When it must be over.
    """
    lost = close.code == CloseCode.ABNORMAL_CLOSURE
    seconds = DEAD_CLOSE_TIMEOUT if lost else CLOSE_TIMEOUT
    until = min(asyncio.get_running_loop().time() + seconds, schedule.close_frames)
    closing = asyncio.create_task(serving.link.connection.close(*frame(answer)))
    dropping = asyncio.create_task(_drop_unread(serving))
    grace = schedule.grace
    closed = await reap([closing], until=until, grace=grace, what=f"{serving.name}: close()")
    await reap([dropping], until=0.0, grace=grace, what=f"{serving.name}: receive()")
    if lost:
        return None
    if not closed:
        return TimeoutError("the server did not answer the close frame, and was cut off")
    return None if closing.cancelled() else exception_of(closing)


async def _drop_unread(serving: Serving) -> None:
    """Read on while the close frames are exchanged: the server's comes after its messages."""
    if serving.crew.leader is not None:
        return  # a pilot has not let go of the connection
    try:
        while True:
            for _ in range(1000):
                await serving.link.receive()
                serving.unread += 1
            await asyncio.sleep(0)
    except Exception as error:
        if not isinstance(serving.link.translate(error), ConnectionClosed):
            logger.debug("%s: reading while closing: %r", serving.name, error)


def tells_the_end(error: BaseException, serving: Serving) -> bool:
    """Whether an exception says no more than that the connection of a session is closed."""
    crew = serving.crew
    if not isinstance(error, ConnectionClosed):
        return False
    return error is serving.link.lost or (crew.ended and error.close == crew.closed.result())


def frame(close: Close) -> tuple[int, str]:
    """Return the arguments of `Connection.close`."""
    return int(close.code), close.reason


def exception_of(task: asyncio.Task[Any]) -> Exception | None:
    """Return the exception of a task that is done.

    Raises:
        BaseException: It is one that must not be swallowed: KeyboardInterrupt, SystemExit.
    """
    error = task.exception()
    if error is not None and not isinstance(error, Exception):
        raise error
    return error
