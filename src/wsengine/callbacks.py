"""Calling the user's callbacks, and knowing from where the user calls back."""

from __future__ import annotations

import contextvars
import inspect
from collections.abc import Awaitable, Callable, Coroutine
from types import CoroutineType
from typing import Any, Protocol

CALLBACKS = (
    "on_open",
    "on_message",
    "on_close",
    "on_read_error",
    "on_close_error",
    "on_restart_error",
)


class CallbackScope(Protocol):
    """Where callbacks of an engine run: a reader's task, or one call of the supervisor."""

    @property
    def engine(self) -> object:
        """The engine whose callbacks run here."""

    @property
    def active(self) -> bool:
        """Whether a callback is running here now."""

    @property
    def outer(self) -> CallbackScope | None:
        """The scope from which this engine was started, or this callback awaited."""


_scope: contextvars.ContextVar[CallbackScope] = contextvars.ContextVar("wsengine_callback_scope")


def enter_scope(scope: CallbackScope) -> None:
    """Mark the current context, and all that are copied from it, as being inside `scope`."""
    _scope.set(scope)


def inside_callback(engine: object) -> bool:
    """Return whether the caller runs inside a callback of `engine`, or is awaited by one.

    A context variable tells, so it holds through `asyncio.wait_for` and tasks. A task that
    outlives the callback which started it is not inside any more; but one that a handler of
    `on_message` started is, whenever the same worker runs another one: a scope for each message
    would cost each message something. A task in a `contextvars.Context()` of its own never is.
    """
    scope = _scope.get(None)
    while scope is not None:
        if scope.engine is engine and scope.active:
            return True
        scope = scope.outer
    return False


class OneCall:
    """The scope of one call of a callback, with the running of it.

    Args:
        engine: The engine whose callback it is.
        callback: The callback, `async def` or plain `def`.
    """

    def __init__(self, engine: object, callback: Callable[..., Any]) -> None:
        self.engine = engine
        self.active = False
        self.outer: CallbackScope | None = None
        self._callback = callback

    async def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the callback, await what it returns if need be, and return the result."""
        self.outer = _scope.get(None)
        token = _scope.set(self)
        self.active = True
        try:
            result = self._callback(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result
        finally:
            self.active = False
            _scope.reset(token)


def as_coroutine(result: Any) -> Coroutine[Any, Any, Any] | None:
    """Return a callback's result as a coroutine, or `None` if it cannot be awaited."""
    if isinstance(result, CoroutineType):
        return result
    return _await(result) if inspect.isawaitable(result) else None


async def _await(awaitable: Awaitable[Any]) -> Any:
    return await awaitable
