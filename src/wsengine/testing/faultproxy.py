"""A TCP proxy between a client and a server that does to them what networks do.

    with FaultProxy("ws://127.0.0.1:8765/feed") as proxy:
        engine = Engine(proxy.url, endpoint)
        ...
        proxy.cut("rst")                    # every connection, now
        proxy.set(blackhole="down")         # half-open, until it is set back
        proxy.set(delay=0.2, jitter=0.1)
        proxy.corrupt()                     # one byte of what comes next
        proxy.heal()

It runs in a thread of its own, with an event loop of its own: a test that blocks its loop does
not stop the network. It knows nothing of WebSocket, so it takes any other protocol, too.
"""

from __future__ import annotations

import random
import socket
from types import TracebackType
from typing import Any, Self
from urllib.parse import SplitResult, urlsplit

from ..errors import EngineStateError
from ..validation import check_choice, check_whole, refuse
from .faultproxy_conditions import Conditions, Cut, Direction, FaultCounts
from .faultproxy_server import ProxyServer, resolve


class FaultProxy:
    """Stands between clients and one server, and disturbs them as it is told.

    `with` and `async with` start and close it. Every method is a plain function that may be
    called from any thread, and has taken effect when it returns.

    Args:
        target: The server: a URL, or "host:port". TLS passes through: the server's certificate
            must then be good for 127.0.0.1, where the proxy listens.
        seed: Where chance begins, for jitter and corrupted bytes; `None` draws one.
        drop_first: How many of the first connections are dropped as they come.
        **conditions: What to begin with; the fields of `Conditions`.

    Attributes:
        seed: The seed.

    Raises:
        ConfigError: The target names no host and port, or a condition breaks its rule.
    """

    def __init__(
        self, target: str, *, seed: int | None = None, drop_first: int = 0, **conditions: Any
    ) -> None:
        self._target = _parse(target)
        check_whole("drop_first", drop_first, least=0)
        self.seed = random.randrange(1 << 32) if seed is None else seed  # noqa: S311 - no secret
        self._conditions, self._drop_first = Conditions(**conditions), drop_first
        self._port = 0
        self._server: ProxyServer | None = None

    # Its life.

    def start(self) -> None:
        """Listen on a free port of the loopback interface.

        Raises:
            OSError: The target's name is not known.
            EngineStateError: It was started before.
        """
        if self._server is not None:
            raise EngineStateError("a FaultProxy is started once; make another one")
        addresses = resolve(self._target.hostname or "", _port_of(self._target))
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        listener.setblocking(False)
        self._port = listener.getsockname()[1]
        self._server = ProxyServer(
            listener, addresses, self._conditions, seed=self.seed, drop_first=self._drop_first
        )

    def close(self) -> None:
        """Cut off whoever is there, and end the thread. Safe to call twice.

        Raises:
            TimeoutError: The thread did not end within five seconds.
        """
        if self._server is not None:
            self._server.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<FaultProxy to {self._target.netloc}, seed {self.seed}>"

    # What it looks like.

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        self._running()
        return self._port

    @property
    def url(self) -> str:
        """The target's URL, by way of the proxy; `ws://` where the target is no URL."""
        return self._target._replace(netloc=f"127.0.0.1:{self.port}").geturl()

    @property
    def conditions(self) -> Conditions:
        """What is done to what passes now."""
        return self._running().conditions

    @property
    def counts(self) -> FaultCounts:
        """A snapshot of what was done; also after the end."""
        return self._running().counts

    def _running(self) -> ProxyServer:
        if self._server is None:
            raise EngineStateError("the FaultProxy is not started; use `with`, or start()")
        return self._server

    # Faults.

    def set(self, **conditions: Any) -> None:
        """Change some of the conditions, and leave the others as they are.

        Args:
            **conditions: Fields of `Conditions`.

        Raises:
            ConfigError: A condition breaks its rule.
            TypeError: There is no such condition.
        """
        self._running().change(conditions)

    def heal(self) -> None:
        """Let everything pass again, and forget what `drop_next` and `corrupt` asked for.

        What was held passes, too.
        """
        self._running().heal()

    def cut(self, how: Cut = "fin") -> int:
        """Cut all connections, and return how many; what is under way is lost.

        Args:
            how: "fin" ends them as a process does that ends, "rst" as a machine does that has
                forgotten them.
        """
        check_choice("how", how, ("fin", "rst"))
        return self._running().cut(how)

    def drop_next(self, connections: int = 1) -> None:
        """Drop so many of the next connections as they come, by a RST."""
        check_whole("connections", connections, least=0)
        self._running().drop_next(connections)

    def corrupt(self, chunks: int = 1, *, direction: Direction = "down") -> None:
        """Change one random byte in each of the next chunks, whatever connection they are of."""
        check_whole("chunks", chunks, least=0)
        check_choice("direction", direction, ("up", "down"))
        self._running().corrupt(direction, chunks)


def _parse(target: str) -> SplitResult:
    """Return the parts of a target, as a URL.

    Raises:
        ConfigError: It names no host and port.
    """
    is_url = "://" in target
    parts = urlsplit(target if is_url else f"ws://{target}")
    try:
        if parts.hostname and (_port_of(parts) if is_url else parts.port):
            return parts
    except (KeyError, ValueError):
        pass
    raise refuse("target", target, 'must be a URL, or "host:port"')


def _port_of(parts: SplitResult) -> int:
    return parts.port or {"ws": 80, "http": 80, "wss": 443, "https": 443}[parts.scheme]
