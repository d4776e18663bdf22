"""Running an engine from a script."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, overload

from .engine import Engine
from .lookups import LookUps

Result = TypeVar("Result")


@overload
def run(main: Engine) -> None: ...


@overload
def run(main: Coroutine[Any, Any, Result]) -> Result: ...


def run(main: Engine | Coroutine[Any, Any, Any]) -> Any:
    """Run an engine until it stops, in a new event loop; with uvloop where it is installed.

    Ctrl-C and SIGTERM stop it gracefully. A look-up of a name that hangs does not keep it, nor the
    program's end, waiting; but uvloop's own look-ups do, until the system gives up on them.

    Args:
        main: The engine; or a coroutine, for a program that does more: it is run as `asyncio.run`
            does, and what it returns is returned.

    Raises:
        EngineStartError: As `Engine.run`.
        EngineFailedError: As `Engine.run`.
        RuntimeError: Called from a running event loop: `await engine.run()` there.
    """
    coroutine = main.run() if isinstance(main, Engine) else main
    if _inside_loop():
        coroutine.close()
        raise RuntimeError("an event loop is running here already: use `await engine.run()`")
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(coroutine)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """Return a new event loop, of uvloop where it is installed; its end waits for no look-up."""
    loop = (_loop_factory() or asyncio.new_event_loop)()
    loop.set_default_executor(LookUps())
    return loop


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
