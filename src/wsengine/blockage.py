"""Notice that the event loop is blocked, and by whom, while it is."""

from __future__ import annotations

import asyncio
import itertools
import logging
import os
import sys
import threading
import traceback
import weakref
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import Final, Protocol

logger = logging.getLogger(__name__)

BEAT: Final = 0.25
"""Seconds between two looks at the loop; what blocks it for less than that goes unnoticed."""

NOBODY: Final = "code outside of callbacks"
LOCKED: Final = "something that kept the interpreter's lock"
"""It kept the thread that watches from looking, too; or the system let none of the two run."""

_HERE: Final = str(Path(__file__).parent) + os.sep
_LOOP: Final = {asyncio.Handle._run.__code__, asyncio.Runner.run.__code__}  # noqa: SLF001 - no public name
"""What calls all that runs on a loop; the frames of uvloop are not seen, but the runner's is."""


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

    Who runs the loop is not to blame, be it the engine or not. Values are not told: they may be
    secrets.
    """
    frames: list[FrameType] = []
    while frame is not None and frame.f_code not in _LOOP:
        frames.append(frame)
        frame = frame.f_back
    frames.reverse()
    name, begin = NOBODY, max(len(frames) - 3, 0)
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
    stack of the loop's thread, and logs that as soon as it lasts too long.

    A single call may keep the interpreter's lock, so that this thread cannot ask or look either. It
    runs again when that call is over, mostly before what has made it goes on, and looks at once.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._loop_thread = threading.get_ident()
        self._watched: dict[Watched, float] = {}
        self._asked: float | None = None
        """When the loop was asked for the sign of life that it has not given."""
        self._found: tuple[float, Culprit] | None = None
        """Who is to blame that this question is not answered, as far as is known yet."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wsengine watch", daemon=True)

    def add(self, watched: Watched, after: float) -> None:
        """Tell somebody of what blocks the loop for longer than `after` seconds."""
        self._watched[watched] = after
        if not self._thread.is_alive():
            self._thread.start()

    def remove(self, watched: Watched) -> bool:
        """Tell somebody no longer; return whether nobody is left, and the thread has ended."""
        last = self._watched.keys() <= {watched}
        if last:
            self._over.set()
            self._thread.join(BEAT)
        if self._asked is not None:
            self._answer(self._asked)  # what comes later is not told any more
        self._watched.pop(watched, None)
        return last

    # In the thread.

    def _run(self) -> None:
        told: float | None = None
        due = monotonic() + BEAT
        while not self._over.wait(due - monotonic()):
            late, asked = monotonic() - due, self._asked
            answered = asked is None
            if asked is None:
                self._asked = asked = due  # not now: who keeps the lock keeps this thread waiting
            if asked != told and (late > self._patience or not answered):
                told = self._look(asked, locked=late > BEAT)
            due = monotonic() + BEAT
            if answered:
                try:
                    self._loop.call_soon_threadsafe(self._answer, asked)
                except RuntimeError:
                    return  # the loop is closed

    @property
    def _patience(self) -> float:
        return min(tuple(self._watched.values()), default=float("inf"))

    def _look(self, asked: float, *, locked: bool) -> float | None:
        """Find who is to blame; return the question if it is time to tell, and that is done."""
        blocked, patience = monotonic() - asked, self._patience  # before the loop runs on
        found = culprit(sys._current_frames().get(self._loop_thread))  # noqa: SLF001 - documented
        if locked and found.name == NOBODY:
            found = replace(found, name=LOCKED)
        self._found = asked, found
        if blocked <= patience:
            return None
        logger.warning(
            "the event loop is blocked by %s, for %.1f s so far: no message is read and no ping "
            "answered; use asyncio.to_thread(), or a process for what keeps the interpreter's "
            "lock, or await what it waits for. It is here:\n%s",
            found.name,
            blocked,
            found.stack,
        )
        return asked

    # On the loop.

    def _answer(self, asked: float) -> None:
        if asked != self._asked:
            return  # it was answered when somebody left
        blocked, found = monotonic() - asked, self._found
        self._found = self._asked = None
        if blocked <= self._patience:
            return
        name = found[1].name if found is not None and found[0] == asked else LOCKED
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
