"""Situations: servers that attack, TLS, redirects."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
import zlib

from wsengine.testing.certificates import Certificates
from wsengine.testing.greetings import refuse, upgrade
from wsengine.testing.peer import Peer
from wsengine.testing.wire import Frame, Opcode

from .order import Order
from .site import Site
from .subject import running
from .trial import Result, mebibytes, situation

HOSTILE, SECURITY = "Hostile servers", "TLS and credentials"

MIB = 1024 * 1024


async def attack(name: str, site: Site) -> Result:
    """Let a site attack a client, and return what it cost and how it ended."""
    async with site, running(name, Order(url=site.url, pings=False, quiet=True)) as subject:
        before = subject.memory()
        await asyncio.sleep(6)
        alive = subject.alive
        grown = subject.memory("VmHWM") - before if alive else 0
        back = len(site.dials) > 1
    code = site.closes[0] if site.closes else None
    figures = {"grown": grown, "code": code, "back": back, "alive": alive}
    how = f"closes with {code}" if code else "no close frame"
    after = "comes back" if back else "goes on" if alive else "the program ends"
    return Result(f"{how}, {after}; {mebibytes(grown)}", figures)


@situation(HOSTILE, "a frame of 1 GiB is announced, and 256 MiB of it come", alone=True)
async def oversized(name: str) -> Result:
    async def greet(peer: Peer) -> None:
        await site.upgrade(peer)
        task = asyncio.create_task(site.read(peer))
        peer.write(struct.pack("!BBQ", 0x82, 127, 1024 * MIB))
        with contextlib.suppress(OSError):
            for _ in range(256):
                peer.write(bytes(MIB))
                await peer.drain()
        await task

    site = Site(greet)
    return await attack(name, site)


@situation(HOSTILE, "a compressed message of 0.5 MiB inflates to 512 MiB", alone=True)
async def bomb(name: str) -> Result:
    offered = True

    async def greet(peer: Peer) -> None:
        nonlocal offered
        await upgrade(deflate=True)(peer)
        offered = any("deflate" in value for value in peer.request.all("sec-websocket-extensions"))
        deflate = zlib.compressobj(wbits=-15)
        chunks = [deflate.compress(bytes(MIB)) for _ in range(512)]
        payload = b"".join(chunks) + deflate.flush(zlib.Z_SYNC_FLUSH)
        peer.send(Frame(Opcode.BINARY, payload[:-4], rsv1=True))
        await site.read(peer)

    site = Site(greet)
    result = await attack(name, site)
    return result if offered else Result("has no compression", {"offered": False})


@situation(HOSTILE, "a text message is not UTF-8")
async def invalid_utf8(name: str) -> Result:
    async def greet(peer: Peer) -> None:
        await site.upgrade(peer)
        peer.send(Frame(Opcode.TEXT, b"\xff\xfe"))
        await site.read(peer)

    site = Site(greet)
    return await attack(name, site)


async def dialled(name: str, context: ssl.SSLContext) -> Result:
    """Have a client dial a server that it should not trust."""
    async with (
        Site(ssl=context) as site,
        running(name, Order(url=site.url), until="") as subject,
    ):
        opened = await subject.when("open", within=4)
    if opened is not None:
        return Result("connects", {"connected": True})
    return Result("refused", {"connected": False})


@situation(SECURITY, "wss:// to a server with a certificate of an unknown authority")
async def unknown_authority(name: str) -> Result:
    return await dialled(name, Certificates().server("127.0.0.1"))


@situation(SECURITY, "the dial is redirected to another server; it had an Authorization header")
async def redirect_authorization(name: str) -> Result:
    return await redirected(name, "Authorization")


@situation(SECURITY, "the dial is redirected to another server; it had a token in X-Api-Key")
async def redirect_key(name: str) -> Result:
    return await redirected(name, "X-Api-Key")


async def redirected(name: str, header: str) -> Result:
    """Redirect a client to another server, and return whether its token went there."""
    async with Site() as other:
        away = refuse("302 Found", {"Location": other.url})
        async with Site(then=away) as site:
            order = Order(url=site.url, headers={header: "secret"})
            async with running(name, order, until="") as subject:
                await subject.when("open", within=4)
    followed = bool(other.requests)
    leaked = any(header.lower() in request for request in other.requests)
    figures = {"followed": followed, "leaked": leaked}
    if not followed:
        return Result("not followed", figures)
    return Result(f"followed, {'with' if leaked else 'without'} the header", figures)
