"""`wsengine connect` in scripts and health checks: --send, --once, --expect."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine.servers.echo import EchoServer

from .command import Ended, ran, running
from .servers import PoliteServer, greet

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


def outcome(ended: Ended) -> tuple[int, str, str]:
    return ended.code, ended.out, ended.err


# --once


@pytest.mark.parametrize(
    ("options", "typed"),
    [(["--send", "one", "--send", "two"], "not read"), ([], "one\ntwo\n")],
)
async def test_once_writes_the_first_reply(
    echo: EchoServer, options: list[str], typed: str
) -> None:
    ended = await ran("connect", echo.url, "--once", *options, typed=typed)
    assert outcome(ended) == (0, "one\n", "")


async def test_once_has_sent_everything_when_it_ends() -> None:
    came: list[str | bytes] = []

    async def answer_the_first(connection: ServerConnection) -> None:
        async for message in connection:
            came.append(message)
            if len(came) == 1:
                await connection.send("yes")

    async with PoliteServer(answer_the_first) as server:
        lines = [f"line {number}" for number in range(500)]
        ended = await ran("connect", server.url, "--once", typed="\n".join(lines))
    assert outcome(ended) == (0, "yes\n", "")
    assert came == lines


async def test_once_without_anything_to_send_writes_the_greeting() -> None:
    async with PoliteServer(greet("welcome", "and more")) as server:
        ended = await ran("connect", server.url, "--once")
    assert outcome(ended) == (0, "welcome\n", "")


async def test_once_writes_binary_as_base64() -> None:
    async with PoliteServer(greet(b"\x00\xff")) as server:
        ended = await ran("connect", server.url, "--once")
    assert outcome(ended) == (0, "AP8=\n", "")


async def test_once_with_expect_writes_up_to_what_is_expected() -> None:
    async with PoliteServer(greet("welcome", "still busy", "ready: yes", "more")) as server:
        ended = await ran("connect", server.url, "--once", "--expect", "ready: (yes|no)")
    assert outcome(ended)[::2] == (0, "")
    assert ended.out.splitlines()[:3] == ["welcome", "still busy", "ready: yes"]


async def test_once_as_json_tells_everything(echo: EchoServer) -> None:
    ended = await ran("connect", echo.url, "--once", "--json", "--send", "x")
    assert (ended.code, ended.err) == (0, "")
    kinds = [json.loads(line)["event"] for line in ended.out.splitlines()]
    assert {"open", "sent", "message", "close"} <= set(kinds)


async def test_once_does_not_try_again(unused: str) -> None:
    ended = await ran("connect", unused, "--once", "--send", "x")
    assert (ended.code, ended.out) == (1, "")
    assert ended.error_line == (
        f"wsengine: {unused}: connection refused; is the server running, and the port right?"
    )


async def test_once_without_a_reply_is_one_line() -> None:
    async with PoliteServer() as server:  # it only listens
        ended = await ran("connect", server.url, "--once", "--send", "x", "--within", "1.5")
    assert outcome(ended) == (1, "", "wsengine: no reply came within 1.5 s\n")


async def test_once_with_a_server_that_leaves_is_one_line() -> None:
    async def leave(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.close(1000, "bye")

    async with PoliteServer(leave) as server:
        ended = await ran("connect", server.url, "--once", "--send", "x")
    assert outcome(ended) == (
        1,
        "",
        "wsengine: no reply came before the server closed the connection: "
        "1000 NORMAL_CLOSURE (bye)\n",
    )


async def test_once_with_a_server_that_disappears_is_one_line() -> None:
    async def vanish(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.abort()

    async with PoliteServer(vanish) as server:
        ended = await ran("connect", server.url, "--once", "--send", "x")
    assert (ended.code, ended.out) == (1, "")
    assert ended.error_line.startswith("wsengine: connection lost: 1006 ABNORMAL_CLOSURE")


async def test_a_reply_counts_also_when_the_server_disappears_right_after_it() -> None:
    async def answer_and_vanish(connection: ServerConnection) -> None:
        await connection.send(f"so, {await connection.recv(decode=True)}")
        await connection.close(1011, "now it is broken")

    async with PoliteServer(answer_and_vanish) as server:
        ended = await ran("connect", server.url, "--once", "--send", "x")
    assert outcome(ended) == (0, "so, x\n", "")


# --expect


async def test_all_patterns_are_seen_in_order(echo: EchoServer) -> None:
    options = ["--send", "one", "--send", "two", "--expect", "^on", "--expect", "wo$"]
    ended = await ran("connect", echo.url, *options, typed="three\n")
    assert (ended.code, ended.err) == (0, "")
    assert "< three" in ended.out or "> two" in ended.out


async def test_what_is_piped_is_sent_also_when_all_was_seen_before() -> None:
    came: list[str | bytes] = []

    async def greet_and_listen(connection: ServerConnection) -> None:
        await connection.send("welcome")
        came.extend([message async for message in connection])

    async with PoliteServer(greet_and_listen) as server:
        lines = [f"line {number}" for number in range(500)]
        ended = await ran("connect", server.url, "--expect", "welcome", typed="\n".join(lines))
        await server.seen_close(0)
    assert (ended.code, ended.err) == (0, "")
    assert came == lines


async def test_what_was_seen_counts_when_the_server_disappears_after_it() -> None:
    async def answer_and_fail(connection: ServerConnection) -> None:
        await connection.send(f"so, {await connection.recv(decode=True)}")
        await connection.close(1011, "now it is broken")

    async with PoliteServer(answer_and_fail) as server:
        options = ("--no-reconnect", "--expect", "so")
        async with running("connect", server.url, *options) as command:
            await command.type("x\n")
            await command.line("stopped")  # while its input is still open
            ended = await command.end()
    assert (ended.code, ended.err) == (0, "")


async def test_a_pattern_that_is_not_seen_is_one_line(echo: EchoServer) -> None:
    options = ["--send", "two", "--send", "one", "--expect", "one", "--expect", "two"]
    ended = await ran("connect", echo.url, *options, "--within", "1.5")
    assert ended.code == 1
    assert ended.error_line == "wsengine: 'two' (pattern 2 of 2) was not seen within 1.5 s"
    assert "* closing: 1001 GOING_AWAY" in ended.out


async def test_a_server_that_comes_up_in_time_is_waited_for(unused: str) -> None:
    port = int(unused.rpartition(":")[2])
    options = ("--send", "up?", "--expect", "up", "--within", "20")
    async with running("connect", unused, *options) as command:
        await command.line("attempt 1 failed")
        async with EchoServer(port=port):
            ended = await command.end("")
    assert (ended.code, ended.err) == (0, "")


async def test_a_server_that_does_not_is_one_line(unused: str) -> None:
    ended = await ran("connect", unused, "--expect", "up", "--within", "1.5")
    assert ended.code == 1
    assert ended.error_line == (
        f"wsengine: 'up' was not seen within 1.5 s; {unused}: connection refused; "
        "is the server running, and the port right?"
    )


async def test_an_input_that_does_not_end_is_no_failure(echo: EchoServer) -> None:
    async with running("connect", echo.url, "--expect", "x", "--within", "3") as command:
        await command.type("x\n")
        await command.line("< x")
        await command.line("stopped")  # at the end of the time
        assert command.out  # its input is still open
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")


async def test_being_stopped_before_is_a_failure(echo: EchoServer) -> None:
    async with running("connect", echo.url, "--expect", "x", "--within", "20") as command:
        await command.line("connected")
        command.signal(signal.SIGTERM)
        ended = await command.end()
    assert ended.code == 1
    assert ended.error_line == "wsengine: 'x' was not seen before it was stopped"


async def test_a_reader_that_goes_away_before_is_a_failure() -> None:
    async def talk(connection: ServerConnection) -> None:
        for number in range(100_000):
            await connection.send(f"line {number}")
            await asyncio.sleep(0.01)

    async with PoliteServer(talk) as server:
        command = f"{sys.executable} -m wsengine connect {server.url} --no-proxy --expect never"
        process = await asyncio.create_subprocess_shell(
            f"({command} --within 20; echo code $? >&2) | head -n 2",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        async with asyncio.timeout(30):
            out, err = await process.communicate()
    assert len(out.splitlines()) == 2
    assert err.decode().splitlines() == [
        "wsengine: 'never' was not seen before standard output was closed",
        "code 1",
    ]


# --send


async def test_what_is_given_is_sent_before_the_input(echo: EchoServer) -> None:
    ended = await ran(
        "connect", echo.url, "--send", "one", "--send", "", "--linger", "0.3", typed="two\n"
    )
    assert (ended.code, ended.err) == (0, "")
    came = [line.partition("< ")[2] for line in ended.out.splitlines() if " < " in line]
    assert came == ["one", "", "two"]
