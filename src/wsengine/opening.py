"""Opening a session: the dial, then `on_open`."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from .bounds import StopSchedule, first_of, reap
from .callbacks import OneCall
from .errors import TOOK_TOO_LONG, ConnectError, OpenTimeoutError
from .options import check_options
from .serving import Owner, Serving
from .session import GOING_AWAY_BY_CLIENT
from .url import check_credentials, check_url, display_url

if TYPE_CHECKING:
    from .engine import Engine

T = TypeVar("T")
Source: TypeAlias = T | Callable[[], T | Awaitable[T]]
"""A value, or a function (sync or async) that is called for it before every dial."""


class Opening:
    """One attempt to open a session.

    Args:
        engine: The engine.
        owner: Whom the session will tell what goes wrong.
        previous: The session before, since `start()`, or `None`.
    """

    def __init__(self, engine: Engine, owner: Owner, previous: Serving | None = None) -> None:
        self._engine = engine
        self._owner = owner
        self._previous = previous
        self._shown = "the server"
        self._serving: Serving | None = None
        self._given_up = False
        self._step = "the dial"
        self._culprit: str | None = None
        self._task: asyncio.Task[Serving]

    def restart(self) -> None:
        """Ask for another session in place of the one that `on_open` runs for."""
        if self._serving is not None:
            self._serving.restart(GOING_AWAY_BY_CLIENT)

    async def run(self, exiting: asyncio.Future[float]) -> Serving | None:
        """Open, within `open_timeout`; return `None` if an exit was asked for first.

        A dial is given up at once, `on_open` has half of `stop_timeout` to end. Nothing is
        left running in either case. Cancelling it gives up at once.

        Raises:
            OpenTimeoutError: It took too long.
            Exception: The dial or `on_open` failed.
        """
        config = self._engine.config
        # Not before: an eager task may run `on_open` at once, which may ask for something.
        self._task = asyncio.create_task(self._open())
        try:
            await first_of(self._task, exiting, timeout=config.open_timeout)
            if exiting.done() and not self._task.done():
                schedule = StopSchedule(exiting.result(), config.stop_timeout)
                until = schedule.handlers if self._serving else 0.0
                await self._give_up(until=until, why=None)
                if self._given_up:
                    return None
            elif not self._task.done():
                if self._serving:
                    self._engine.telemetry.callback_failed("on_open")
                await self._give_up(until=0.0, why=TOOK_TOO_LONG)
                raise OpenTimeoutError(
                    f"{self._shown}: {self._step} did not end within {config.open_timeout:g} s "
                    "(open_timeout)"
                )
        except asyncio.CancelledError:
            self._given_up = True
            self._task.cancel()
            raise
        if self._task.cancelled():
            raise ConnectError(f"{self._shown}: {self._step} raised CancelledError")
        return self._task.result()

    def describe(self, error: Exception) -> str:
        """Return what went wrong; where the program's own code has raised it, also which."""
        return str(error) if self._culprit is None else f"{self._culprit} raised {error!r}"

    async def _give_up(self, *, until: float, why: str | None) -> None:
        """Wait for the opening until a moment of the loop's time, then cancel it."""
        patience = until - asyncio.get_running_loop().time()
        if patience > 0:
            await first_of(self._task, timeout=patience)
        if self._task.done():
            return
        self._given_up = True
        grace = StopSchedule(0.0, self._engine.config.stop_timeout).grace
        what = f"{self._shown}: opening"
        # At once: an `on_open` that ends in this very moment would be one without an `on_close`.
        await reap([self._task], until=None, grace=grace, what=what, why=why)
        if self._task.done():
            _ = self._task.cancelled() or self._task.exception()  # known: it was given up
        elif self._serving is not None:
            await self._serving.abandon()  # on_open ignores its cancellation

    async def _open(self) -> Serving:
        engine = self._engine
        url = check_url(await self._ask("the url function", engine.url))
        options = check_options(await self._ask("the options function", engine.options))
        self._step = "the dial"
        self._check_wanted()  # one of the functions may have ignored its cancellation
        self._shown = display_url(url)
        check_credentials(url, options.headers)
        telemetry = engine.telemetry.session(engine.endpoint)
        connection = await telemetry.connect(engine.adapter, url, options)
        previous = self._previous
        gap = None if previous is None else previous.gap_after()
        serving = Serving(engine, self._owner, telemetry, connection, gap)
        self._serving, self._step = serving, "on_open"
        try:
            on_open = OneCall(engine, telemetry.endpoint.on_open)
            if not self._given_up:
                await on_open(serving.session, restarting=previous is not None)
            self._check_wanted()
        except BaseException as error:
            if isinstance(error, Exception) and not self._given_up:
                self._culprit = "on_open"
                engine.telemetry.callback_failed("on_open")
            await serving.abandon()
            raise
        return serving

    async def _ask(self, name: str, source: Source[T]) -> T:
        if callable(source):
            self._step = name
        try:
            return await resolve(source)
        except Exception:
            self._culprit = name
            raise

    def _check_wanted(self) -> None:
        if self._given_up:
            raise OpenTimeoutError(f"{self._shown}: the open ended after it was given up")


async def resolve(source: Source[T]) -> T:
    """Return a value, from a function where it is one."""
    if not callable(source):
        return source
    value = source()
    return await value if inspect.isawaitable(value) else value
