"""What the documentation lists by hand is what the code has."""

from __future__ import annotations

import re

from tests.unit.modules import MODULES
from tests.unit.test_layers import FLOORS, part
from wsengine.callbacks import CALLBACKS
from wsengine.states import EngineState

from .reading import ROOT, table, tables

DOCS = ROOT / "docs"


def test_the_example_is_that_of_the_readme() -> None:
    example = (ROOT / "examples/hello.py").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(example.splitlines()) == 15
    assert f"```python\n{example}```\n" in readme


def test_all_callbacks_are_listed() -> None:
    for page in (ROOT / "README.md", DOCS / "callbacks.md"):
        listed = [row[0].partition("(")[0] for row in table(page, "callback")]
        assert sorted(listed) == sorted(CALLBACKS)
    headings = re.findall(r"^### (on_\w+)$", (DOCS / "callbacks.md").read_text(), re.MULTILINE)
    assert sorted(headings) == sorted(CALLBACKS)


def test_all_states_are_listed() -> None:
    page = DOCS / "lifecycle.md"
    names = [state.name for state in EngineState]
    assert [row[0] for row in table(page, "state")] == names
    (calls,) = [rows for rows in tables(page) if rows[1][0] == "await start()"]
    assert calls[0][1:] == names


def test_the_floors_are_those_that_the_tests_hold() -> None:
    there = {part(name) for name in MODULES}
    rows = table(ROOT / "CONTRIBUTING.md", "floor")
    listed = {name: set(re.findall(r"\w+", modules)) for name, modules, _ in rows}
    assert listed == {name: parts & there for name, parts in FLOORS.items()}
    assert list(listed) == list(FLOORS)
