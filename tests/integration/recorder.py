"""An endpoint that notes what is called, and an adapter whose reads fail when told to."""

from __future__ import annotations

from typing import Any

from wsengine import (
    Close,
    ConnectOptions,
    Endpoint,
    Engine,
    Handshake,
    RestartFailure,
    Session,
)
from wsengine.adapter import Adapter, Connection
from wsengine.message import Message, SendableMessage

FAULT = "fault"
"""The message that `FaultyAdapter` turns into a read error."""


class Recorder(Endpoint):
    """Notes every call; tests override what they need, and call `super()` for the note."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        """The names of the callbacks, in the order of their calls."""
        self.sessions: list[Session] = []
        self.restarting: list[bool] = []
        self.messages: list[Any] = []
        self.closes: list[Close] = []
        self.read_errors: list[Exception] = []
        self.close_errors: list[Exception] = []
        self.failures: list[RestartFailure] = []

    def on_open(self, session: Session, *, restarting: bool) -> Any:
        self.calls.append("on_open")
        self.sessions.append(session)
        self.restarting.append(restarting)

    def on_message(self, session: Session, message: Any) -> Any:
        self.calls.append("on_message")
        self.messages.append(message)

    def on_read_error(self, session: Session, error: Exception) -> Any:
        self.calls.append("on_read_error")
        self.read_errors.append(error)

    def on_close(self, session: Session, close: Close) -> Any:
        self.calls.append("on_close")
        self.closes.append(close)

    def on_close_error(self, session: Session, error: Exception) -> Any:
        self.calls.append("on_close_error")
        self.close_errors.append(error)

    def on_restart_error(self, engine: Engine, failure: RestartFailure) -> Any:
        self.calls.append("on_restart_error")
        self.failures.append(failure)


class FaultyAdapter:
    """Wraps an adapter: where a connection would receive `FAULT`, its read fails instead."""

    def __init__(self, inner: Adapter) -> None:
        self._inner = inner

    async def connect(self, url: str, options: ConnectOptions) -> FaultyConnection:
        """Dial."""
        return FaultyConnection(await self._inner.connect(url, options))


class FaultyConnection:
    """A connection of `FaultyAdapter`."""

    def __init__(self, inner: Connection) -> None:
        self._inner = inner

    @property
    def handshake(self) -> Handshake:
        return self._inner.handshake

    @property
    def native(self) -> Any:
        return self._inner.native

    async def receive(self) -> Message:
        message = await self._inner.receive()
        if message == FAULT:
            raise ValueError("this read was made to fail")
        return message

    async def send(self, message: SendableMessage) -> None:
        await self._inner.send(message)

    async def ping(self) -> float:
        return await self._inner.ping()

    async def close(self, code: int, reason: str) -> None:
        await self._inner.close(code, reason)
