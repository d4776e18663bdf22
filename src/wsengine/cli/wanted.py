"""What `wsengine connect` was asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ..config import EngineConfig
from ..errors import ConfigError
from ..options import ConnectOptions
from ..validation import check_number, refuse

WITHIN = 10.0
"""Seconds that `--expect` and `--once` wait, where `--within` does not say otherwise."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What `wsengine connect` was asked for, checked at once.

    Args:
        url: Where to connect to.
        adapter: The name or import string of the adapter.
        options: The options of the connection.
        config: The settings of the engine.
        linger: Seconds to wait for replies after the end of the input.
        as_json: Whether to write JSON.
        status: Whether a terminal shows the status line.
        history: Whether lines are kept for the next time.
        send: Messages that are sent first.
        once: Whether to write the first reply only, or what is expected, and to end then.
        expect: Patterns to be found, in this order.
        within: Seconds until what is wanted must have been seen, or `None` for the default.
        record: The file of a recording to write, or `None`.
        force: Whether it may replace another file.
        replay: The file of a recording to send, or `None`.
        speed: How many times as fast as recorded, or `None` for the default.

    Raises:
        ConfigError: A value is wrong, or is of no use without another option.
    """

    url: str
    adapter: str
    options: ConnectOptions
    config: EngineConfig
    linger: float
    as_json: bool = False
    status: bool = True
    history: bool = True
    send: tuple[str, ...] = ()
    once: bool = False
    expect: tuple[str, ...] = ()
    within: float | None = None
    record: Path | None = None
    force: bool = False
    replay: Path | None = None
    speed: float | None = None

    def __post_init__(self) -> None:
        if not self.linger >= 0:
            raise refuse("linger", self.linger, "must be a number of at least 0")
        if self.within is not None:
            check_number("within", self.within, above=0)
        if self.speed is not None:
            check_number("speed", self.speed, least=0)
        _ = self.patterns
        _needs("--within", self.within is not None, "--expect or --once", self.has_goal)
        _needs("--force", self.force, "--record FILE", self.record is not None)
        _needs("--speed", self.speed is not None, "--replay FILE", self.replay is not None)
        for number, text in enumerate(self.send, 1):
            if not _is_text(text):
                raise ConfigError(f"--send number {number} is not UTF-8 text")

    @property
    def has_goal(self) -> bool:
        """Whether something particular is to be seen."""
        return self.once or bool(self.expect)

    @property
    def reads_input(self) -> bool:
        """Whether the lines of standard input are sent."""
        return self.replay is None and not (self.once and self.send)

    @property
    def patterns(self) -> list[re.Pattern[str]]:
        """What is expected.

        Raises:
            ConfigError: One is no regular expression.
        """
        return [_compiled(pattern) for pattern in self.expect]


def _needs(option: str, given: bool, other: str, there: bool) -> None:
    if given and not there:
        raise ConfigError(f"{option} is of no use without {other}")


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        raise ConfigError(
            f"--expect {pattern!r}: is no regular expression of Python ({error})"
        ) from error


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:  # bytes of an argument that are no UTF-8 become surrogates
        return False
    return True
