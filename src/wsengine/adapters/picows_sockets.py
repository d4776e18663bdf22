"""Sockets for the `picows` adapter: to have them in hand, and to be taken by the library.

As of picows 2.3 the library leaves its socket open when its handshake is cancelled. Of a socket
that is given to it, and was reset since, it thinks that it was never connected. It sets the
options of TCP on each socket, and on one that has none, such as a unix socket, it crashes the
whole process.
"""

from __future__ import annotations

import contextlib
import inspect
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from picows import WSParsedURL

from ..errors import ConfigError
from .dialling import open_socket

SocketFactory: TypeAlias = Callable[
    [WSParsedURL], socket.socket | Awaitable[socket.socket | None] | None
]


class Sockets:
    """Opens the sockets of one dial: to the server or the proxy, and to where it redirects.

    Args:
        factory: The user's, asked first; it may return `None`.
        any_family: Whether the library sees the sockets as they are, so that their family can
            be hidden from it. (The transports of uvloop hide them.)
    """

    def __init__(self, factory: SocketFactory | None, *, any_family: bool = True) -> None:
        self._factory = factory
        self._any_family = any_family
        self._opened: list[socket.socket] = []

    async def open(self, target: WSParsedURL) -> socket.socket:
        """Return a connected socket.

        Raises:
            ConfigError: The user's is of a family that the library would crash on.
            OSError: No address of the host can be connected to.
        """
        made = None if self._factory is None else self._factory(target)
        if inspect.isawaitable(made):
            made = await made
        if made is None:
            made = await open_socket(target.host, target.port)
        elif made.family not in {socket.AF_INET, socket.AF_INET6}:
            if not self._any_family:
                made.close()
                raise ConfigError(
                    "socket_factory: for this socket leave use_aiofastnet=False out; with TLS give "
                    "use_aiofastnet=True"
                )
            made = _NoTCP(made.family, made.type, made.proto, made.detach())
            made.setblocking(False)
        self._opened.append(made)
        return made

    def shut_down(self) -> None:
        """Cut all of them off."""
        for opened in self._opened:
            with contextlib.suppress(OSError):
                opened.shutdown(socket.SHUT_RDWR)


class _NoTCP(socket.socket):
    """A socket that ignores the options of TCP."""

    def setsockopt(self, level: int, *arguments: Any) -> None:
        if level != socket.IPPROTO_TCP:
            super().setsockopt(level, *arguments)

    def getsockopt(self, level: int, *arguments: Any) -> Any:
        return 0 if level == socket.IPPROTO_TCP else super().getsockopt(level, *arguments)
