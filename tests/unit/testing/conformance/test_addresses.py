"""The checks of addresses are skipped where the machine, or the adapter, has none of a kind."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from wsengine import ConnectError, ConnectOptions
from wsengine.adapter import Adapter, Connection
from wsengine.testing import CheckFailed, CheckSkipped, ScriptedAdapter, run_check


class Refuses:
    async def connect(self, url: str, options: ConnectOptions) -> Connection:
        raise ConnectError("nobody listens")


async def test_a_machine_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    start_server = asyncio.start_server

    async def start(serve: Any, host: str, port: int, **settings: Any) -> Any:
        if host == "::1":
            raise OSError("cannot assign requested address")
        return await start_server(serve, host, port, **settings)

    monkeypatch.setattr(asyncio, "start_server", start)
    with pytest.raises(CheckSkipped, match="this machine has no IPv6 loopback: cannot assign"):
        await run_check("dials_ipv6", ScriptedAdapter())


async def test_a_machine_without_unix_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(socket, "AF_UNIX")
    with pytest.raises(CheckSkipped, match="this machine has no unix sockets"):
        await run_check("dials_a_unix_socket", ScriptedAdapter())


async def test_an_adapter_that_does_not_offer_unix_sockets() -> None:
    with pytest.raises(CheckSkipped, match="not offered"):
        await run_check("dials_a_unix_socket", ScriptedAdapter())


async def test_what_makes_the_adapter_is_left_when_the_check_ends() -> None:
    steps: list[str] = []

    @contextlib.asynccontextmanager
    async def made(path: str) -> AsyncIterator[Adapter]:
        steps.append("entered")
        yield Refuses()
        steps.append("left")

    with pytest.raises(CheckFailed, match="nobody listens"):
        await run_check("dials_a_unix_socket", ScriptedAdapter(), unix=made)
    assert steps == ["entered", "left"]


async def test_an_adapter_that_finds_no_server_there_is_caught() -> None:
    with pytest.raises(CheckFailed, match="it returned a connection"):
        await run_check("dials_a_unix_socket", Refuses(), unix=lambda _: ScriptedAdapter())
