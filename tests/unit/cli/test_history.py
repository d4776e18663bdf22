from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from wsengine.cli.history import KEPT, MAX_LINE, HistoryFile, history_path

HOME = Path("/home/me")


@pytest.mark.parametrize(
    ("environ", "platform", "path"),
    [
        ({}, "linux", HOME / ".local/state"),
        ({"XDG_STATE_HOME": "/state"}, "linux", Path("/state")),
        ({"XDG_STATE_HOME": "relative"}, "linux", HOME / ".local/state"),
        ({"XDG_STATE_HOME": ""}, "linux", HOME / ".local/state"),
        ({}, "darwin", HOME / "Library/Application Support"),
        ({"XDG_STATE_HOME": "/state"}, "darwin", Path("/state")),
        ({"LOCALAPPDATA": "/local"}, "win32", Path("/local")),
        ({}, "win32", HOME / "AppData/Local"),
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="its absolute paths are others")
def test_it_is_in_the_state_directory(environ: dict[str, str], platform: str, path: Path) -> None:
    assert history_path(environ, platform, HOME) == path / "wsengine" / "history"


def test_without_a_home_it_is_that_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "home", lambda: HOME)
    assert history_path({}, "linux").is_relative_to(HOME)


def never(error: OSError) -> None:
    raise AssertionError(error)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "wsengine" / "history"


def test_lines_are_kept_for_the_next_time(path: Path) -> None:
    first = HistoryFile(path, never)
    assert first.read() == []
    first.append("one")
    first.append("zwei é")
    assert HistoryFile(path, never).read() == ["one", "zwei é"]


@pytest.mark.parametrize("line", ["", "   ", " secret", "\tsecret", "x" * (MAX_LINE + 1)])
def test_some_lines_are_not_kept(path: Path, line: str) -> None:
    history = HistoryFile(path, never)
    history.append(line)
    assert not path.exists()


def test_a_lone_surrogate_does_no_harm(path: Path) -> None:
    HistoryFile(path, never).append("a\udcff")
    assert HistoryFile(path, never).read() == ["a?"]


@pytest.mark.skipif(sys.platform == "win32", reason="has other permissions")
def test_only_its_user_may_read_it(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch(mode=0o644)
    HistoryFile(path, never).append("one")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_does_not_grow_for_ever(path: Path) -> None:
    history = HistoryFile(path, never)
    history.append("first")
    with path.open("a") as file:
        file.writelines(f"{number}\n" for number in range(2 * KEPT))
    latest = [str(number) for number in range(KEPT, 2 * KEPT)]
    assert history.read() == latest
    assert path.read_text().split("\n") == [*latest, ""]
    assert [entry.name for entry in path.parent.iterdir()] == ["history"]
    if sys.platform != "win32":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_is_not_text_is_no_trouble(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\xff\xfe\nline\n")
    assert HistoryFile(path, never).read() == ["\ufffd\ufffd", "line"]


def test_where_it_cannot_be_had_that_is_told_once(tmp_path: Path) -> None:
    told: list[OSError] = []
    (tmp_path / "file").touch()
    history = HistoryFile(tmp_path / "file" / "history", told.append)
    history.append("one")
    history.append("two")
    assert len(told) == 1


def test_where_it_cannot_be_read_that_is_told(tmp_path: Path) -> None:
    told: list[OSError] = []
    history = HistoryFile(tmp_path, told.append)  # a directory
    assert history.read() == []
    history.append("one")
    assert len(told) == 1
