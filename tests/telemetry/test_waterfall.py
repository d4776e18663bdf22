"""The picture of spans in the documentation is drawn from a real run, and shows all of it."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.docs.reading import ROOT

from .collector import PATIENCE

SVG = "{http://www.w3.org/2000/svg}"


def shown(picture: Path) -> list[str]:
    """Return the names of the rows of a picture, with their notes, from the top."""
    texts = [" ".join("".join(text.itertext()).split()) for text in _texts(picture)]
    return [text for text in texts if text.startswith(("websocket ", "your code", "server:"))]


def _texts(picture: Path) -> list[ET.Element]:
    return list(ET.parse(picture).getroot().iter(f"{SVG}text"))


def test_a_fresh_run_gives_the_same_rows(tmp_path: Path) -> None:
    picture = tmp_path / "waterfall.svg"
    kept = {name: os.environ[name] for name in os.environ if not name.startswith("OTEL_")}
    command = [sys.executable, str(ROOT / "docs/waterfall.py"), str(picture)]
    ended = subprocess.run(
        command, capture_output=True, text=True, timeout=2 * PATIENCE, env=kept, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr
    assert shown(picture) == shown(ROOT / "docs/waterfall.svg")


def test_it_shows_a_life_with_one_reconnect() -> None:
    rows = shown(ROOT / "docs/waterfall.svg")
    assert rows[:3] == ["your code: open the shop", "websocket start", "websocket dial (1)"]
    assert rows.count("websocket on_message → dial 1") == 3
    assert rows.count("websocket on_message → dial 3") == 1
    assert rows.count("server: who is it?") == 2
    restart = rows.index("websocket restart → dial 1")
    assert rows[restart + 1 : restart + 5] == [
        *("websocket on_close", "websocket dial (2)", "websocket on_restart_error"),
        "websocket dial (3)",
    ]
    failed = [
        bar
        for bar in ET.parse(ROOT / "docs/waterfall.svg").getroot().iter(f"{SVG}rect")
        if "failed" in bar.get("class", "")
    ]
    assert len(failed) == 1
