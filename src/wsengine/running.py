"""Running an engine from a script."""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, TypeVar, overload

from .engine import Engine
from .errors import ConnectError, EngineFailedError, EngineStartError, WSEngineError
from .lookups import LookUps

Result = TypeVar("Result")

_NOT_THE_USERS: Final = {
    *sys.stdlib_module_names,
    *("wsengine", "uvloop", "websockets", "aiohttp", "aiohappyeyeballs", "picows", "aiofastnet"),
    "python_socks",
}
"""Packages whose frames tell a user nothing, as long as none of the user's own is around them."""


@overload
def run(main: Engine) -> None: ...


@overload
def run(main: Coroutine[Any, Any, Result]) -> Result: ...


def run(main: Engine | Coroutine[Any, Any, Any]) -> Any:
    """Run an engine until it stops, in a new event loop; with uvloop where it is installed.

    Ctrl-C and SIGTERM stop it gracefully. A look-up of a name that hangs does not keep it, nor the
    program's end, waiting; but uvloop's own look-ups do, until the system gives up on them.

    The tracebacks of what an engine raises, and of its causes, begin with your own code:
    `run(engine.run())` shows all the frames of the libraries, too.

    Args:
        main: The engine; or a coroutine, for a program that does more: it is run as `asyncio.run`
            does, and what it returns is returned.

    Raises:
        EngineStartError: As `Engine.run`.
        EngineFailedError: As `Engine.run`.
        RuntimeError: Called from a running event loop: `await engine.run()` there.
        TypeError: It is neither an engine nor a coroutine.
    """
    if not isinstance(main, Engine) and not asyncio.iscoroutine(main):
        raise TypeError(f"run() wants an Engine, or a coroutine; not {type(main).__name__}")
    coroutine = main.run() if isinstance(main, Engine) else main
    if _inside_loop():
        coroutine.close()
        raise RuntimeError("an event loop is running here already: use `await engine.run()`")
    try:
        with asyncio.Runner(loop_factory=new_event_loop) as runner:
            return runner.run(coroutine)
    except (EngineStartError, EngineFailedError) as error:
        if isinstance(main, Engine):
            _shorten(error)
        raise


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop, of uvloop where it is installed; its end waits for no look-up."""
    loop = (_loop_factory() or asyncio.new_event_loop)()
    loop.set_default_executor(LookUps())
    return loop


def _shorten(error: BaseException | None) -> None:
    """Take the frames above the first of the user's own out of the tracebacks.

    Where there is none of these, the text says it all; unless it is something unexpected.
    """
    seen: set[int] = set()
    expected = False
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        users = _from_users(error.__traceback__)
        if users is not None or expected or isinstance(error, WSEngineError):
            error.__traceback__ = users
        expected = expected or isinstance(error, ConnectError)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _from_users(frames: TracebackType | None) -> TracebackType | None:
    while frames is not None:
        name = str(frames.tb_frame.f_globals.get("__name__"))
        if name.partition(".")[0] not in _NOT_THE_USERS:
            break
        frames = frames.tb_next
    return frames


def _inside_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        uvloop = importlib.import_module("uvloop")
    except ImportError:
        return None
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
