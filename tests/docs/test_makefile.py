"""What the Makefile sets up: with a `python` that only says what it is asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from .reading import ROOT

MAKE = shutil.which("make")

pytestmark = pytest.mark.skipif(MAKE is None, reason="there is no make")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone that is set up, where `python` and `wsengine` only say with what they are called."""
    for name in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, tmp_path)
    commands = tmp_path / ".venv/bin"
    commands.mkdir(parents=True)
    for name in ("python", "wsengine"):
        (commands / name).write_text(f'#!/bin/sh\necho "{name} $*"\n', encoding="utf-8")
        (commands / name).chmod(0o755)
    return tmp_path


def aged(path: Path, seconds: float) -> None:
    path.touch()
    moment = path.stat().st_mtime - seconds
    os.utime(path, (moment, moment))


def played(clone: Path) -> list[str]:
    """Run `make playground`, and return what was called."""
    assert MAKE is not None
    # What the make that runs the tests was called with is not for this one.
    ours = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    called = subprocess.run(
        [MAKE, "-s", "playground"],
        cwd=clone,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
        env=ours,
    )
    return called.stdout.splitlines()


@pytest.mark.parametrize("newer", ["pyproject.toml", "constraints.txt"])
def test_a_set_up_for_tests_that_is_too_old_does_not_count(clone: Path, newer: str) -> None:
    for name in ("pyproject.toml", "constraints.txt"):
        aged(clone / name, 0 if name == newer else 9000)
    for name in (".ready", ".shows"):
        aged(clone / ".venv" / name, 3600)
    installed, shown = played(clone)
    assert "pip install" in installed
    assert shown == "wsengine playground"
    assert len(played(clone)) == 1, "it is set up now"


def test_a_set_up_for_tests_is_enough(clone: Path) -> None:
    for name in ("pyproject.toml", "constraints.txt"):
        aged(clone / name, 3600)
    aged(clone / ".venv/.ready", 0)
    assert played(clone) == ["wsengine playground"]


def test_without_any_it_is_set_up(clone: Path) -> None:
    installed, _ = played(clone)
    assert "pip install" in installed
    assert "msgspec" in installed, "an example needs it"
