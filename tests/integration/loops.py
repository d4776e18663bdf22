"""The event loop of tests with real sockets: the environment's `WSENGINE_LOOP` chooses it."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import os
import weakref
from collections.abc import Callable
from typing import Any, TypeAlias, cast

LoopFactory: TypeAlias = Callable[[], asyncio.AbstractEventLoop]

LOOPS = ("asyncio", "uvloop")

HAS_UVLOOP = importlib.util.find_spec("uvloop") is not None
"""There is none for Windows."""


def chosen_loop() -> str | None:
    """Return the name of the loop that the environment asks for, or `None`.

    Raises:
        ValueError: There is no such loop.
    """
    name = os.environ.get("WSENGINE_LOOP") or None
    if name is not None and name not in LOOPS:
        raise ValueError(f"WSENGINE_LOOP={name!r}: must be one of {', '.join(LOOPS)}")
    return name


def loop_factory(name: str) -> LoopFactory:
    """Return what makes a loop of this name, one whose timers `pending_timers` sees."""
    return _make_uvloop if name == "uvloop" else asyncio.new_event_loop


def pending_timers() -> list[asyncio.TimerHandle]:
    """Return the timers of the running event loop that are yet to fire."""
    loop: Any = asyncio.get_running_loop()
    if isinstance(loop, asyncio.BaseEventLoop):
        # Nowhere public: asyncio does not show its timers.
        return [timer for timer in loop._scheduled if not timer.cancelled()]  # type: ignore[attr-defined]
    return [timer for timer in loop.timers if not timer.cancelled() and timer.when() > loop.time()]


def _make_uvloop() -> asyncio.AbstractEventLoop:
    """Return a loop of uvloop that shows its timers, as uvloop itself does not."""
    uvloop: Any = importlib.import_module("uvloop")

    class Loop(uvloop.Loop):  # type: ignore[misc]  # uvloop may be missing, so it is Any here
        def __init__(self) -> None:
            super().__init__()
            self.timers: weakref.WeakSet[asyncio.TimerHandle] = weakref.WeakSet()

        def call_later(self, *args: Any, **kwargs: Any) -> Any:
            return self._noted(super().call_later(*args, **kwargs))

        def call_at(self, *args: Any, **kwargs: Any) -> Any:
            return self._noted(super().call_at(*args, **kwargs))

        def _noted(self, timer: Any) -> Any:
            if hasattr(timer, "when"):  # one without a delay is called at once, and is no timer
                self.timers.add(timer)
            return timer

    return cast("asyncio.AbstractEventLoop", Loop())
