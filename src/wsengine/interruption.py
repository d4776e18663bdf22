"""Take a task out of a wait, and leave no trace in it."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any


def current_task() -> asyncio.Task[Any]:
    """Return the running task.

    Raises:
        RuntimeError: None is running here.
    """
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("must be called from a task")
    return task


_on_behalf: contextvars.ContextVar[tuple[object, asyncio.Task[Any]]] = contextvars.ContextVar(
    "wsengine_on_behalf"
)


def act_for(caller: object) -> None:
    """Let the running task, and no other, pass for somebody: the thread that waits for it."""
    _on_behalf.set((caller, current_task()))


def current_caller() -> object:
    """Return who calls: the running task, or for whom that acts."""
    task = current_task()
    caller, acting = _on_behalf.get((task, task))
    return caller if acting is task else task


class Interruption:
    """Ends a wait of one task from outside, by cancel and uncancel, as `asyncio.timeout` does.

    The interrupted side calls `absorb` when it catches `CancelledError`; a cancellation by
    anybody else is not absorbed.

    Args:
        task: The task whose wait may be ended.
        before: How often it had been cancelled when the wait began; by default, how often it has
            been by now.
    """

    __slots__ = ("_base", "_requested", "_task")

    def __init__(self, task: asyncio.Task[Any], *, before: int | None = None) -> None:
        self._task = task
        self._base = task.cancelling() if before is None else before
        self._requested = False

    def rebase(self) -> None:
        """Take earlier cancellations for granted: who caught them need not have uncancelled."""
        self._base = self._task.cancelling()

    @property
    def is_foreign(self) -> bool:
        """Whether somebody else has cancelled the task since the base was taken."""
        return self._task.cancelling() > self._base + self._requested

    def interrupt(self) -> None:
        """End the wait; does nothing if that was asked for already."""
        if not self._requested:
            self._requested = True
            self._task.cancel()

    def absorb(self) -> bool:
        """Return whether the `CancelledError` just caught is this interruption and nothing else."""
        if not self._requested:
            return False
        self._requested = False
        return self._task.uncancel() <= self._base
