"""Notice that the event loop is blocked, and by whom, while it is."""

from __future__ import annotations

import asyncio
import itertools
import logging
import sys
import threading
import traceback
import weakref
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Final, Protocol

logger = logging.getLogger(__name__)

BEAT: Final = 0.25
"""Seconds between two looks at the loop; what blocks it for less than that goes unnoticed."""

_HERE: Final = str(Path(__file__).parent)


class Watched(Protocol):
    """Whoever wants to know."""

    def loop_blocked(self, seconds: float, where: str) -> None:
        """Note that the loop was blocked for so long, by this. Called on the loop, afterwards."""


@dataclass(frozen=True, slots=True)
class Culprit:
    """What a thread was doing.

    Args:
        name: The function of the user's that runs, as far as that can be told.
        stack: Where it is, the innermost call last.
    """

    name: str
    stack: str


def culprit(frame: FrameType | None) -> Culprit:
    """Return what runs in a frame: the outermost function that the engine has called, if any.

    Values are not told: they may be secrets.
    """
    frames: list[FrameType] = []
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back
    frames.reverse()
    name, begin = "code outside of callbacks", max(len(frames) - 3, 0)
    for at, (caller, called) in enumerate(itertools.pairwise(frames), start=1):
        if _is_ours(caller) and not _is_ours(called):
            name, begin = called.f_code.co_qualname, at
            break
    summary = traceback.StackSummary.extract(
        ((one, one.f_lineno) for one in frames[begin:]), capture_locals=False
    )
    return Culprit(name, "".join(summary.format()).rstrip())


def _is_ours(frame: FrameType) -> bool:
    return frame.f_code.co_filename.startswith(_HERE)


class Watch:
    """Watches one event loop from a thread of its own, as long as anybody wants to know.

    A late timer tells that the loop was blocked, but not by whom, and only when it is over. So a
    thread asks the loop for a sign of life four times a second; if there is none, it looks at the
    stack of the loop's thread, and logs that at once.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._loop_thread = threading.get_ident()
        self._watched: dict[Watched, float] = {}
        self._asked: float | None = None
        """When the loop was asked for the sign of life that it has not given."""
        self._found: tuple[float, Culprit] | None = None
        """Who is to blame that this question is not answered."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wsengine watch", daemon=True)

    def add(self, watched: Watched, after: float) -> None:
        """Tell somebody of what blocks the loop for longer than `after` seconds."""
        self._watched[watched] = after
        if not self._thread.is_alive():
            self._thread.start()

    def remove(self, watched: Watched) -> bool:
        """Tell somebody no longer; return whether nobody is left, and the thread has ended."""
        self._watched.pop(watched, None)
        if self._watched:
            return False
        self._over.set()
        self._thread.join(BEAT)
        return True

    # In the thread.

    def _run(self) -> None:
        looked_at: float | None = None
        while not self._over.wait(BEAT):
            asked = self._asked
            if asked is None:
                self._asked = asked = monotonic()
                try:
                    self._loop.call_soon_threadsafe(self._answer, asked)
                except RuntimeError:
                    return  # the loop is closed
            elif asked != looked_at and monotonic() - asked > self._patience:
                self._look(asked)
                looked_at = asked

    @property
    def _patience(self) -> float:
        return min(tuple(self._watched.values()), default=float("inf"))

    def _look(self, asked: float) -> None:
        found = culprit(sys._current_frames().get(self._loop_thread))  # noqa: SLF001 - documented
        self._found = asked, found
        logger.warning(
            "the event loop is blocked by %s, for %.1f s so far: no message is read and no ping "
            "answered; use asyncio.to_thread(), or await what it waits for. It is here:\n%s",
            found.name,
            monotonic() - asked,
            found.stack,
        )

    # On the loop.

    def _answer(self, asked: float) -> None:
        blocked, found = monotonic() - asked, self._found
        self._found = self._asked = None
        if found is None or found[0] != asked:
            return
        name = found[1].name
        logger.warning("the event loop was blocked by %s for %.1f s", name, blocked)
        for watched, after in tuple(self._watched.items()):
            if blocked > after:
                watched.loop_blocked(blocked, name)


_watches: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Watch] = weakref.WeakKeyDictionary()


def watch(watched: Watched, after: float | None) -> None:
    """Have the running event loop watched; `after` seconds is long, `None` is never."""
    if after is None:
        return
    loop = asyncio.get_running_loop()
    if loop not in _watches:
        _watches[loop] = Watch(loop)
    _watches[loop].add(watched, after)


def unwatch(watched: Watched) -> None:
    """End what `watch` began."""
    loop = asyncio.get_running_loop()
    if loop in _watches and _watches[loop].remove(watched):
        del _watches[loop]
