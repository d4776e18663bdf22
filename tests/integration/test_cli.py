"""The command line as a process, with real servers."""

from __future__ import annotations

import asyncio
import base64
import json
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request

import wsengine
from wsengine.servers.echo import EchoServer

from .command import Ended, environment, ran, running
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


def events(ended: Ended) -> list[dict[str, Any]]:
    """Return the events of `--json`; fails if a line is no JSON object of one."""
    parsed = [json.loads(line) for line in ended.out.splitlines()]
    assert all({"time", "event"} <= set(event) for event in parsed)
    return parsed


# Sending and receiving.


async def test_a_pipe_gets_its_echo(echo: EchoServer) -> None:
    ended = await ran("connect", echo.url, "--linger", "0.2", typed="hi\n")
    assert (ended.code, ended.err) == (0, "")
    told = [line.split(" ", 1)[1].split(" (")[0] for line in ended.out.splitlines()]
    assert told == [
        f"* connecting to {echo.url}",
        "* connected",
        "< hi",
        "* closing: 1001 GOING_AWAY",
        "* stopped",
    ]


async def test_a_long_file_gets_all_its_echoes(echo: EchoServer, tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("".join(f"line {number}\n" for number in range(6_000)))
    with path.open() as lines:
        async with running("connect", echo.url, "--json", stdin=lines.fileno()) as command:
            ended = await command.end()
    assert (ended.code, ended.err) == (0, "")
    came = [event["data"] for event in events(ended) if event["event"] == "message"]
    assert came == [f"line {number}" for number in range(6_000)]


@pytest.mark.parametrize("retrying", [[], ["--no-reconnect"]])
async def test_no_input_at_all_ends_when_it_was_connected(
    echo: EchoServer, retrying: list[str]
) -> None:
    async with running(
        "connect", echo.url, "--linger", "0.1", *retrying, stdin=asyncio.subprocess.DEVNULL
    ) as command:
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")
    assert "* connected" in ended.out


async def test_json_is_complete() -> None:
    async def greet(connection: ServerConnection) -> None:
        await connection.send(b"\x00\xff")
        await connection.send("é\n\x1b")
        assert await connection.recv() == "hi"
        await connection.close(1000, "done")

    async with PoliteServer(greet) as server:
        ended = await ran("connect", server.url, "--json", "--no-reconnect", typed="hi\n")
    assert (ended.code, ended.err) == (0, "")
    told = events(ended)
    kinds = [event["event"] for event in told]
    assert set(kinds) == {"state", "open", "message", "sent", "close"}
    states = [event["state"] for event in told if event["event"] == "state"]
    assert states == ["opening", "open", "closing", "stopped"]
    binary, text = (event for event in told if event["event"] == "message")
    assert (binary["type"], base64.b64decode(binary["data"])) == ("binary", b"\x00\xff")
    assert (text["type"], text["data"]) == ("text", "é\n\x1b")
    close = told[kinds.index("close")]
    assert (close["code"], close["reason"], close["client_initiated"]) == (1000, "done", False)


async def test_headers_and_subprotocols_reach_the_server() -> None:
    asked: list[Request] = []

    async def note(connection: ServerConnection) -> None:
        assert connection.request is not None
        asked.append(connection.request)

    async with PoliteServer(note, subprotocols=["second"]) as server:
        options = ["-H", "X-One: 1", "--header", "X-Two: a: b", "-s", "first", "-s", "second"]
        ended = await ran("connect", server.url, "--no-reconnect", *options)
    assert "subprotocol second" in ended.out
    (request,) = asked
    assert request.headers["X-One"] == "1"
    assert request.headers["X-Two"] == "a: b"
    assert request.headers["Sec-WebSocket-Protocol"] == "first, second"


async def test_the_proxy_of_the_environment_can_be_ignored(echo: EchoServer) -> None:
    async with running(
        "connect", echo.url, "--no-proxy", "--linger", "0.1", HTTP_PROXY="http://127.0.0.1:1"
    ) as command:
        ended = await command.end("hi\n")
    assert (ended.code, ended.err) == (0, "")
    assert "< hi" in ended.out


async def test_an_adapter_of_the_users_own_is_found_where_it_is(
    echo: EchoServer, tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(
        "from wsengine.adapters.websockets import WebsocketsAdapter\n"
        "def make(): return WebsocketsAdapter(user_agent_header='mine')\n"
    )
    options = ["--adapter", "mine:make", "--linger", "0.1"]
    # Like the installed command, and unlike `python -m`, this does not look into the folder.
    async with running("connect", echo.url, *options, cwd=tmp_path, PYTHONSAFEPATH="1") as command:
        ended = await command.end("hi\n")
    assert (ended.code, ended.err) == (0, "")
    assert "< hi" in ended.out


# Reconnecting.


async def test_losing_the_server_is_visible_and_no_line_is_lost(echo: EchoServer) -> None:
    async with running("connect", echo.url) as command:
        await command.line("connected")
        await echo.stop()
        await command.line(r"closed by the server: 1001")
        await command.line(r"connecting again in \d+\.\d\d s")
        await command.line(r"attempt 1 failed: connection refused.*; the next one in \d+\.\d\d s")
        await command.type("while away\n")
        await command.line("not connected; kept, to be sent later: while away")
        await echo.start()
        await command.line("connected again")
        await command.line("< while away")
        ended = await command.end("")
    assert (ended.code, ended.err) == (0, "")


async def test_the_first_dial_is_tried_again(unused: str) -> None:
    port = int(unused.rpartition(":")[2])
    async with running("connect", unused, "--json", "--linger", "0.1") as command:
        await command.type("early\n")
        failed = json.loads(await command.line("dial_failed"))
        assert (failed["attempt"], failed["next_delay"] > 0) == (1, True)
        async with EchoServer(port=port):
            ended = await command.end("")
    assert (ended.code, ended.err) == (0, "")
    assert [event["data"] for event in events(ended) if event["event"] == "message"] == ["early"]


# The other commands.


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_the_echo_server_runs_until_it_is_told_to_stop(number: signal.Signals) -> None:
    async with running("echo-server", "--port", "0") as server:
        url = (await server.line("ws://")).split()[3]
        ended = await ran("connect", url, "--linger", "0.1", typed="hi\n")
        assert "< hi" in ended.out
        server.signal(number)
        stopped = await server.end()
    assert (stopped.code, stopped.err) == (0, "")


async def test_an_address_in_use_is_one_line(echo: EchoServer) -> None:
    ended = await ran("echo-server", "--port", str(echo.port))
    assert ended.code == 1
    assert ended.error_line.startswith(
        f"wsengine: cannot listen on 127.0.0.1:{echo.port}: Address already in use; choose another"
    )


async def test_without_the_extra_it_is_one_line() -> None:
    script = "import sys; sys.modules['typer'] = None; import wsengine.cli; wsengine.cli.main()"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), stderr=asyncio.subprocess.PIPE, env=environment()
    )
    _, err = await process.communicate()
    assert process.returncode == 1
    (line,) = err.decode().splitlines()
    assert line.endswith('run: pip install "wsengine[cli]"')


async def test_version() -> None:
    ended = await ran("--version")
    assert (ended.code, ended.out) == (0, f"wsengine {wsengine.__version__}\n")
