"""Finding Python 2.7."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from compliance import __main__ as command
from compliance.suite import NoPython27Error, find_python27

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the doubles are shell scripts")


def double(path: Path, answer: str) -> Path:
    """Make a program that prints an answer, whatever it is asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{answer}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_the_first_on_the_path_that_runs(tmp_path: Path) -> None:
    shim = double(tmp_path / "shims/python2.7", "echo 'not chosen' >&2; exit 127")
    newer = double(tmp_path / "newer/python2.7", "echo 3.12")
    right = double(tmp_path / "right/python2.7", "echo 2.7")
    folders = [path.parent for path in (shim, newer, right)]
    assert find_python27({"PATH": os.pathsep.join(map(str, folders))}) == str(right)


def test_the_versions_of_pyenv(tmp_path: Path) -> None:
    double(tmp_path / "versions/3.12.1/bin/python2.7", "echo 2.7")
    found = double(tmp_path / "versions/2.7.18/bin/python2.7", "echo 2.7")
    assert find_python27({"PYENV_ROOT": str(tmp_path)}) == str(found)
    asked = double(tmp_path / "bin/pyenv", f'test "$1" = root && echo {tmp_path}')
    assert find_python27({"PATH": str(asked.parent)}) == str(found)


def test_the_usual_place_of_pyenv(tmp_path: Path) -> None:
    found = double(tmp_path / ".pyenv/versions/2.7.18/bin/python2.7", "echo 2.7")
    assert find_python27({"HOME": str(tmp_path)}) == str(found)


def test_a_named_one_is_the_only_one(tmp_path: Path) -> None:
    named = double(tmp_path / "named", "echo 2.7")
    other = double(tmp_path / "path/python2.7", "echo 2.7")
    environ = {"PYTHON27": str(named), "PATH": str(other.parent)}
    assert find_python27(environ) == str(named)
    named.unlink()
    with pytest.raises(NoPython27Error, match="named") as caught:
        find_python27(environ)
    assert str(other) not in str(caught.value)


def test_none_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("compliance.suite.WORK", tmp_path)
    monkeypatch.setenv("PYTHON27", str(tmp_path / "missing"))
    assert command.main([]) == 77
    told = capsys.readouterr().err
    assert str(tmp_path / "missing") in told
    assert "make compliance PYTHON27=" in told
