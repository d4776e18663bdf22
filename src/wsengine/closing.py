"""The end of a session: its last callbacks, and the exchange of close frames."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final

from .adapter import CLOSE_TIMEOUT
from .bounds import StopSchedule, reap
from .callbacks import OneCall
from .close import GOING_AWAY, Close, CloseCode
from .errors import ConfigError, ConnectionClosed

if TYPE_CHECKING:
    from .serving import Serving

logger = logging.getLogger(__name__)

DEAD_CLOSE_TIMEOUT: Final = 0.1
"""Seconds for closing a connection that is lost: nobody will answer."""


async def ask_on_close(serving: Serving, close: Close, schedule: StopSchedule) -> Close:
    """Call `on_close`, and return what is to be sent."""
    answer = await call(serving, "on_close", close, schedule.on_close, schedule.grace)
    if answer is None:
        return GOING_AWAY
    try:
        if not isinstance(answer, Close):
            raise ConfigError(f"on_close returned {answer!r}: it may return a Close, or None")
        answer.check_sendable()
    except ConfigError as error:
        serving.callback_failed("on_close", error)
        return GOING_AWAY
    return answer


async def call(serving: Serving, name: str, argument: object, until: float, grace: float) -> Any:
    """Call one of the closing callbacks, bounded; return what it returned, or `None`.

    Raises:
        BaseException: It raised what is no `Exception`, such as `SystemExit`.
    """
    one = OneCall(serving.session.engine, getattr(serving.endpoint, name))
    task = asyncio.create_task(one(serving.session, argument))
    if not await reap([task], until=until, grace=grace, what=f"{serving.name}: {name}"):
        serving.callback_failed(name, TimeoutError(f"{name} took too long and was cancelled"))
    elif task.cancelled():
        serving.callback_failed(name, asyncio.CancelledError(f"{name} raised CancelledError"))
    elif (error := exception_of(task)) is not None:
        serving.callback_failed(name, error)
    else:
        return task.result()
    return None


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
    try:
        closed = await reap([closing], until=until, grace=grace, what=f"{serving.name}: close()")
    finally:
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
                serving.crew.unread += 1
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
