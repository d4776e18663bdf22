"""Adapters that break one clause each, to see that the conformance suite notices.

Each is the adapter for websockets, wrapped, with one thing wrong.
"""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque
from collections.abc import Callable, Coroutine, Sized
from types import SimpleNamespace
from typing import Any, cast

from wsengine import ConnectError, ConnectOptions, Handshake
from wsengine.adapter import Connection, Offering
from wsengine.adapters.websockets import WebsocketsAdapter
from wsengine.message import Message, SendableMessage
from wsengine.testing import Accept, ScriptedConnection


class Wrapped:
    """A connection that passes everything on. What breaks `receive` breaks `native_receive`."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    @property
    def handshake(self) -> Handshake:
        return self.connection.handshake

    @property
    def native(self) -> Any:
        return self.connection.native

    @property
    def native_receive(self) -> Callable[[], Coroutine[Any, Any, Message]]:
        return self.receive

    def translate(self, error: Exception) -> Exception:
        return error

    def offer_to(self, taker: Callable[[deque[Message]], object], awaited: Sized) -> None:
        cast("Offering", self.connection).offer_to(taker, awaited)

    async def receive(self) -> Message:
        return await self.connection.receive()

    async def send(self, message: SendableMessage) -> None:
        await self.connection.send(message)

    async def ping(self) -> float:
        return await self.connection.ping()

    async def close(self, code: int, reason: str) -> None:
        await self.connection.close(code, reason)


def plain(connection: Connection) -> Connection:
    """Return a connection without `native_receive`, which is allowed."""
    calls = {name: getattr(connection, name) for name in ("receive", "send", "ping", "close")}
    result: Any = SimpleNamespace(**calls, handshake=connection.handshake, native=connection.native)
    return cast("Connection", result)


class WrappedAdapter:
    """Makes wrapped connections; subclasses change the URL, the options or the library's."""

    wrapper: Callable[[Connection], Connection] = Wrapped

    def __init__(self, **library_options: Any) -> None:
        self.adapter = WebsocketsAdapter(**{"close_timeout": 0.3, **library_options})

    def change(self, options: ConnectOptions) -> ConnectOptions:
        return options

    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        connection = await self.adapter.connect(url, self.change(options))
        return type(self).wrapper(connection)


def wrapping(wrapper: Callable[[Connection], Connection]) -> Callable[[], WrappedAdapter]:
    """Return what makes adapters whose connections are wrapped like this."""
    return type(f"Adapter of {wrapper}", (WrappedAdapter,), {"wrapper": staticmethod(wrapper)})


def optioning(**changes: Any) -> Callable[[], WrappedAdapter]:
    """Return what makes adapters that use other options than they were given."""
    return optioning_and_wrapping(Wrapped, **changes)


def optioning_and_wrapping(
    wrapper_: Callable[[Connection], Connection], **changes: Any
) -> Callable[[], WrappedAdapter]:
    """Return what makes adapters that do both."""

    class Optioning(WrappedAdapter):
        wrapper = staticmethod(wrapper_)

        def change(self, options: ConnectOptions) -> ConnectOptions:
            return dataclasses.replace(options, **changes)

    return Optioning


# Handshakes.


class TitledHeaders(Wrapped):
    @property
    def handshake(self) -> Handshake:
        headers = {name.title(): value for name, value in self.connection.handshake.headers.items()}
        return dataclasses.replace(self.connection.handshake, headers=headers)


class NoSubprotocol(Wrapped):
    @property
    def handshake(self) -> Handshake:
        return dataclasses.replace(self.connection.handshake, subprotocol=None)


class DropsTheQuery(WrappedAdapter):
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        return await super().connect(url.partition("?")[0], options)


class IgnoresThePort(WrappedAdapter):
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        return await super().connect(url.replace(":8080", ""), options)


class NeverFails(WrappedAdapter):
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        try:
            return await super().connect(url, options)
        except ConnectError:
            return ScriptedConnection(Accept())


class LosesRetryAfter(WrappedAdapter):
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        try:
            return await super().connect(url, options)
        except ConnectError as error:
            raise ConnectError("refused", status=error.status, headers=error.headers) from error


class ShieldsTheDial(WrappedAdapter):
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        return await asyncio.shield(asyncio.ensure_future(super().connect(url, options)))


class SharesOne(WrappedAdapter):
    shared: Connection | None = None

    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        fresh = await super().connect(url, options)
        self.shared = self.shared or fresh
        return self.shared
