from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import pytest

from wsengine import Close, ConfigError, ConnectError, EngineState, RestartFailure, StateChange
from wsengine.cli.record import Recorder, create

from .records import noon, session

S = EngineState


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def never() -> None:
    raise AssertionError("nothing failed")


def recorded(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]


def recorder(file: TextIO) -> tuple[Recorder, Clock]:
    clock = Clock()
    return Recorder(file, "ws://host", never, clock=clock, now=noon), clock


def test_every_event_has_its_line_and_its_time(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    report, clock = recorder(create(path, force=False))
    steps: list[Callable[[], None]] = [
        lambda: report.state(StateChange(S.IDLE, S.OPENING, "dialling")),
        lambda: report.dial_failed(RestartFailure(ConnectError("no"), 1, 0.5)),
        lambda: report.opened(session("chat"), restarting=False),
        lambda: report.sent("hé\ud800"),
        lambda: report.received(b"\x00\xff"),
        lambda: report.held("later"),
        lambda: report.unsent(2, "stopped"),
        lambda: report.trouble("reading failed", ValueError("odd")),
        lambda: report.closed(Close(1006)),
        lambda: report.state(StateChange(S.CLOSING, S.WAITING, "ended", 1.5)),
        lambda: report.state(StateChange(S.WAITING, S.STOPPED, "exit")),
    ]
    for tell in steps:
        clock.now += 0.1234567
        tell()
    report.end()
    assert [line.pop("time") for line in recorded(path)] == pytest.approx(
        [0, *(0.1234567 * n for n in (2, 3, 4, 5, 8, 9, 10, 11))], abs=1e-6
    )
    lines = [{k: v for k, v in line.items() if k != "time"} for line in recorded(path)]
    sid = "0123456789abcdef"
    at = "2026-03-04T12:00:00.005678Z"
    assert lines == [
        {"kind": "start", "at": at, "format": 1, "url": "ws://host"},
        {"kind": "dial_failed", "error": "no", "attempt": 1, "next_delay": 0.5},
        {"kind": "open", "session": sid, "restarting": False, "subprotocol": "chat"},
        {"kind": "text", "direction": "out", "text": "hé\ud800"},
        {"kind": "binary", "direction": "in", "data": "AP8="},
        {"kind": "error", "what": "reading failed", "error": "odd"},
        {"kind": "close", "code": 1006, "reason": "", "client_initiated": False},
        {"kind": "reconnect", "reason": "ended", "delay": 1.5},
        {"kind": "stop", "reason": "exit"},
    ]


def test_a_line_is_in_the_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    report, _ = recorder(create(path, force=False))
    report.sent("x")
    assert len(recorded(path)) == 2  # and it was not closed: a crash would keep both
    report.end()


@pytest.mark.skipif(sys.platform == "win32", reason="has other permissions")
def test_only_its_user_may_read_it(tmp_path: Path) -> None:
    create(tmp_path / "recording", force=False).close()
    assert stat.S_IMODE((tmp_path / "recording").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_replaced_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    path.write_text("precious")
    with pytest.raises(ConfigError, match="is there already; --force replaces it"):
        create(path, force=False)
    assert path.read_text() == "precious"
    create(path, force=True).close()
    assert path.read_text() == ""


@pytest.mark.parametrize("force", [False, True])
def test_a_place_that_is_not_there_is_told(tmp_path: Path, force: bool) -> None:
    with pytest.raises(ConfigError, match=r"--record .*file: No such file or directory"):
        create(tmp_path / "no" / "file", force=force)


class Full:
    """A disk that is full from some line on."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, text: str) -> None:
        self.room -= 1
        if self.room < 0:
            raise OSError(28, os.strerror(28))

    def close(self) -> None:
        raise OSError(5, os.strerror(5))


def test_a_full_disk_is_told_of_once() -> None:
    told: list[bool] = []
    file: Any = Full(room=1)
    report = Recorder(file, "ws://x", lambda: told.append(True), clock=Clock(), now=noon)
    assert report.failure is None
    report.sent("no room")
    report.sent("nor for this")
    report.end()
    assert told == [True]
    assert report.failure is not None
    assert report.failure.errno == 28  # the first one


def test_a_disk_that_fails_in_the_end_is_told() -> None:
    file: Any = Full(room=9)
    report = Recorder(file, "ws://x", never, clock=Clock(), now=noon)
    report.end()
    assert report.failure is not None


async def test_the_clock_is_that_of_the_loop(tmp_path: Path) -> None:
    path = tmp_path / "recording"
    report = Recorder(create(path, force=False), "ws://x", never)
    await asyncio.sleep(5)
    report.sent("x")
    report.end()
    assert [line["time"] for line in recorded(path)] == pytest.approx([0, 5])
    assert recorded(path)[0]["at"].endswith("Z")
