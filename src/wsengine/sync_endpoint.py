"""Callbacks that are plain functions, which may block: each is run in a thread."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

from .callbacks import CALLBACKS
from .checking import check_endpoint
from .close import Close
from .endpoint import Endpoint, require_of_handlers
from .errors import ConfigError
from .opening import Source
from .session import Session
from .sync_session import SyncSession

if TYPE_CHECKING:
    from .endpoint import RestartFailure
    from .sync import SyncEngine
    from .sync_portal import Portal
    from .sync_threads import CallbackThreads

T = TypeVar("T")


class ThreadedEndpoint:
    """An endpoint whose callbacks hand over to those of the user's, in a thread.

    Args:
        engine: What the user's callbacks see as the engine.
        endpoint: The user's.

    Raises:
        ConfigError: A callback is missing; or it, or a decorated handler, is an `async def`.
    """

    _portal: Portal
    _threads: CallbackThreads

    def __init__(self, engine: SyncEngine, endpoint: Any) -> None:
        check_endpoint(endpoint)
        for name in CALLBACKS:
            check_plain(name, getattr(endpoint, name))
        if isinstance(endpoint, Endpoint):
            require_of_handlers(endpoint, check_plain)
        self._engine = engine
        self._endpoint = endpoint
        self._latest: tuple[Session, SyncSession] | None = None

    def begin(self, portal: Portal, threads: CallbackThreads) -> None:
        """Take what each `start()` of the engine makes anew.

        Args:
            portal: The way into the loop.
            threads: Where the callbacks run.
        """
        self._portal, self._threads = portal, threads

    def find(self, session: Session) -> SyncSession | None:
        """Return what the user's callbacks see as this session, if it is the latest one."""
        latest = self._latest  # looked at once: it is asked for in other threads
        return latest[1] if latest is not None and latest[0] is session else None

    def source(self, name: str, source: Source[T]) -> Source[T]:
        """Return a source that calls the user's function in a thread, where it is one.

        Raises:
            ConfigError: It is an `async def`.
        """
        if not callable(source):
            return source
        check_plain(name, source)

        async def value() -> T:
            found: T = await self._run(name, source)
            return found

        return value

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        """Call the user's."""
        on_open = self._endpoint.on_open
        await self._run("on_open", on_open, self._session(session), restarting=restarting)

    async def on_message(self, session: Session, message: Any) -> None:
        """Call the user's."""
        await self._run("on_message", self._endpoint.on_message, self._session(session), message)

    async def on_read_error(self, session: Session, error: Exception) -> None:
        """Call the user's."""
        on_read_error = self._endpoint.on_read_error
        await self._run("on_read_error", on_read_error, self._session(session), error)

    async def on_close(self, session: Session, close: Close) -> Any:
        """Call the user's, and return what it returns."""
        return await self._run("on_close", self._endpoint.on_close, self._session(session), close)

    async def on_close_error(self, session: Session, error: Exception) -> None:
        """Call the user's."""
        on_close_error = self._endpoint.on_close_error
        await self._run("on_close_error", on_close_error, self._session(session), error)

    async def on_restart_error(self, engine: Any, failure: RestartFailure) -> None:
        """Call the user's, with the engine that the user knows."""
        on_restart_error = self._endpoint.on_restart_error
        await self._run("on_restart_error", on_restart_error, self._engine, failure)

    def _session(self, session: Session) -> SyncSession:
        found = self.find(session)
        if found is None:
            found = SyncSession(self._engine, session, self._portal)
            self._latest = session, found
        return found

    async def _run(self, name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return await self._threads.run(name, call_plain, name, function, *args, **kwargs)


def check_plain(name: str, function: Callable[..., Any]) -> None:
    """Check that a function is no `async def`.

    Raises:
        ConfigError: It is one.
    """
    checks = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    called = (function, type(function).__call__)  # an object may be called, too
    if any(check(each) for check in checks for each in called):
        raise _refused(name, function)


def call_plain(name: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Call a callback, and see what it returns to its end; called in the callback's thread.

    An `Endpoint` returns something to await where a handler answers by returning: all that it
    waits for is then done by blocking.
    """
    result = function(*args, **kwargs)
    if not inspect.isawaitable(result):
        return result
    return _to_the_end(name, function, result)


def _to_the_end(name: str, function: Callable[..., Any], awaitable: Awaitable[Any]) -> Any:
    steps = awaitable.__await__()
    try:
        next(steps)
    except StopIteration as end:
        return end.value
    finally:
        close = getattr(steps, "close", None)
        if close is not None:
            close()
    raise _refused(name, function)


def _refused(name: str, function: Callable[..., Any]) -> ConfigError:
    return ConfigError(
        f"{name}={function!r}: is an `async def`, and a SyncEngine has no event loop for it; "
        "make it a plain `def`, or use Engine"
    )
