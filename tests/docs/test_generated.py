"""The generated parts of the documentation are those of the code as it is."""

from __future__ import annotations

import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from wsengine.states import TRANSITIONS, EngineState

from .reading import ROOT

SVG = "{http://www.w3.org/2000/svg}"


def generate(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the generator of a copy of the documentation, or of the original."""
    command = [sys.executable, str(root / "docs/generate.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of all that the generator reads and writes."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs", ignore=shutil.ignore_patterns("_build"))
    shutil.copy(ROOT / "README.md", tmp_path)
    for results in ("chaos/results", "comparison/results"):
        if (ROOT / results).is_dir():
            shutil.copytree(ROOT / results, tmp_path / results)
    return tmp_path


def test_all_is_up_to_date() -> None:
    checked = generate(ROOT, "--check")
    assert checked.stderr == ""
    assert checked.returncode == 0


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("docs/lifecycle.md", "OPENING --> OPEN:", "OPENING --> IDLE:"),
        ("docs/lifecycle.svg", "start()", "begin()"),
        ("docs/explanation/lead.svg", "worker 1", "worker 7"),
        ("docs/configuration.md", "| `workers` |", "| `runners` |"),
        ("docs/telemetry.md", "| `websocket.client.io` | counter |", "| `websocket.io` | gauge |"),
        ("README.md", "| `initial_delay` | `0.5` |", "| `initial_delay` | `5` |"),
    ],
)
def test_what_is_not_up_to_date_is_found_and_written(
    copy: Path, name: str, old: str, new: str
) -> None:
    right = (copy / name).read_text(encoding="utf-8")
    assert old in right
    (copy / name).write_text(right.replace(old, new), encoding="utf-8")

    checked = generate(copy, "--check")
    assert (checked.returncode, checked.stdout) == (1, "")
    assert checked.stderr == f"{name} is not up to date; run: make docs\n"

    written = generate(copy)
    assert (written.returncode, written.stdout) == (0, f"{name} written\n")
    assert (copy / name).read_text(encoding="utf-8") == right


def test_a_part_that_does_not_exist_is_an_error(copy: Path) -> None:
    page = copy / "docs/lifecycle.md"
    page.write_text("<!-- generated: nonsense -->\n<!-- end -->\n", encoding="utf-8")
    checked = generate(copy, "--check")
    assert checked.returncode == 1
    assert "no part 'nonsense'" in checked.stderr


def test_the_picture_shows_every_state_and_transition() -> None:
    root = ET.parse(ROOT / "docs/lifecycle.svg").getroot()
    texts = [" ".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    for state in EngineState:
        assert texts.count(state.name) == 1
    for why in TRANSITIONS.values():
        assert texts.count(why) == 1
    arrows = [path for path in root.iter(f"{SVG}path") if path.get("class") == "arrow"]
    assert len(arrows) == len(TRANSITIONS)


@pytest.mark.parametrize("name", ["lead", "read-ahead", "order-by", "pausing"])
def test_the_pictures_of_lanes_show_every_message_handled_once(name: str) -> None:
    root = ET.parse(ROOT / f"docs/explanation/{name}.svg").getroot()
    sent, handled = (
        [text.text for text in root.iter(f"{SVG}text") if text.get("class") == kind]
        for kind in ("sent", "on")
    )
    assert sent
    assert sorted(sent, key=str) == sorted(handled, key=str)
    assert "prefers-color-scheme: dark" in (ROOT / f"docs/explanation/{name}.svg").read_text()
