"""How to bring an engine into each of its callbacks, and what may happen to it there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from wsengine import Close, Engine, RestartFailure, Session

from .recorder import FAULT, Recorder
from .rude import Behaviour, ignore, refuse, speak

SERVERS: dict[str, tuple[Behaviour, ...]] = {
    "on_open": (speak(),),
    "on_open of a restart": (speak(),),
    "on_message": (speak("work"), speak()),
    "on_read_error": (speak(FAULT), speak()),
    "on_close": (speak(),),
    "on_close_error": (ignore, speak()),
    "on_restart_error": (speak(), refuse, speak()),
}
"""For each callback, what a server does on its connections so that the engine comes there."""

_AFTER_A_RESTART = {"on_open of a restart", "on_close", "on_close_error", "on_restart_error"}

Act: TypeAlias = Callable[[Engine], Awaitable[None]]


class ActsIn(Recorder):
    """Does something in one of its callbacks, once.

    Args:
        where: The callback, one of `SERVERS`.
        act: What it does there.
    """

    def __init__(self, where: str, act: Act) -> None:
        super().__init__()
        self.acting = asyncio.Event()
        self._where = where
        self._act = act

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        super().on_open(session, restarting=restarting)
        await self._act_in("on_open of a restart" if restarting else "on_open", session.engine)

    async def on_message(self, session: Session, message: Any) -> None:
        super().on_message(session, message)
        await self._act_in("on_message", session.engine)

    async def on_read_error(self, session: Session, error: Exception) -> None:
        super().on_read_error(session, error)
        await self._act_in("on_read_error", session.engine)

    async def on_close(self, session: Session, close: Close) -> None:
        super().on_close(session, close)
        await self._act_in("on_close", session.engine)

    async def on_close_error(self, session: Session, error: Exception) -> None:
        super().on_close_error(session, error)
        await self._act_in("on_close_error", session.engine)

    async def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        super().on_restart_error(engine, failure)
        await self._act_in("on_restart_error", engine)

    async def _act_in(self, where: str, engine: Engine) -> None:
        if where == self._where and not self.acting.is_set():
            self.acting.set()
            await self._act(engine)


async def bring_into(where: str, engine: Engine, endpoint: ActsIn) -> asyncio.Task[None]:
    """Start an engine, and have it come into a callback; return the task of its start."""
    starting = asyncio.create_task(engine.start())
    if where in _AFTER_A_RESTART:
        await starting
        engine.restart()
    async with asyncio.timeout(10):
        await endpoint.acting.wait()
    return starting
