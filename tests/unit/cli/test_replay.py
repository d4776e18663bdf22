from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from wsengine import ConfigError, EngineState, StateChange
from wsengine.cli.app import run
from wsengine.cli.record import Recorder, create
from wsengine.cli.replay import Outgoing, Replay, read_recording
from wsengine.message import Message

from .records import session

OPEN = StateChange(EngineState.OPENING, EngineState.OPEN, "open")


def written(path: Path, *lines: dict[str, Any] | str) -> Path:
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return path


def out(time: float, text: str) -> dict[str, Any]:
    return {"time": time, "kind": "text", "direction": "out", "text": text}


# Reading.


async def test_a_recording_gives_back_what_was_sent(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    recorder = Recorder(create(path, force=False), "ws://x", lambda: None)
    await asyncio.sleep(2)
    recorder.opened(session(), restarting=False)
    await asyncio.sleep(1)
    recorder.sent("é\n")
    recorder.received("reply")
    await asyncio.sleep(3)
    recorder.opened(session(), restarting=True)
    recorder.sent(b"\x00\xff")
    recorder.end()
    assert read_recording(path) == [Outgoing(1.0, "é\n"), Outgoing(4.0, b"\x00\xff")]


def test_without_an_open_the_times_are_those_of_the_lines(tmp_path: Path) -> None:
    path = written(tmp_path / "by hand", out(1, "a"), "", "  ", out(2.5, "b"))
    assert read_recording(path) == [Outgoing(1.0, "a"), Outgoing(2.5, "b")]


def test_lines_of_another_kind_are_passed_over(tmp_path: Path) -> None:
    path = written(tmp_path / "new", {"time": 1, "kind": "comet", "tail": 1}, out(2, "b"))
    assert read_recording(path) == [Outgoing(2.0, "b")]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ('{"time": 1, "kind": "te', "is not JSON (Unterminated string starting at); was it cut"),
        ("[" * 100_000, "is not JSON (nested too deeply)"),
        (f'{{"time": {"1" * 5000}}}', "is not JSON (Exceeds the limit"),
        ("[1]", "must be an object"),
        ({"time": 1}, 'needs a "kind"'),
        ({"time": 1, "kind": "start", "format": 2}, '"format" must be 1; this recording has 2'),
        ({"kind": "open"}, '"time" must be a number of seconds'),
        ({"kind": "open", "time": -1}, '"time" must be'),
        ({"kind": "open", "time": True}, '"time" must be'),
        ({"kind": "open", "time": 10**400}, '"time" must be'),
        ('{"kind": "open", "time": NaN}', '"time" must be'),
        ({"time": 1, "kind": "text", "text": "x"}, '"direction" must be "in" or "out"'),
        ({"time": 1, "kind": "text", "direction": "out"}, 'a text message needs "text", a string'),
        (
            {"time": 1, "kind": "binary", "direction": "in", "text": ""},
            'a binary message needs "data"',
        ),
        (
            {"time": 1, "kind": "binary", "direction": "out", "data": "A"},
            '"data" is not base64',
        ),
        ({"time": 1, "kind": "binary", "direction": "out", "data": "AP8=!"}, '"data" is not'),
        (
            {"time": 1, "kind": "text", "direction": "out", "text": "\ud800"},
            '"text" has a lone surrogate',
        ),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: dict[str, Any] | str, why: str) -> None:
    path = written(tmp_path / "broken", out(0, "a"), line, out(1, "b"))
    with pytest.raises(ConfigError) as raised:
        read_recording(path)
    assert str(raised.value).startswith(f"--replay {path}: line 2: {why}")


@pytest.mark.parametrize("lines", [[], ["", "  "], [{"time": 1, "kind": "comet"}]])
def test_a_file_with_nothing_of_a_recording_is_none(
    tmp_path: Path, lines: list[dict[str, Any] | str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "empty", *lines)
    with pytest.raises(ConfigError, match="empty: is not a recording: it has no start"):
        read_recording(path)
    assert run(["connect", "ws://127.0.0.1:9", "--replay", str(path)]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)


def test_a_recording_may_have_sent_nothing(tmp_path: Path) -> None:
    assert read_recording(written(tmp_path / "r", {"time": 0, "kind": "start", "format": 1})) == []


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="none: No such file or directory"):
        read_recording(tmp_path / "none")
    (tmp_path / "binary").write_bytes(b"\x80\x81\n")
    with pytest.raises(ConfigError, match="binary: is not a recording"):
        read_recording(tmp_path / "binary")


# Sending.


async def sent_at(replay: Replay) -> list[tuple[float, Message]]:
    loop = asyncio.get_running_loop()
    taken = []
    while (message := await replay.next()) is not None:
        taken.append((round(loop.time(), 3), message))
    return taken


MESSAGES = [Outgoing(1.0, "a"), Outgoing(4.0, b"b"), Outgoing(3.0, "c"), Outgoing(7200.0, "d")]


@pytest.mark.parametrize(
    ("speed", "times"),
    [(1, [6, 9, 9, 7205]), (2, [5.5, 7, 7, 3605]), (0.5, [7, 13, 13, 14405]), (0, [5, 5, 5, 5])],
)
async def test_messages_come_at_their_times_from_the_first_session_on(
    speed: float, times: list[float]
) -> None:
    replay = Replay(MESSAGES, speed)
    loop = asyncio.get_running_loop()
    loop.call_later(5, replay.follow, OPEN)
    loop.call_later(5.2, replay.follow, OPEN)  # a second session changes nothing
    assert len(replay) == 4
    assert await sent_at(replay) == list(zip(times, ["a", b"b", "c", "d"], strict=True))
    assert len(replay) == 0


async def test_nothing_to_send_waits_for_no_session() -> None:
    assert await Replay([]).next() is None
