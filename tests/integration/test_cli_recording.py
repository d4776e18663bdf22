"""`wsengine connect` with --record and --replay."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine.servers.echo import EchoServer

from .command import ran, running
from .servers import PoliteServer, greet

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and pipes of POSIX")


@pytest.fixture
async def echo() -> AsyncIterator[EchoServer]:
    async with EchoServer() as server:
        yield server


def recorded(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def recording(path: Path, *messages: tuple[float, str | bytes]) -> str:
    """Write a recording that sent messages at some times, and return its name."""
    lines = [{"time": 0, "kind": "start", "format": 1}, {"time": 1, "kind": "open"}]
    for time, message in messages:
        what: dict[str, Any] = {"kind": "text", "text": message}
        if isinstance(message, bytes):
            what = {"kind": "binary", "data": base64.b64encode(message).decode()}
        lines.append({"time": 1 + time, "direction": "out", **what})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return str(path)


async def test_a_conversation_is_recorded(echo: EchoServer, tmp_path: Path) -> None:
    path = tmp_path / "recording"
    async with running("connect", echo.url, "--record", str(path)) as command:
        await command.type("one\n")
        await command.line("< one")
        await echo.close_clients(1012, "soon back")
        await command.line("connected again")
        ended = await command.end("two\n")
    assert (ended.code, ended.err) == (0, "")
    start, *events = recorded(path)
    assert (start["time"], start["kind"], start["url"]) == (0, "start", echo.url)
    age = datetime.now(UTC) - datetime.fromisoformat(start["at"])
    assert timedelta(0) < age < timedelta(minutes=1)
    told = [(event["kind"], event.get("direction"), event.get("text")) for event in events]
    first = [("open", None, None), ("text", "out", "one"), ("text", "in", "one")]
    lost = [("close", None, None), ("reconnect", None, None), ("open", None, None)]
    second = [("text", "out", "two"), ("text", "in", "two")]
    assert told == [*first, *lost, *second, ("close", None, None), ("stop", None, None)]
    closes = [event for event in events if event["kind"] == "close"]
    assert [(close["code"], close["client_initiated"]) for close in closes] == [
        (1012, False),
        (1001, True),
    ]
    times = [event["time"] for event in events]
    assert times == sorted(times)
    assert 0 < times[0] < times[-1] < age.total_seconds()


async def test_a_crash_keeps_what_was(echo: EchoServer, tmp_path: Path) -> None:
    path = tmp_path / "recording"
    async with running("connect", echo.url, "--record", str(path)) as command:
        await command.type("one\n")
        await command.line("< one")
        command.signal(signal.SIGKILL)
        assert (await command.end()).code == -signal.SIGKILL
    assert [event["kind"] for event in recorded(path)] == ["start", "open", "text", "text"]


async def test_a_file_that_is_there_is_not_touched(echo: EchoServer, tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_text("precious")
    ended = await ran("connect", echo.url, "--record", str(path))
    assert (ended.code, ended.out) == (2, "")
    assert ended.error_line == f"wsengine: --record {path}: is there already; --force replaces it"
    assert path.read_text() == "precious"
    ended = await ran("connect", echo.url, "--record", str(path), "--force", "--linger", "0")
    assert ended.code == 0
    assert recorded(path)[0]["kind"] == "start"


@pytest.mark.parametrize("wrong", [["--adapter", "nosuch"], ["--replay", "nosuch"]])
async def test_where_something_else_is_wrong_there_is_no_file(
    echo: EchoServer, tmp_path: Path, wrong: list[str]
) -> None:
    path = tmp_path / "recording"
    ended = await ran("connect", echo.url, "--record", str(path), *wrong)
    assert ended.code == 2
    assert not path.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="has no /dev/full")
async def test_a_full_disk_ends_it_with_one_line(echo: EchoServer) -> None:
    ended = await ran("connect", echo.url, "--record", "/dev/full", "--force")
    assert ended.code == 1
    assert ended.error_line == "wsengine: --record /dev/full: No space left on device"
    assert ended.out == ""  # what cannot be recorded is not begun


# --replay


async def test_a_recording_is_sent_again(tmp_path: Path) -> None:
    came: list[str | bytes] = []

    async def note(connection: ServerConnection) -> None:
        came.extend([message async for message in connection])

    path = recording(tmp_path / "recording", (0.0, "one\nline"), (0.1, b"\x00\x00\x00"), (0.2, "é"))
    async with PoliteServer(note) as server:
        ended = await ran("connect", server.url, "--replay", path, "--linger", "0.5")
    assert (ended.code, ended.err) == (0, "")
    assert came == ["one\nline", b"\x00\x00\x00", "é"]
    shown = [line.partition("> ")[2] for line in ended.out.splitlines() if " > " in line]
    assert shown == ["one", "binary, 3 bytes: 00 00 00", "é"]


@pytest.mark.parametrize(("speed", "least"), [(None, 2.0), ("4", 0.5)])
async def test_it_takes_its_time(tmp_path: Path, speed: str | None, least: float) -> None:
    path = recording(tmp_path / "recording", (0.0, "one"), (2.0, "two"))
    options = [] if speed is None else ["--speed", speed]
    again = tmp_path / "again"
    async with PoliteServer() as server:
        ended = await ran(
            *("connect", server.url, "--replay", path, *options),
            *("--record", str(again), "--linger", "0"),
        )
    assert (ended.code, ended.err) == (0, "")
    first, second = (event["time"] for event in recorded(again) if event["kind"] == "text")
    assert second - first >= least - 0.1


async def test_at_once_it_takes_none(tmp_path: Path) -> None:
    path = recording(tmp_path / "recording", (0.0, "one"), (3600.0, "two"))
    async with PoliteServer(greet()) as server:
        ended = await ran("connect", server.url, "--replay", path, "--speed", "0", "--linger", "0")
    assert (ended.code, ended.err) == (0, "")
    assert "> two" in ended.out


async def test_what_it_has_recorded_it_can_replay(echo: EchoServer, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    options = ["--linger", "0.3"]
    await ran("connect", echo.url, "--record", str(first), *options, typed="one\ntwo é\n")
    await ran("connect", echo.url, "--replay", str(first), "--record", str(second), *options)
    texts = [
        [(event["direction"], event["text"]) for event in recorded(path) if event["kind"] == "text"]
        for path in (first, second)
    ]
    assert sorted(texts[0]) == sorted(texts[1])
    assert ("in", "two é") in texts[1]


async def test_what_was_not_sent_in_the_end_is_counted(echo: EchoServer, tmp_path: Path) -> None:
    path = recording(tmp_path / "recording", (0.0, "one"), (3600.0, "two"))
    async with running("connect", echo.url, "--replay", path) as command:
        await command.line("< one")
        command.signal(signal.SIGINT)
        ended = await command.end()
    assert (ended.code, ended.err) == (0, "")
    assert "* 1 line was not sent: stopped before that" in ended.out


async def test_a_damaged_line_is_named_and_nothing_is_sent(
    echo: EchoServer, tmp_path: Path
) -> None:
    path = tmp_path / "recording"
    recording(path, (0.0, "one"))
    with path.open("a") as file:
        file.write('{"time": 9, "kind": "te')
    ended = await ran("connect", echo.url, "--replay", str(path))
    assert (ended.code, ended.out) == (2, "")
    assert ended.error_line.startswith(f"wsengine: --replay {path}: line 4: is not JSON (")
