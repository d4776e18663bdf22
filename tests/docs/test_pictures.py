"""The pictures of the playground show its page as it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from .reading import ROOT


def check(docs: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(docs / "screenshots.py"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def test_the_page_is_the_one_that_the_pictures_show() -> None:
    checked = check(ROOT / "docs")
    assert (checked.returncode, checked.stderr) == (0, "")


def test_pictures_of_another_page_are_found(tmp_path: Path) -> None:
    shutil.copy(ROOT / "docs/screenshots.py", tmp_path)
    missing = check(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "images/page.sha256").write_text("0" * 64 + "\n", encoding="utf-8")
    for checked in (missing, check(tmp_path)):
        assert checked.returncode == 1
        assert "run docs/screenshots.py, and look at what it made" in checked.stderr
