"""A contestant plays: against a server that has the addresses of the fuzzing server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest
from compliance.contestants import BARE, Contestant
from compliance.play import play_all
from websockets.asyncio.server import ServerConnection, serve

from wsengine.loading import ADAPTERS

CASES = ("hello", b"\x00\xff", "")


class Fuzzer:
    """Sends one message a case; notes the echoes, and who wanted a report."""

    url = ""

    def __init__(self) -> None:
        self.echoes: list[tuple[str, str | bytes]] = []
        self.reported: list[str] = []

    async def handle(self, connection: ServerConnection) -> None:
        """Serve one connection."""
        assert connection.request is not None
        address = urlsplit(connection.request.path)
        query = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path == "/getCaseCount":
            await connection.send(str(len(CASES)))
        elif address.path == "/updateReports":
            self.reported.append(query["agent"])
        elif query["case"] == "3":
            connection.transport.abort()  # the last case is a lost connection
        else:
            await connection.send(CASES[int(query["case"]) - 1])
            self.echoes.append((query["agent"], await connection.recv()))


@pytest.fixture
async def fuzzer() -> AsyncIterator[Fuzzer]:
    """A server on the loopback."""
    fuzzer = Fuzzer()
    async with serve(fuzzer.handle, "127.0.0.1", 0) as server:
        fuzzer.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield fuzzer


@pytest.mark.parametrize("bare", [False, True])
@pytest.mark.parametrize("library", ADAPTERS)
async def test_all_cases_are_played(fuzzer: Fuzzer, library: str, bare: bool) -> None:
    contestant = Contestant(library, bare)
    told: list[str] = []
    async with asyncio.timeout(20):
        assert await play_all(contestant, fuzzer.url, told.append) == len(CASES)
    name = f"{library}-bare" if bare else library
    assert fuzzer.echoes == [(name, CASES[0]), (name, CASES[1])]
    assert fuzzer.reported == [name]
    assert told == [f"{name}: 3 of 3 cases"]


def test_every_adapter_has_its_bare_library() -> None:
    assert set(BARE) == set(ADAPTERS)
