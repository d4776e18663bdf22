"""How `wsengine connect` ends: its exit code, and one line where something is wrong."""

from __future__ import annotations

import asyncio
import http
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from wsengine.servers.echo import EchoServer

from .command import ran, running
from .rude import Peer, RudeServer
from .servers import PoliteServer

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")


@pytest.fixture
async def echo() -> AsyncIterator[EchoServer]:
    async with EchoServer() as server:
        yield server


@pytest.fixture
async def unused() -> str:
    """A URL where nothing listens."""
    async with EchoServer() as server:
        return server.url


async def test_refused_without_retrying_is_one_line(unused: str) -> None:
    ended = await ran("connect", unused, "--no-reconnect", typed="hi\n")
    assert ended.code == 1
    assert ended.error_line == (
        f"wsengine: {unused}: connection refused; is the server running, and the port right?"
    )


async def test_what_was_not_sent_is_counted() -> None:
    async def hang_up_a_bit_later(peer: Peer) -> None:
        await asyncio.sleep(0.5)  # by then, the line has been read

    async with RudeServer(hang_up_a_bit_later) as server:
        ended = await ran("connect", server.url, "--no-reconnect", typed="hi\n")
    assert ended.code == 1
    assert "* 1 line was not sent" in ended.out


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["http://127.0.0.1:1"], 2, "must begin with ws:// or wss:// (did you mean ws://?)"),
        (["127.0.0.1:1"], 2, "must begin with ws:// or wss://"),
        (["ws://127.0.0.1:1", "--adapter", "nosuch"], 2, "adapter='nosuch': is not one of"),
        (["ws://127.0.0.1:1", "--adapter", "no.such:Thing"], 2, "cannot be imported"),
        (["ws://127.0.0.1:1", "--adapter", "broken:make"], 1, "RuntimeError('broken')"),
        (["ws://127.0.0.1:1", "-H", "Upgrade: no"], 2, "belongs to the handshake itself"),
    ],
)
async def test_what_cannot_be_is_one_line(
    arguments: list[str], code: int, message: str, tmp_path: Path
) -> None:
    broken = "def make():\n    raise RuntimeError('broken')\n"
    (tmp_path / "broken.py").write_text(broken)
    ended = await ran("connect", *arguments, cwd=tmp_path)
    assert ended.code == code
    assert message in ended.error_line
    assert ended.out == ""


@pytest.mark.parametrize(
    ("retrying", "advice"), [([], "; trying again would not help"), (["--no-reconnect"], "")]
)
async def test_a_fatal_refusal_is_one_line(retrying: list[str], advice: str) -> None:
    def deny(connection: ServerConnection, request: Request) -> Response:
        return connection.respond(http.HTTPStatus.UNAUTHORIZED, "no")

    async with PoliteServer(process_request=deny) as server:
        url = server.url
        ended = await ran("connect", url, *retrying)
    assert ended.code == 1
    assert ended.error_line == (
        f"wsengine: {url}: the server refused the handshake with HTTP status 401{advice}; "
        "give credentials with --header 'Authorization: ...'"
    )


async def test_a_fatal_close_is_one_line() -> None:
    async def expel(connection: ServerConnection) -> None:
        await connection.close(1008, "not you")

    async with PoliteServer(expel) as server, running("connect", server.url) as command:
        await command.line("closed by the server")
        ended = await command.end()
    assert ended.code == 1
    assert ended.error_line == (
        "wsengine: connection closed by the server: 1008 POLICY_VIOLATION (not you); "
        "trying again would not help"
    )


async def test_lines_that_a_server_did_not_wait_for_are_an_error() -> None:
    async def leave(connection: ServerConnection) -> None:
        connection.transport.pause_reading()  # so most of what comes cannot be sent
        await connection.send("enough")
        await connection.close(1000)

    async with PoliteServer(leave, compression=None) as server:
        ended = await ran("connect", server.url, "--no-reconnect", typed=300 * f"{'x' * 100_000}\n")
    assert ended.code == 1
    assert ended.error_line == (
        "wsengine: the server closed the connection before everything was sent"
    )
    assert "lines were not sent" in ended.out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_ends_it_cleanly(echo: EchoServer, number: signal.Signals) -> None:
    async with running("connect", echo.url) as command:
        await command.line("connected")
        command.signal(number)
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")
    assert "closing: 1001 GOING_AWAY" in ended.out


async def test_a_signal_ends_it_between_two_dials(unused: str) -> None:
    async with running("connect", unused) as command:
        await command.type("never sent\n")
        await command.line("attempt 2 failed")
        command.signal(signal.SIGINT)
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")
    assert "1 line was not sent" in ended.out


async def test_a_reader_that_goes_away_ends_it_quietly(echo: EchoServer) -> None:
    reading, writing = os.pipe()
    async with running("connect", echo.url, stdout=writing) as command:
        os.close(writing)
        await asyncio.to_thread(os.read, reading, 10)
        os.close(reading)
        ended = await command.end("x\n" * 1000)
    assert (ended.code, ended.err) == (0, "")
