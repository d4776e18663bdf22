"""Sending what a recording has sent, at the times at which it was sent."""

from __future__ import annotations

import asyncio
import base64
import json
import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from ..message import Message
from ..states import EngineState, StateChange
from .endings import LONG
from .record import FORMAT


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message that was sent.

    Args:
        time: Seconds since the first session of the recording was open.
        message: The message.
    """

    time: float
    message: Message


class _Damaged(Exception):
    """What is wrong with a line."""


def read_recording(path: Path) -> list[Outgoing]:
    """Return what was sent in a recording; every line of it is checked.

    Raises:
        ConfigError: The file cannot be read, or a line is damaged; the message has its number.
    """
    try:
        with path.open(encoding="utf-8") as lines:
            return _outgoing(path, lines)
    except OSError as error:
        raise ConfigError(f"--replay {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"--replay {path}: is not a recording, nor any other text") from error


def _outgoing(path: Path, lines: Iterable[str]) -> list[Outgoing]:
    started = False
    opened: float | None = None
    found: list[Outgoing] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = _parsed(line)
            time, message = _time(entry), _sent(entry)
        except _Damaged as error:
            raise ConfigError(f"--replay {path}: line {number}: {error}") from error
        started = started or entry["kind"] == "start"
        if opened is None and entry["kind"] == "open":
            opened = time
        if message is not None:
            found.append(Outgoing(time - (opened or 0.0), message))
    if not started and not found:
        raise ConfigError(f"--replay {path}: is not a recording: it has no start, and no message")
    return found


def _parsed(line: str) -> dict[str, Any]:
    try:
        entry = json.loads(line.strip())
    except (ValueError, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        why = "nested too deeply" if deep else getattr(error, "msg", str(error))
        raise _Damaged(f"is not JSON ({why}); was it cut off?") from error
    if not isinstance(entry, dict):
        raise _Damaged("must be an object, such as {...}")
    kind = entry.get("kind")
    if not isinstance(kind, str):
        raise _Damaged('needs a "kind", such as "text" or "open"')
    if kind == "start" and entry.get("format") != FORMAT:
        raise _Damaged(f'"format" must be {FORMAT}; this recording has {entry.get("format")!r}')
    return entry


def _time(entry: dict[str, Any]) -> float:
    time = entry.get("time")
    if isinstance(time, int | float) and not isinstance(time, bool):
        try:
            seconds = float(time)
        except OverflowError:  # a whole number that no float holds
            seconds = math.inf
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    raise _Damaged('"time" must be a number of seconds, 0 or more')


def _sent(entry: dict[str, Any]) -> Message | None:
    """Return the message of an entry that is about one that was sent."""
    if entry["kind"] not in ("text", "binary"):
        return None
    if entry.get("direction") not in ("in", "out"):
        raise _Damaged('"direction" must be "in" or "out"')
    field = "text" if entry["kind"] == "text" else "data"
    value = entry.get(field)
    if not isinstance(value, str):
        raise _Damaged(f'a {entry["kind"]} message needs "{field}", a string')
    message = _text(value) if field == "text" else _binary(value)
    return message if entry["direction"] == "out" else None


def _text(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _Damaged('"text" has a lone surrogate, which UTF-8 cannot hold') from error
    return value


def _binary(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except ValueError as error:
        raise _Damaged('"data" is not base64') from error


class Replay:
    """Gives each message when it is due, counted from the first session of the replay.

    Args:
        outgoing: The messages.
        speed: How many times as fast as recorded; 0 gives all at once.
    """

    def __init__(self, outgoing: Iterable[Outgoing], speed: float = 1.0) -> None:
        self._outgoing = deque(outgoing)
        self._speed = speed
        self._opened_at = 0.0
        self._opened = asyncio.Event()

    def __len__(self) -> int:
        return len(self._outgoing)

    def follow(self, change: StateChange) -> None:
        """Begin to count with the first session; listens to `Engine.watch`."""
        if change.state is EngineState.OPEN and not self._opened.is_set():
            self._opened_at = asyncio.get_running_loop().time()
            self._opened.set()

    async def next(self) -> Message | None:
        """Wait until the next message is due."""
        if not self._outgoing:
            return None
        await self._opened.wait()
        if self._speed:
            await _sleep_until(self._opened_at + self._outgoing[0].time / self._speed)
        return self._outgoing.popleft().message


async def _sleep_until(due: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        left = due - loop.time()
        if left <= 0:
            return
        await asyncio.sleep(min(left, LONG))
