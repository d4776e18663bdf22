"""An endpoint that remembers everything that it is told."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from ..callbacks import CALLBACKS
from ..close import Close
from ..endpoint import Endpoint, RestartFailure
from ..errors import ConfigError

if TYPE_CHECKING:
    from ..engine import Engine
    from ..session import Session

Hook: TypeAlias = Callable[..., Any]
"""What a callback does besides being recorded: its arguments, sync or async, its result."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a callback.

    Args:
        name: The callback, such as "on_message".
        arguments: What it was called with, by name.
        time: The event loop's time when it began.
    """

    name: str
    arguments: Mapping[str, Any] = field(repr=False)
    time: float


class RecordingEndpoint(Endpoint):
    """Records every callback, in the order in which they begin.

    ::

        recorder = RecordingEndpoint(on_message=slow_handler)
        async with Engine("ws://test", recorder, adapter=adapter):
            await recorder.wait_for("on_message", 2)
        assert recorder.names == ["on_open", "on_message", "on_message", "on_close"]

    Args:
        on_open: What the callback does after it was recorded: it takes the same arguments,
            may be `async`, may raise, and its result is the callback's. As all that follow.
        on_message: Likewise.
        on_read_error: Likewise.
        on_close: Likewise; so it can return the `Close` to send.
        on_close_error: Likewise.
        on_restart_error: Likewise.

    Attributes:
        calls: What was called, the first first.
        most_at_once: The greatest number of `on_message` calls that ran at the same time.
    """

    def __init__(
        self,
        *,
        on_open: Hook | None = None,
        on_message: Hook | None = None,
        on_read_error: Hook | None = None,
        on_close: Hook | None = None,
        on_close_error: Hook | None = None,
        on_restart_error: Hook | None = None,
    ) -> None:
        self.calls: list[Call] = []
        self.most_at_once = 0
        self._at_once = 0
        self._changed = asyncio.Event()
        self._open_hook = on_open
        self._message_hook = on_message
        self._read_error_hook = on_read_error
        self._close_hook = on_close
        self._close_error_hook = on_close_error
        self._restart_error_hook = on_restart_error

    # What was recorded.

    @property
    def names(self) -> list[str]:
        """The names of the callbacks, in order."""
        return [call.name for call in self.calls]

    @property
    def messages(self) -> list[Any]:
        """What `on_message` got, in order."""
        return [call.arguments["message"] for call in self.of("on_message")]

    @property
    def closes(self) -> list[Close]:
        """What `on_close` got, in order."""
        return [call.arguments["close"] for call in self.of("on_close")]

    def of(self, name: str) -> list[Call]:
        """Return the calls of one callback.

        Raises:
            ConfigError: There is no such callback.
        """
        _check_name(name)
        return [call for call in self.calls if call.name == name]

    async def wait_for(self, name: str, count: int = 1, *, timeout: float = 5.0) -> Call:
        """Wait until a callback has begun `count` times, and return the last of these calls.

        Args:
            name: The callback.
            count: How often, from the beginning.
            timeout: Seconds to wait at most.

        Raises:
            TimeoutError: It did not; the message tells what was called instead.
            ConfigError: There is no such callback.
        """
        try:
            async with asyncio.timeout(timeout) as bound:
                while len(self.of(name)) < count:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            if not bound.expired():
                raise
            called = len(self.of(name))
            raise TimeoutError(
                f"{name} was called {called} times, not {count}, within {timeout:g} s; "
                f"calls so far: {self.names}"
            ) from error
        return self.of(name)[count - 1]

    # The callbacks.

    def on_open(self, session: Session, *, restarting: bool) -> Any:
        """Record it."""
        self._record("on_open", session=session, restarting=restarting)
        if self._open_hook is not None:
            return self._open_hook(session, restarting=restarting)
        return None

    def on_message(self, session: Session, message: Any) -> Any:
        """Record it, and how many run at once."""
        self._record("on_message", session=session, message=message)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        pending: Awaitable[Any] | None = None
        try:
            result = None if self._message_hook is None else self._message_hook(session, message)
            pending = result if inspect.isawaitable(result) else None
        finally:
            if pending is None:
                self._at_once -= 1
        return result if pending is None else self._count_until_done(pending)

    def on_read_error(self, session: Session, error: Exception) -> Any:
        """Record it."""
        self._record("on_read_error", session=session, error=error)
        return None if self._read_error_hook is None else self._read_error_hook(session, error)

    def on_close(self, session: Session, close: Close) -> Any:
        """Record it."""
        self._record("on_close", session=session, close=close)
        return None if self._close_hook is None else self._close_hook(session, close)

    def on_close_error(self, session: Session, error: Exception) -> Any:
        """Record it."""
        self._record("on_close_error", session=session, error=error)
        return None if self._close_error_hook is None else self._close_error_hook(session, error)

    def on_restart_error(self, engine: Engine, failure: RestartFailure) -> Any:
        """Record it."""
        self._record("on_restart_error", engine=engine, failure=failure)
        if self._restart_error_hook is not None:
            return self._restart_error_hook(engine, failure)
        return None

    # Inside.

    def _record(self, name: str, **arguments: Any) -> None:
        now = asyncio.get_running_loop().time()
        self.calls.append(Call(name, MappingProxyType(arguments), now))
        self._changed.set()

    async def _count_until_done(self, pending: Awaitable[Any]) -> Any:
        try:
            return await pending
        finally:
            self._at_once -= 1


def _check_name(name: str) -> None:
    if name not in CALLBACKS:
        raise ConfigError(f"{name!r}: is not a callback; they are {', '.join(CALLBACKS)}")
