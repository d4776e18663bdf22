"""Looking up names, in threads for which nobody waits."""

from __future__ import annotations

import socket
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

AT_ONCE: Final = 32
"""Look-ups that run at the same time; as many as an executor has threads."""


class LookUps(ThreadPoolExecutor):
    """The default executor of an event loop, which does not wait for look-ups when it ends.

    A look-up cannot be interrupted, and takes half a minute where no name server answers. The
    executor of `asyncio` makes the end of the loop wait for it, and then the end of the program.
    Nobody wants the address by then, so here it runs in a daemon thread, and is left to itself.

    All else, such as what `asyncio.to_thread` is given, runs as it always does.
    """

    def __init__(self) -> None:
        super().__init__(thread_name_prefix="asyncio")
        self._guard = threading.Lock()
        self._look_ups: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._looking = 0

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Have a function called in a thread; as `Executor.submit`."""
        function: object = fn
        # What `loop.getaddrinfo` gives it. (Where asyncio debugs, that is another function.)
        if function is not socket.getaddrinfo:
            return super().submit(fn, *args, **kwargs)
        future: Future[T] = Future()
        with self._guard:
            if self._looking < AT_ONCE:
                threading.Thread(target=self._look, name="look-up of a name", daemon=True).start()
                self._looking += 1
            self._look_ups.append((future, partial(fn, *args, **kwargs)))
        return future

    def _look(self) -> None:
        while (look_up := self._next()) is not None:
            future, function = look_up
            if not future.set_running_or_notify_cancel():
                continue  # the dial was given up before its turn came
            try:
                result = function()
            except BaseException as error:
                future.set_exception(error)  # not swallowed: it belongs to who waits
            else:
                future.set_result(result)

    def _next(self) -> tuple[Future[Any], Callable[[], Any]] | None:
        with self._guard:
            if self._look_ups:
                return self._look_ups.popleft()
            self._looking -= 1
            return None
