"""Running an engine from a script."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable

from .engine import Engine


def run(engine: Engine) -> None:
    """Run an engine until it stops, in a new event loop; with uvloop where it is installed.

    Ctrl-C and SIGTERM stop it gracefully.

    Raises:
        EngineStartError: As `Engine.run`.
        EngineFailedError: As `Engine.run`.
        RuntimeError: Called from a running event loop: `await engine.run()` there.
    """
    if _inside_loop():
        raise RuntimeError("an event loop is running here already: use `await engine.run()`")
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(engine.run())


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
