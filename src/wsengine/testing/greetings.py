"""How a `RawServer` answers the opening handshake: as it should, or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from .peer import Peer, Request
from .wire import Deflate, WireError, accept_key

Greeting: TypeAlias = Callable[[Peer], Awaitable[None]]
"""What the server does with a new connection."""


def upgrade(
    *,
    subprotocol: str | None = None,
    deflate: bool = False,
    headers: Mapping[str, str] | None = None,
    accept: str | None = None,
    then: bytes = b"",
) -> Greeting:
    """Agree to the handshake (RFC 6455 section 4.2.2).

    Args:
        subprotocol: The subprotocol to choose.
        deflate: Whether to agree to permessage-deflate.
        headers: More headers of the response.
        accept: A Sec-WebSocket-Accept in place of the right one.
        then: What to send in the same write as the response.
    """

    async def greet(peer: Peer) -> None:
        request = await peer.read_request()
        fields = {
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Accept": accept or accept_key(_checked_key(request)),
            **(headers or {}),
        }
        if subprotocol is not None:
            fields["Sec-WebSocket-Protocol"] = subprotocol
        if deflate:
            fields["Sec-WebSocket-Extensions"] = "permessage-deflate"
            peer.deflate = Deflate()
        peer.write(_head("101 Switching Protocols", fields) + then)

    return greet


def refuse(status: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Greeting:
    """Refuse the handshake.

    Args:
        status: Code and phrase, such as "404 Not Found".
        headers: Headers of the response.
        body: Its body.
    """

    async def greet(peer: Peer) -> None:
        await peer.read_request()
        fields = {"Content-Length": str(len(body)), "Connection": "close", **(headers or {})}
        peer.write(_head(status, fields) + body)

    return greet


def say(data: bytes) -> Greeting:
    """Answer the request with bytes that are no HTTP, and hang up."""

    async def greet(peer: Peer) -> None:
        await peer.read_request()
        peer.write(data)
        peer.hang_up()

    return greet


async def hang(peer: Peer) -> None:
    """Read the request and never answer."""
    await peer.read_request()


async def proxy(peer: Peer) -> None:
    """Be an HTTP proxy (RFC 9110 section 9.3.6), and the server that it is asked for, in one."""
    request = await peer.read_request()
    if request.method != "CONNECT":
        raise WireError(f"a proxy must be asked to CONNECT, not to {request.method}")
    peer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await upgrade()(peer)


def _checked_key(request: Request) -> str:
    """Return the key of a request, if it is an opening handshake (RFC 6455 section 4.1)."""
    if request.method != "GET":
        raise WireError(f"the opening handshake must be a GET request, not {request.method}")
    request.one("host")
    for name, wanted in {
        "upgrade": "websocket",
        "connection": "upgrade",
        "sec-websocket-version": "13",
    }.items():
        if wanted not in request.one(name).lower():
            raise WireError(f"the request's {name} must be {wanted!r}, not {request.one(name)!r}")
    return request.one("sec-websocket-key")


def _head(status: str, fields: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")
