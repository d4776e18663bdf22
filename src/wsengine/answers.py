"""What a handler returns or yields, on its way to the server."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
from collections.abc import Callable
from types import AsyncGeneratorType, GeneratorType
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .errors import ConnectionClosed

if TYPE_CHECKING:
    from .session import Session

logger = logging.getLogger(__name__)

MessageHandler: TypeAlias = "Callable[[Session, Any], Any]"

TURN: Final = 500
"""Values after which the event loop gets its turn, however many more are yielded."""


def answering(handler: MessageHandler) -> MessageHandler:
    """Return a handler whose results are sent, one that the engine can call."""
    if answers_nothing(handler):
        return handler

    def handle(session: Session, message: Any) -> Any:
        result = handler(session, message)
        return None if result is None else _answer(session, result)

    return handle


def answers_nothing(handler: MessageHandler) -> bool:
    """Return whether a handler is annotated to return `None`."""
    signature = signature_of(handler)
    return signature is not None and signature.return_annotation in (None, "None")


def signature_of(function: Any) -> inspect.Signature | None:
    """Return how a function is called, or `None` where Python does not know."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError, NameError):  # it is written in C, for example
        return None


async def _answer(session: Session, result: Any) -> None:
    if inspect.isawaitable(result):
        result = await result
    if isinstance(result, AsyncGeneratorType):
        await _send_all(session, result)
    elif isinstance(result, GeneratorType):
        await _send_all_plain(session, result)
    elif result is not None:
        await _sent(session, result)


async def _send_all(session: Session, values: AsyncGeneratorType[Any, None]) -> None:
    sent = 0
    async with contextlib.aclosing(values):
        async for value in values:
            sent += 1
            if not await _goes_on(session, value, sent):
                return


async def _send_all_plain(session: Session, values: GeneratorType[Any, None, None]) -> None:
    with contextlib.closing(values):
        for sent, value in enumerate(values, 1):
            if not await _goes_on(session, value, sent):
                return


async def _goes_on(session: Session, value: Any, sent: int) -> bool:
    """Send one of many answers; return whether to ask for more."""
    if not await _sent(session, value):
        return False
    if sent % TURN == 0:
        await _give_turn()
    if session.closed is None:
        return True
    # What was made is sent, as it can be until `on_close` is done; but an exit waits for the rest.
    logger.info("%r: no more answers are asked for: %s", session, session.closed)
    return False


async def _give_turn() -> None:
    """Let the event loop run, where there is one: a `SyncEngine` answers in a thread."""
    with contextlib.suppress(RuntimeError):
        asyncio.get_running_loop()
        await asyncio.sleep(0)


async def _sent(session: Session, value: Any) -> bool:
    """Send an answer; return whether there is still somebody to send to."""
    if value is None:
        return True
    try:
        await session.send(value)
    except ConnectionClosed as error:
        # Nobody's mistake: a handler that answers by returning could not catch it either.
        logger.info("%r: an answer was not sent: %s", session, error)
        return False
    return True
