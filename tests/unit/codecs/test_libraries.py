from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from wsengine.codecs.libraries import find, missing
from wsengine.errors import MissingDependencyError


def test_a_library_that_is_there_is_found() -> None:
    assert find("json") is json


def test_one_that_is_not_is_none() -> None:
    assert find("no_such_library_anywhere") is None


def test_one_that_is_broken_is_not_taken_for_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a_broken_library.py").write_text("import no_such_library_anywhere")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="no_such_library_anywhere"):
        find("a_broken_library")
    assert "a_broken_library" not in sys.modules


def test_what_is_missing_comes_with_the_line_that_installs_it() -> None:
    error = missing("msgspec", "This")
    assert isinstance(error, MissingDependencyError)
    assert str(error) == (
        'This needs msgspec, which is not installed; run: pip install "wsengine[msgspec]"'
    )
