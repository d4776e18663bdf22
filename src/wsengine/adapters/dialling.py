"""A connected socket, to whichever address of a host answers first (RFC 8305, "happy eyeballs").

A host may have several addresses, of IPv6 and IPv4, some of which nobody answers at. To try them
one after the other is to wait for the first one until the dial is given up. `asyncio` can do better
where it is told to, but uvloop cannot, nor can every library; so it is done here.
"""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Iterable
from contextlib import ExitStack
from itertools import chain, zip_longest
from typing import Any, Final, TypeAlias

STAGGER: Final = 0.25
"""Seconds that an address has for itself before the next one is tried, too (RFC 8305 section 5)."""

Address: TypeAlias = tuple[Any, ...]
"""As of `socket.getaddrinfo`: family, kind, protocol, canonical name, and where to."""


class Dialled(socket.socket):
    """A socket that tells its peer also when that has reset it since.

    A library may take it for one that was never connected; so it finds the reset itself.
    """

    __slots__ = ("peer",)

    peer: Any

    def getpeername(self) -> Any:
        """Return where it is connected to."""
        try:
            return super().getpeername()
        except OSError:
            if not hasattr(self, "peer"):
                raise
            return self.peer


async def open_socket(host: str, port: int) -> Dialled:
    """Return a socket that is connected, and does not block.

    Where an address refuses, the next one is tried at once; where it does not answer, soon. It has
    no bound of its own: whoever awaits it has one, and cancels it, which closes all sockets.

    Raises:
        OSError: The host has no address, or none can be connected to.
    """
    addresses = interleave(await _look_up(host, port))
    if len(addresses) == 1:
        return await _connect(addresses[0])
    dials: set[asyncio.Task[Dialled]] = set()
    with ExitStack() as unless_returned:
        try:
            winner = await _race(deque(addresses), dials)
            unless_returned.callback(winner.close)
        finally:
            await _give_up(dials)
        unless_returned.pop_all()
    return winner


async def _race(left: deque[Address], dials: set[asyncio.Task[Dialled]]) -> Dialled:
    """Return the first that is connected; those that are not yet, or as soon, stay in `dials`."""
    failures: list[OSError] = []
    while left or dials:
        if left:
            dials.add(asyncio.create_task(_connect(left.popleft())))
        patience = STAGGER if left else None
        await asyncio.wait(dials, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
        for dial in [dial for dial in dials if dial.done()]:
            dials.remove(dial)
            try:
                return dial.result()
            except OSError as error:
                failures.append(error)
    raise _most_telling(failures)


def interleave(addresses: Iterable[Address]) -> list[Address]:
    """Return addresses in turns of their families, the family of the first one first.

    A family that does not get through at all then costs one `STAGGER`, not one for each address.
    """
    families: dict[Any, list[Address]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    turns = chain.from_iterable(zip_longest(*families.values()))
    return [address for address in turns if address is not None]


async def _connect(address: Address) -> Dialled:
    family, kind, protocol, _, to = address
    opened = Dialled(family, kind, protocol)
    with ExitStack() as unless_connected:
        unless_connected.callback(opened.close)
        opened.setblocking(False)
        await asyncio.get_running_loop().sock_connect(opened, to)
        opened.peer = to
        unless_connected.pop_all()
    return opened


async def _give_up(dials: set[asyncio.Task[Dialled]]) -> None:
    """Close what has not won, also what was connected in the same turn of the event loop."""
    for dial in dials:
        dial.cancel()
        dial.add_done_callback(_close)
    if dials:
        await asyncio.wait(dials)


def _close(dial: asyncio.Task[Dialled]) -> None:
    if not dial.cancelled() and dial.exception() is None:
        dial.result().close()


def _most_telling(failures: list[OSError]) -> OSError:
    """Return the failure that says most: a refusal comes from the host, others from the way."""
    refusals = (failure for failure in failures if isinstance(failure, ConnectionRefusedError))
    return next(chain(refusals, failures), OSError("the host has no address"))


async def _look_up(host: str, port: int) -> list[Address]:
    """Return the addresses of a host. For one that is an address itself it starts no thread."""
    kind = socket.SOCK_STREAM
    try:
        return socket.getaddrinfo(host, port, type=kind, flags=socket.AI_NUMERICHOST)
    except socket.gaierror:
        return await asyncio.get_running_loop().getaddrinfo(host, port, type=kind)
