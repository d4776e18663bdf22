"""What the options of `wsengine connect` become."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wsengine.cli import connect
from wsengine.cli.app import run
from wsengine.cli.wanted import Wanted


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Wanted]:
    """What would have been done."""
    asked: list[Wanted] = []

    async def note(wanted: Wanted) -> None:
        asked.append(wanted)

    monkeypatch.setattr(connect, "converse", note)
    return asked


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", {"linger": 1.0, "as_json": False, "status": True, "history": True, "once": False}),
        ("", {"send": (), "expect": (), "record": None, "replay": None, "within": None}),
        ("--no-status --no-history --json", {"status": False, "history": False, "as_json": True}),
        ("--send a --send b --once", {"send": ("a", "b"), "once": True}),
        ("--expect a --expect b --within 3", {"expect": ("a", "b"), "within": 3.0}),
        ("--record f --force", {"record": Path("f"), "force": True}),
        ("--replay f --speed 0", {"replay": Path("f"), "speed": 0.0}),
    ],
)
def test_options_become_what_is_wanted(
    options: str, expected: dict[str, Any], asked: list[Wanted]
) -> None:
    assert run(["connect", "ws://x", *options.split()]) == 0
    (wanted,) = asked
    assert {name: getattr(wanted, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("options", "retries"),
    [([], True), (["--expect", "x"], True), (["--no-reconnect"], False), (["--once"], False)],
)
def test_only_one_connection_is_tried_where_that_is_asked_for(
    options: list[str], retries: bool, asked: list[Wanted]
) -> None:
    assert run(["connect", "ws://x", *options]) == 0
    (wanted,) = asked
    assert (wanted.config.reconnect is not None) is retries
    assert wanted.config.retry_start is retries


def test_help_tells_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["connect", "--help"]) == 0
    shown = capsys.readouterr().out
    for code in (0, 1, 2, 130):
        assert f"Exit code {code}: " in shown
